#include "daemon/backup/private_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "ca/base/error.hpp"

namespace backup {
namespace {

constexpr std::size_t kPieceBytes = 1024UL * 1024;
constexpr mode_t kPrivate = 0600;

ca::Descriptor opened(const std::filesystem::path& path, int flags) {
  ca::Descriptor file{::open(path.c_str(), flags | O_CLOEXEC, kPrivate)};
  if (!file) {
    ca::fail_file("open", path);
  }
  return file;
}

void sync(const ca::Descriptor& file, const std::filesystem::path& path) {
  if (::fsync(file.get()) != 0) {
    ca::fail_file("fsync", path);
  }
}

template <class Take>
FileDigest read_through(const std::filesystem::path& path, const Take& take) {
  const ca::Descriptor file = opened(path, O_RDONLY);
  ca::Sha256Stream hash;
  FileDigest digest;
  ca::Bytes piece(kPieceBytes);
  for (;;) {
    const ssize_t size = ::read(file.get(), piece.data(), piece.size());
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size < 0) {
      ca::fail_file("read", path);
    }
    if (size == 0) {
      digest.sha256 = hash.finish();
      return digest;
    }
    const ca::ByteView bytes{piece.data(), static_cast<std::size_t>(size)};
    hash.update(bytes);
    digest.bytes += bytes.size();
    take(bytes);
  }
}

}  // namespace

Draft::Draft(std::filesystem::path wanted, Kind kind) : wanted_{std::move(wanted)} {
  std::string name = wanted_.string() + ".new-XXXXXX";
  if (kind == Kind::folder) {
    if (::mkdtemp(name.data()) == nullptr) {
      ca::fail_file("mkdtemp", name);
    }
  } else {
    const ca::Descriptor file{::mkostemp(name.data(), O_CLOEXEC)};
    if (!file) {
      ca::fail_file("mkostemp", name);
    }
  }
  draft_ = name;
}

Draft::~Draft() {
  if (!kept_) {
    std::error_code ignored;
    std::filesystem::remove_all(draft_, ignored);
  }
}

void Draft::keep() {
  if (::renameat2(AT_FDCWD, draft_.c_str(), AT_FDCWD, wanted_.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) {
      throw ca::Error{ca::Code::conflict, wanted_.string() + " exists already"};
    }
    ca::fail_file("rename", wanted_);
  }
  kept_ = true;
  sync_folder(folder_of(wanted_));
}

void make_file(const std::filesystem::path& path) { (void)opened(path, O_WRONLY | O_CREAT | O_EXCL); }

void write_file(const std::filesystem::path& path, const std::string& text) {
  const ca::Descriptor file = opened(path, O_WRONLY | O_CREAT | O_EXCL);
  ca::write_all(file, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, path);
  sync(file, path);
}

void sync_file(const std::filesystem::path& path) { sync(opened(path, O_RDONLY), path); }

void sync_folder(const std::filesystem::path& path) { sync(opened(path, O_RDONLY | O_DIRECTORY), path); }

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
}

FileDigest digest_of(const std::filesystem::path& path) {
  return read_through(path, [](ca::ByteView) {});
}

FileDigest copy_content(const std::filesystem::path& from, const std::filesystem::path& to) {
  const ca::Descriptor target = opened(to, O_WRONLY);
  FileDigest digest = read_through(from, [&](ca::ByteView bytes) { ca::write_all(target, bytes, to); });
  sync(target, to);
  return digest;
}

}  // namespace backup
