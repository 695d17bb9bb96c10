// Shares as people type them: what parses has one canonical text, which parses to the same share; everything
// else is a ca::Error and nothing worse.
#include <algorithm>
#include <string_view>

#include "ca/base/error.hpp"
#include "daemon/ceremony/share.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(bytes), size};
  try {
    const auto share = ceremony::Share::parse(text);
    const auto written = share.text("");
    const auto again =
        ceremony::Share::parse({reinterpret_cast<const char*>(written.view().data()), written.view().size()});
    require(again.set == share.set && again.number == share.number &&
                std::ranges::equal(again.body.view(), share.body.view()),
            "a share's text is the share");
  } catch (const ca::Error&) {
  }
  return 0;
}
