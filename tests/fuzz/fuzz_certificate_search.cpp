#include <cstdint>
#include <cstdlib>

#include "ca/base/error.hpp"
#include "daemon/inventory/documents.hpp"

// The query of GET /certificates: refused, or within its bounds and without empty values.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    const auto search = inventory::read_search({reinterpret_cast<const char*>(bytes), size});
    bool sound = search.limit >= 1 && search.limit <= 1000 && search.filter.device_ids.size() <= 200;
    for (const std::string& device : search.filter.device_ids) {
      sound = sound && !device.empty() && device.find('\0') == std::string::npos;
    }
    if (!sound) {
      std::abort();
    }
  } catch (const ca::Error& error) {
    if (error.code() == ca::Code::internal) {
      std::abort();
    }
  }
  return 0;
}
