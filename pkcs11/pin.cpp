#include "pkcs11/pin.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <openssl/crypto.h>
#include <optional>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "pkcs11/error.hpp"

namespace pkcs11 {
namespace {

constexpr std::size_t kPageBytes = 4096;  // one page per PIN: nothing else shares its lock

[[noreturn]] void refuse(const std::string& detail, const std::string& hint) {
  throw Error{ErrorClass::fatal_config, "PIN source " + detail, hint};
}

class OpenFile final {
 public:
  explicit OpenFile(int number) : number_{number} {}
  ~OpenFile() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

// The stack buffer that read(2) fills; wiped whatever happens.
struct Scratch {
  std::array<std::uint8_t, kMaxPinBytes + 2> bytes{};  // PIN, newline, one to see that it is too long
  std::size_t size = 0;
  ~Scratch() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

Pin pin_from(int descriptor, const std::string& name) {
  Scratch scratch;
  while (scratch.size < scratch.bytes.size()) {
    const ssize_t got =
        ::read(descriptor, scratch.bytes.data() + scratch.size, scratch.bytes.size() - scratch.size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      refuse(name + " cannot be read: " + std::strerror(errno), "make it readable for this user");
    }
    if (got == 0) {
      break;
    }
    scratch.size += static_cast<std::size_t>(got);
  }
  std::size_t size = scratch.size;
  if (size > 0 && scratch.bytes[size - 1] == '\n') {
    --size;
  }
  const ByteView pin{scratch.bytes.data(), size};
  if (pin.empty()) {
    refuse(name + " is empty", "write the user PIN into it");
  }
  if (pin.size() > kMaxPinBytes) {
    refuse(name + " holds more than 255 bytes", "it must hold the PIN and nothing else");
  }
  if (std::any_of(pin.begin(), pin.end(), [](std::uint8_t c) { return c == '\n' || c == 0; })) {
    refuse(name + " holds more than one line", "it must hold the PIN and nothing else");
  }
  return Pin{pin};
}

// systemd gives the service's user access to a credential by ACL, whose mask shows as group bits: there the
// folder, which only this service can enter, is the fence.
constexpr mode_t kForbiddenForFiles = 077;
constexpr mode_t kForbiddenForCredentials = 037;

Pin pin_from_file(const std::string& path, mode_t forbidden) {
  const OpenFile file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (file.number() < 0) {
    refuse("file " + path + " cannot be opened: " + std::strerror(errno),
           "create it for this user with mode 0600");
  }
  struct stat status {};
  if (::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode)) {
    refuse("file " + path + " is not a regular file", "name a file that holds the PIN");
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    refuse("file " + path + " belongs to another user", "chown it to the user of this program");
  }
  if ((status.st_mode & forbidden) != 0) {
    refuse("file " + path + " is open to others", "chmod 0600 it");
  }
  return pin_from(file.number(), "file " + path);
}

std::string credential_path(const std::string& name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *folder == '\0') {
    refuse("credential " + name + ": CREDENTIALS_DIRECTORY is not set",
           "start the program by a systemd unit with LoadCredential=" + name);
  }
  return std::string{folder} + "/" + name;
}

bool is_credential_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                  c == '-' || c == '_';
         });
}

}  // namespace

Pin::Pin(ByteView bytes) : size_{std::min(bytes.size(), kMaxPinBytes)} {
  void* page = ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) {
    throw Error{ErrorClass::busy, "no memory for a PIN"};
  }
  page_ = static_cast<std::uint8_t*>(page);
  if (::mlock(page_, kPageBytes) != 0 || ::madvise(page_, kPageBytes, MADV_DONTDUMP) != 0) {
    release();
    throw Error{ErrorClass::fatal_config, "the memory of a PIN cannot be locked",
                "raise the limit for locked memory (LimitMEMLOCK, ulimit -l)"};
  }
  std::copy_n(bytes.begin(), size_, page_);
}

Pin::~Pin() { release(); }

Pin::Pin(Pin&& other) noexcept
    : page_{std::exchange(other.page_, nullptr)}, size_{std::exchange(other.size_, 0)} {}

Pin& Pin::operator=(Pin&& other) noexcept {
  if (this != &other) {
    release();
    page_ = std::exchange(other.page_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void Pin::release() noexcept {
  if (page_ != nullptr) {
    OPENSSL_cleanse(page_, kPageBytes);
    ::munmap(page_, kPageBytes);
    page_ = nullptr;
  }
}

bool Pin::same_as(const Pin& other) const {
  return size_ == other.size_ && CRYPTO_memcmp(page_, other.page_, size_) == 0;
}

// A pipe gives its content once, so that is when we keep it.
struct PinSource::Descriptor {
  std::mutex mutex;
  int number = -1;
  std::optional<Pin> pin;
};

PinSource::PinSource() = default;

PinSource PinSource::parse(std::string_view text) {
  const auto rest_after = [text](std::string_view prefix) -> std::optional<std::string> {
    if (text.starts_with(prefix) && text.size() > prefix.size()) {
      return std::string{text.substr(prefix.size())};
    }
    return std::nullopt;
  };
  PinSource source;
  if (const auto path = rest_after("file:")) {
    source.kind_ = Kind::file;
    // RFC 8089: file:///path is file:/path.
    source.value_ = path->starts_with("///") ? path->substr(2) : *path;
    return source;
  }
  if (const auto name = rest_after("credential:"); name && is_credential_name(*name)) {
    source.kind_ = Kind::credential;
    source.value_ = *name;
    return source;
  }
  if (const auto digits = rest_after("fd:")) {
    int number = -1;
    const char* end = digits->data() + digits->size();
    const auto [stop, failure] = std::from_chars(digits->data(), end, number);
    if (failure == std::errc{} && stop == end && number >= 0) {
      source.kind_ = Kind::descriptor;
      source.value_ = *digits;
      source.descriptor_ = std::make_shared<Descriptor>();
      source.descriptor_->number = number;
      return source;
    }
  }
  throw Error{ErrorClass::bad_request, "PIN source: unknown form",
              "write file:/path, credential:NAME or fd:N; never the PIN itself"};
}

PinSource PinSource::kept(Pin pin, std::string name) {
  PinSource source;
  source.kind_ = Kind::kept;
  source.value_ = std::move(name);
  source.descriptor_ = std::make_shared<Descriptor>();
  source.descriptor_->pin = std::move(pin);
  return source;
}

Pin PinSource::read() const {
  switch (kind_) {
    case Kind::none:
      refuse("is not set", "configure file:/path, credential:NAME or fd:N");
    case Kind::file:
      return pin_from_file(value_, kForbiddenForFiles);
    case Kind::credential:
      return pin_from_file(credential_path(value_), kForbiddenForCredentials);
    case Kind::descriptor:
    case Kind::kept:
      break;
  }
  const std::lock_guard lock{descriptor_->mutex};
  if (!descriptor_->pin) {
    descriptor_->pin = pin_from(descriptor_->number, "descriptor " + value_);
    ::close(descriptor_->number);
  }
  return Pin{ByteView{descriptor_->pin->data(), descriptor_->pin->size()}};
}

std::string PinSource::text() const {
  switch (kind_) {
    case Kind::none:
      return "none";
    case Kind::file:
      return "file:" + value_;
    case Kind::credential:
      return "credential:" + value_;
    case Kind::kept:
      return value_;
    case Kind::descriptor:
      break;
  }
  return "fd:" + value_;
}

}  // namespace pkcs11
