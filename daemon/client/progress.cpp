#include "daemon/client/progress.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace client {
namespace {

constexpr std::size_t kBarWidth = 20;
constexpr double kLongestSeconds = 360000;  // longer waits are no forecast

std::string two_digits(long number) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%02ld", number);
  return text.data();
}

std::string rate(const Progress& progress) {
  std::array<char, 32> text{};
  const double speed = per_second(progress);
  std::snprintf(text.data(), text.size(), speed < 10 ? "%.1f/s" : "%.0f/s", speed);
  return text.data();
}

std::string failures(const Progress& progress) {
  return progress.failed == 0 ? "" : ", " + std::to_string(progress.failed) + " failed";
}

}  // namespace

double per_second(const Progress& progress) {
  return progress.elapsed.count() <= 0
             ? 0
             : static_cast<double>(progress.done) * 1000 / static_cast<double>(progress.elapsed.count());
}

std::string time_left(const Progress& progress) {
  const double speed = per_second(progress);
  const std::uint64_t left = progress.total - std::min(progress.done, progress.total);
  if (speed <= 0 || static_cast<double>(left) / speed > kLongestSeconds) {
    return "-:--";
  }
  const long seconds = std::lround(std::ceil(static_cast<double>(left) / speed));
  const std::string hours = seconds < 3600 ? "" : std::to_string(seconds / 3600) + ":";
  const long minutes = seconds / 60 % 60;
  return hours + (hours.empty() ? std::to_string(minutes) : two_digits(minutes)) + ":" +
         two_digits(seconds % 60);
}

std::string progress_bar(const Progress& progress) {
  const std::uint64_t total = std::max<std::uint64_t>(progress.total, 1);
  const std::uint64_t done = std::min(progress.done, total);
  const std::size_t full = static_cast<std::size_t>(done * kBarWidth / total);
  const std::string percent = std::to_string(done * 100 / total);
  return "[" + std::string(full, '#') + std::string(kBarWidth - full, '-') + "] " +
         std::string(3 - percent.size(), ' ') + percent + " %  " + std::to_string(progress.done) + "/" +
         std::to_string(progress.total) + "  " + rate(progress) + "  " + time_left(progress) + " left" +
         failures(progress);
}

std::string progress_line(const Progress& progress) {
  return std::to_string(progress.done) + " of " + std::to_string(progress.total) + " done, " +
         rate(progress) + ", " + time_left(progress) + " left" + failures(progress);
}

}  // namespace client
