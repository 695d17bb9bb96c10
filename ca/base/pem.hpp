#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "ca/base/bytes.hpp"

namespace ca {

struct PemBlock {
  std::string label;  // "CERTIFICATE"
  Bytes der;
};

// RFC 7468, lax in line ends (LF or CRLF), the length of lines and white space around lines and blocks,
// strict in everything else: text outside the blocks, headers or blank lines inside, wrong END label or bad
// base64 throw Code::malformed_request. At most `max_blocks` blocks.
[[nodiscard]] std::vector<PemBlock> parse_pem(std::string_view text, std::size_t max_blocks);

// 64 columns, LF, no newline after the END line (the form that AWS Private CA returns).
[[nodiscard]] std::string to_pem(std::string_view label, ByteView der);

}  // namespace ca
