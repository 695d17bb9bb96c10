#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/http/message.hpp"

namespace sts {

// An element's name with its text or with what it holds.
struct Element {
  std::string name;
  std::string text;
  std::vector<Element> children;
};

// 200 with <ActionResponse><ActionResult>...</ActionResult><ResponseMetadata>..., text escaped. What has no
// representation in XML 1.0 becomes '?'.
[[nodiscard]] http::HttpResponse result_response(const std::string& action,
                                                 const std::vector<Element>& result,
                                                 const std::string& request_id);
[[nodiscard]] std::string xml_text(std::string_view text);

}  // namespace sts
