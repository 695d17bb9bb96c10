#include "ca/storage/directory_bucket.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/storage/descriptor.hpp"

namespace ca {
namespace {

namespace fs = std::filesystem;

// Whatever the umask. Subjects are nobody's business but the operator's and the auditor's, who has the
// daemon's group; CRLs are everybody's.
struct Modes {
  mode_t folder;
  mode_t file;
};
constexpr Modes kPrivate{0750, 0640};
constexpr Modes kPublic{0755, 0644};
constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
// How long a second writer of the same key waits for the first.
constexpr std::chrono::seconds kClaimWait{10};

void sync(const Descriptor& file, const fs::path& path) {
  if (::fsync(file.get()) != 0) {
    fail_file("fsync", path);
  }
}

void set_mode(const Descriptor& file, mode_t mode, const fs::path& path) {
  if (::fchmod(file.get(), mode) != 0) {
    fail_file("chmod", path);
  }
}

// A file that is replaced by rename never shrinks under its reader; one that does is given as it is.
Bytes read_all(const Descriptor& file, std::size_t size, const fs::path& path) {
  Bytes contents(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::read(file.get(), contents.data() + filled, size - filled);
    if (got == 0) {
      break;
    }
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      fail_file("read", path);
    }
  }
  contents.resize(filled);
  return contents;
}

// The folder that holds the key, walked without following a link. What is missing is made with that mode;
// without one it is not, and the Descriptor is empty.
Descriptor folder_of(const fs::path& directory, const fs::path& key, std::optional<mode_t> mode) {
  Descriptor folder{::open(directory.c_str(), kFolder)};
  if (!folder) {
    fail_file("open", directory);
  }
  fs::path path = directory;
  for (const auto& part : key.parent_path()) {
    bool is_new = false;
    if (mode) {
      is_new = ::mkdirat(folder.get(), part.c_str(), *mode) == 0;
      if (is_new) {
        sync(folder, path);
      } else if (errno != EEXIST) {
        fail_file("mkdir", path / part);
      }
    }
    path /= part;
    Descriptor next{::openat(folder.get(), part.c_str(), kFolder | O_NOFOLLOW)};
    if (!next) {
      if (errno == ENOENT && !mode) {
        return Descriptor{};
      }
      fail_file("open", path);
    }
    if (is_new) {
      set_mode(next, *mode, path);
    }
    folder = std::move(next);
  }
  return folder;
}

}  // namespace

// Written beside its place under a name that no key can have.
class DirectoryBucket::File : public Bucket::Upload {
 public:
  File(DirectoryBucket& bucket, const std::string& key)
      : claim_{bucket, key},
        place_{bucket.options_.directory / key},
        folder_{folder_of(bucket.options_.directory, key,
                          bucket.options_.url ? kPublic.folder : kPrivate.folder)},
        name_{place_.filename()},
        temporary_{"." + name_ + ".part"} {
    // What a crash left.
    if (::unlinkat(folder_.get(), temporary_.c_str(), 0) != 0 && errno != ENOENT) {
      fail_file("unlink", place_.parent_path() / temporary_);
    }
    file_ = Descriptor{::openat(folder_.get(), temporary_.c_str(),
                                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR)};
    if (!file_) {
      fail_file("open", place_.parent_path() / temporary_);
    }
    set_mode(file_, bucket.options_.url ? kPublic.file : kPrivate.file, place_);
  }
  ~File() override {
    if (file_) {
      ::unlinkat(folder_.get(), temporary_.c_str(), 0);
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void write(std::string_view text) override { write(bytes_of(text)); }
  void write(ByteView bytes) {
    digest_.update(bytes);
    size_ += bytes.size();
    write_all(file_, bytes, place_);
  }
  Sha256 keep() override {
    sync(file_, place_);
    if (::renameat(folder_.get(), temporary_.c_str(), folder_.get(), name_.c_str()) != 0) {
      fail_file("rename", place_);
    }
    file_ = Descriptor{};
    sync(folder_, place_.parent_path());
    return digest_.finish();
  }
  [[nodiscard]] std::uint64_t size() const override { return size_; }

 private:
  // Two writers of one key would share the temporary name.
  struct Claim {
    Claim(DirectoryBucket& bucket, const std::string& key) : owner{bucket}, claimed{key} {
      owner.claim(claimed);
    }
    ~Claim() { owner.release(claimed); }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    DirectoryBucket& owner;
    const std::string claimed;
  };

  const Claim claim_;  // first: released when all else is over
  const fs::path place_;
  const Descriptor folder_;
  const std::string name_;
  const std::string temporary_;
  Descriptor file_;
  std::uint64_t size_ = 0;
  Sha256Stream digest_;
};

void DirectoryBucket::claim(const std::string& key) {
  std::unique_lock lock{mutex_};
  if (!released_.wait_for(lock, kClaimWait, [&] { return !written_.contains(key); })) {
    throw Error{Code::unavailable, "the bucket " + name() + ": " + key + " is being written by another"};
  }
  written_.insert(key);
}

void DirectoryBucket::release(const std::string& key) {
  {
    const std::lock_guard lock{mutex_};
    written_.erase(key);
  }
  released_.notify_all();
}

std::unique_ptr<Bucket::Upload> DirectoryBucket::begin(const std::string& key, const std::string&) {
  check_key(key);
  return std::make_unique<File>(*this, key);
}

void DirectoryBucket::put(const std::string& key, ByteView contents, const std::string&) {
  check_key(key);
  File file{*this, key};
  file.write(contents);
  (void)file.keep();
}

std::optional<Bytes> DirectoryBucket::get(const std::string& key, std::size_t max_bytes) {
  check_key(key);
  const fs::path place = options_.directory / key;
  const Descriptor folder = folder_of(options_.directory, key, std::nullopt);
  if (!folder) {
    return std::nullopt;
  }
  // O_NONBLOCK: not even a pipe that somebody put there holds the caller up.
  const Descriptor file{
      ::openat(folder.get(), place.filename().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  if (!file) {
    if (errno == ENOENT) {
      return std::nullopt;
    }
    fail_file("open", place);
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    fail_file("stat", place);
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error{Code::invalid_request, place.string() + " is not a file"};
  }
  if (static_cast<std::uint64_t>(status.st_size) > max_bytes) {
    throw Error{Code::payload_too_large,
                place.string() + " has more than " + std::to_string(max_bytes) + " bytes"};
  }
  return read_all(file, static_cast<std::size_t>(status.st_size), place);
}

}  // namespace ca
