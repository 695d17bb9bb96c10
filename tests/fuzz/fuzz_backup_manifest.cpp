// Manifests of backups: whatever the bytes, they are read or refused by a ca::Error, and a good one with one
// changed byte is refused.
#include <string_view>

#include "ca/base/error.hpp"
#include "daemon/backup/manifest.hpp"
#include "tests/fuzz/property.hpp"

namespace {

bool is_read(std::string_view text) {
  try {
    (void)backup::read_manifest(text);
    return true;
  } catch (const ca::Error&) {
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(bytes), size};
  const std::string ours = backup::text_of({.taken_at = "2026-01-01T00:00:00.000Z"});
  require(is_read(ours), "our own manifest is read");
  (void)is_read(text);
  if (size >= 3 && bytes[2] != 0) {
    std::string changed = ours;
    const std::size_t at = (bytes[0] * 256U + bytes[1]) % changed.size();
    changed[at] = static_cast<char>(changed[at] ^ bytes[2]);
    require(!is_read(changed), "a manifest with a changed byte is refused");
  }
  try {
    require(backup::difference(text, ours).empty() == (text == ours), "only the same text has no difference");
  } catch (const ca::Error&) {
  }
  return 0;
}
