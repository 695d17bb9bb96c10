#include "daemon/sts/documents.hpp"

namespace sts {
namespace {

constexpr std::string_view kNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";

std::string xml(const Element& element) {
  std::string inside = xml_text(element.text);
  for (const Element& child : element.children) {
    inside += xml(child);
  }
  return "<" + element.name + ">" + inside + "</" + element.name + ">";
}

}  // namespace

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return out;
}

http::HttpResponse result_response(const std::string& action, const std::vector<Element>& result,
                                   const std::string& request_id) {
  const Element body{action + "Result", "", result};
  const Element metadata{"ResponseMetadata", "", {{"RequestId", request_id, {}}}};
  return {.status = 200,
          .content_type = "text/xml",
          .body = "<" + action + "Response xmlns=\"" + std::string{kNamespace} + "\">" + xml(body) +
                  xml(metadata) + "</" + action + "Response>",
          .headers = {}};
}

}  // namespace sts
