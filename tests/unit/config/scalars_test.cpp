#include "config/scalars.hpp"

#include "tests/support/catch.hpp"

using namespace std::chrono_literals;

TEST_CASE("scalars: durations are a whole number and a unit", "[config]") {
  CHECK(config::parse_duration("250ms") == 250ms);
  CHECK(config::parse_duration("1s") == 1s);
  CHECK(config::parse_duration("5m") == 5min);
  CHECK(config::parse_duration("24h") == 24h);
  CHECK(config::parse_duration("90d") == 90 * 24h);
  for (const char* wrong : {"", "1", "s", "-1s", "1 s", "1.5s", "1S", "1sec", "01s", "99999999999999999999s",
                            "9223372036854775807s"}) {
    CAPTURE(wrong);
    CHECK_FALSE(config::parse_duration(wrong).has_value());
  }
}

TEST_CASE("scalars: sizes are a whole number and a binary unit", "[config]") {
  CHECK(config::parse_size("512B") == 512U);
  CHECK(config::parse_size("64KiB") == 65536U);
  CHECK(config::parse_size("1MiB") == 1048576U);
  CHECK(config::parse_size("2GiB") == 2147483648U);
  for (const char* wrong : {"", "64", "64KB", "64kib", "KiB", "-1B", "1 KiB", "9223372036854775807KiB"}) {
    CAPTURE(wrong);
    CHECK_FALSE(config::parse_size(wrong).has_value());
  }
}

TEST_CASE("scalars: numbers are plain decimal digits", "[config]") {
  CHECK(config::parse_number("0") == 0U);
  CHECK(config::parse_number("18446744073709551615") == UINT64_MAX);
  for (const char* wrong : {"", "+1", "-1", "01", "0x1", "1e3", "18446744073709551616"}) {
    CAPTURE(wrong);
    CHECK_FALSE(config::parse_number(wrong).has_value());
  }
}
