// Transcripts of ceremonies: whatever the bytes, they are read or refused by a ca::Error.
#include <string_view>

#include "ca/base/error.hpp"
#include "daemon/ceremony/transcript.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    const auto record = ceremony::read_transcript({reinterpret_cast<const char*>(bytes), size});
    require(!record.entries.empty(), "a transcript that is read has lines");
  } catch (const ca::Error&) {
  }
  return 0;
}
