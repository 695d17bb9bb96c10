#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ops {

enum class Level { debug, info, warning, error };
using Fields = std::vector<std::pair<std::string, std::string>>;

// One JSON object per line on stderr: ts, level, msg, then the fields. Values are escaped (control characters
// and invalid UTF-8 too) and cut at 1 KiB; never pass a secret (I18). Thread-safe, and never waits for the
// reader of stderr (I16): a thread of its own writes, from at most 4 MiB of waiting lines; what does not fit
// is lost, counted, and named by a line of its own as soon as there is room.
class Log {
 public:
  explicit Log(Level threshold);
  // flush(), at most one second; what is not written by then is left to the thread.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  [[nodiscard]] bool takes(Level level) const { return level >= threshold_; }
  void write(Level level, std::string_view message, const Fields& fields = {}) const;
  void info(std::string_view message, const Fields& fields = {}) const {
    write(Level::info, message, fields);
  }
  void warning(std::string_view message, const Fields& fields = {}) const {
    write(Level::warning, message, fields);
  }
  void error(std::string_view message, const Fields& fields = {}) const {
    write(Level::error, message, fields);
  }
  // Returns when all is written, or after one second.
  void flush() const;
  // Lines that were never written, since the start.
  [[nodiscard]] std::uint64_t lost() const;

 private:
  class Writer;
  Level threshold_;
  std::shared_ptr<Writer> writer_;
};

}  // namespace ops
