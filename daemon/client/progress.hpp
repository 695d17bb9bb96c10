#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace client {

// How far something is.
struct Progress {
  std::uint64_t done = 0, total = 0, failed = 0;
  std::chrono::milliseconds elapsed{0};
};

[[nodiscard]] double per_second(const Progress& progress);
// "1:05" or "2:03:04"; "-:--" while nothing is done.
[[nodiscard]] std::string time_left(const Progress& progress);
// "[#####---------------]  25 %  250/1000  410/s  0:02 left", and the failures when there are any. Pure.
[[nodiscard]] std::string progress_bar(const Progress& progress);
// "250 of 1000 done, 410/s, 0:02 left". Pure.
[[nodiscard]] std::string progress_line(const Progress& progress);

}  // namespace client
