#include "daemon/ops/log.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "ca/base/clock.hpp"

namespace ops {
namespace {

constexpr std::size_t kMaxValue = 1024;

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

}  // namespace

Log::Log(Level threshold)
    : threshold_{threshold},
      sink_{
          std::make_shared<spdlog::logger>("chanceryd", std::make_shared<spdlog::sinks::stderr_sink_mt>())} {
  sink_->set_pattern("%v");
  sink_->set_level(spdlog::level::trace);
  sink_->flush_on(spdlog::level::trace);
}

void Log::write(Level level, std::string_view message, const Fields& fields) const {
  if (level < threshold_) {
    return;
  }
  nlohmann::ordered_json line;
  line["ts"] = ca::rfc3339(ca::SystemClock{}.now());
  line["level"] = name_of(level);
  line["msg"] = message.substr(0, kMaxValue);
  for (const auto& [name, value] : fields) {
    line[name] = value.substr(0, kMaxValue);
  }
  sink_->info(line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

}  // namespace ops
