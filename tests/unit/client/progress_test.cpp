#include "daemon/client/progress.hpp"

#include "tests/support/catch.hpp"

using client::Progress;
using namespace std::chrono_literals;

TEST_CASE("progress: a bar has share, rate and time left", "[client]") {
  CHECK(client::progress_bar({.done = 250, .total = 1000, .failed = 0, .elapsed = 1s}) ==
        "[#####---------------]  25 %  250/1000  250/s  0:03 left");
  CHECK(client::progress_bar({.done = 1000, .total = 1000, .failed = 2, .elapsed = 400s}) ==
        "[####################] 100 %  1000/1000  2.5/s  0:00 left, 2 failed");
  CHECK(client::progress_line({.done = 1, .total = 3, .failed = 0, .elapsed = 100s}) ==
        "1 of 3 done, 0.0/s, 3:20 left");
}

TEST_CASE("progress: the beginning and the end of nothing are no special cases", "[client]") {
  CHECK(client::progress_bar({}) == "[--------------------]   0 %  0/0  0.0/s  -:-- left");
  CHECK(client::time_left({.done = 0, .total = 5, .failed = 0, .elapsed = 1s}) == "-:--");
  CHECK(client::time_left({.done = 1, .total = 1'000'000'000, .failed = 0, .elapsed = 1s}) == "-:--");
  CHECK(client::time_left({.done = 10, .total = 72'650, .failed = 0, .elapsed = 1s}) == "2:01:04");
}
