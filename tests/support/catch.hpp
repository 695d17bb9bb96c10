#pragma once
// The one Catch2 include of all tests: version 2 on Debian 12, version 3 on Debian 13.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
#else
#include <catch2/catch.hpp>
#endif
