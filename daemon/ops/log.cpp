#include "daemon/ops/log.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <thread>
#include <unistd.h>

#include "ca/base/clock.hpp"

namespace ops {
namespace {

constexpr std::size_t kMaxValue = 1024;
constexpr std::size_t kMaxQueuedBytes = 4 * 1024 * 1024;  // about one second of the busiest daemon
constexpr std::chrono::milliseconds kFlushWait{1000};

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "error";
}

std::string line_of(Level level, std::string_view message, const Fields& fields) {
  nlohmann::ordered_json line;
  line["ts"] = ca::rfc3339(ca::SystemClock{}.now());
  line["level"] = name_of(level);
  line["msg"] = message.substr(0, kMaxValue);
  for (const auto& [name, value] : fields) {
    line[name] = value.substr(0, kMaxValue);
  }
  return line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + '\n';
}

// What could not be written of it: all of it as long as the reader is there, otherwise the rest.
std::string_view write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // somebody who shares our stderr made it non-blocking
      pollfd wait{descriptor, POLLOUT, 0};
      (void)::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      break;
    }
  }
  return text;
}

}  // namespace

// The queue and its thread. A write(2) that stands cannot be called back, so the thread shares ownership: a
// Log that ends leaves it behind, to end by itself or with the process.
class Log::Writer {
 public:
  // A descriptor of its own: who is left behind must not write to what is descriptor 2 by then.
  Writer() : descriptor_{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)} {}
  ~Writer() { ::close(descriptor_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  static void start(const std::shared_ptr<Writer>& self) {
    std::thread{[self] { self->run(); }}.detach();
  }

  void add(const std::string& line) {
    const std::lock_guard lock{mutex_};
    if (queued_.size() + line.size() > kMaxQueuedBytes) {
      ++lost_;
      return;
    }
    queued_ += line;
    changed_.notify_all();
  }

  void flush() {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, kFlushWait, [this] { return queued_.empty() && !writing_; });
  }

  void end() {
    flush();
    const std::lock_guard lock{mutex_};
    ending_ = true;
    changed_.notify_all();
  }

  [[nodiscard]] std::uint64_t lost() const {
    const std::lock_guard lock{mutex_};
    return lost_;
  }

 private:
  void run() {
    std::unique_lock lock{mutex_};
    while (true) {
      changed_.wait(lock, [this] { return ending_ || !queued_.empty(); });
      if (queued_.empty()) {
        break;
      }
      const std::string batch = std::exchange(queued_, {});
      writing_ = true;
      lock.unlock();
      const std::string_view rest = write_all(descriptor_, batch);
      lock.lock();
      writing_ = false;
      lost_ += static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n'));
      if (rest.empty()) {
        say_lost();
      }
      changed_.notify_all();
    }
  }

  // Behind what filled the queue, before what comes next.
  void say_lost() {
    if (lost_ > said_) {
      queued_ += line_of(Level::warning, "log lines lost: stderr was not read in time",
                         {{"lines", std::to_string(lost_ - said_)}});
      said_ = lost_;
    }
  }

  const int descriptor_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string queued_;
  std::uint64_t lost_ = 0;
  std::uint64_t said_ = 0;
  bool writing_ = false;
  bool ending_ = false;
};

Log::Log(Level threshold) : threshold_{threshold}, writer_{std::make_shared<Writer>()} {
  Writer::start(writer_);
}

Log::~Log() { writer_->end(); }

void Log::write(Level level, std::string_view message, const Fields& fields) const {
  if (level >= threshold_) {
    writer_->add(line_of(level, message, fields));
  }
}

void Log::flush() const { writer_->flush(); }

std::uint64_t Log::lost() const { return writer_->lost(); }

}  // namespace ops
