#include <cstdint>
#include <cstdlib>
#include <string>

#include "daemon/s3/answer.hpp"

// The error document of a server that we do not know: whatever it is, the text for the log stays short and
// printable.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  s3::Answer answer;
  answer.status = size == 0 ? 0 : 300 + bytes[0];
  answer.body.assign(bytes, bytes + size);
  const std::string header{ca::text_of(answer.body).substr(0, 100)};
  answer.headers = {{"x-amz-request-id", header}, {"x-amz-bucket-region", header}};
  const std::string text = s3::error_of("PUT", answer).what();
  if (text.size() > 500) {
    std::abort();
  }
  for (const char c : text) {
    if (c < ' ' || c > '~' || c == '<' || c == '"') {
      std::abort();
    }
  }
  return 0;
}
