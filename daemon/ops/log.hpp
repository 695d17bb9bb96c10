#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spdlog {
class logger;
}

namespace ops {

enum class Level { debug, info, warning, error };
using Fields = std::vector<std::pair<std::string, std::string>>;

// One JSON object per line on stderr: ts, level, msg, then the fields. Values are escaped (control characters
// and invalid UTF-8 too) and cut at 1 KiB; never pass a secret (I18). Thread-safe. spdlog below.
class Log {
 public:
  explicit Log(Level threshold);
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

 private:
  Level threshold_;
  std::shared_ptr<spdlog::logger> sink_;
};

}  // namespace ops
