#include "daemon/http/byte_range.hpp"

#include "tests/support/catch.hpp"

namespace {

std::pair<std::size_t, std::size_t> range(const char* header, std::size_t total = 100) {
  const auto found = http::byte_range(header, total);
  return found ? std::pair{found->offset, found->size} : std::pair<std::size_t, std::size_t>{777, 777};
}

}  // namespace

TEST_CASE("byte range: first, last and both ends count as RFC 9110 says", "[http]") {
  CHECK(range("bytes=0-0") == std::pair<std::size_t, std::size_t>{0, 1});
  CHECK(range("bytes=10-19") == std::pair<std::size_t, std::size_t>{10, 10});
  CHECK(range("bytes=90-") == std::pair<std::size_t, std::size_t>{90, 10});
  CHECK(range("bytes=90-5000") == std::pair<std::size_t, std::size_t>{90, 10});
  CHECK(range("bytes=-7") == std::pair<std::size_t, std::size_t>{93, 7});
  CHECK(range("bytes=-5000") == std::pair<std::size_t, std::size_t>{0, 100});
}

TEST_CASE("byte range: what is not there is said, what is not understood gets the whole", "[http][I16]") {
  CHECK(range("bytes=100-").second == 0);
  CHECK(range("bytes=-0").second == 0);
  CHECK(range("bytes=0-", 0).second == 0);
  for (const char* header : {"", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=1-2,4-5", "bytes=a-b",
                             "items=0-1", "bytes=0-99999999999999999999999", "bytes= 0-1", "bytes=+1-2"}) {
    INFO(header);
    CHECK(range(header).first == 777);
  }
}
