#pragma once
#include <cstdio>
#include <cstdlib>

// A property of a parser that an input broke: ends the process, as libFuzzer wants it.
inline void require(bool holds, const char* property) {
  if (!holds) {
    std::fprintf(stderr, "broken: %s\n", property);
    std::abort();
  }
}
