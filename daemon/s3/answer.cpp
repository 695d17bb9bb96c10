#include "daemon/s3/answer.hpp"

#include <algorithm>
#include <array>

namespace s3 {
namespace {

using ca::Code;

constexpr std::size_t kMaxToken = 64;

bool is_token(std::string_view text) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._+/=";
  return !text.empty() && text.size() <= kMaxToken &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::string token(std::string_view text) { return is_token(text) ? std::string{text} : std::string{}; }

std::string element(std::string_view xml, std::string_view name) {
  const std::string open = '<' + std::string{name} + '>';
  const std::size_t start = xml.find(open);
  if (start == std::string_view::npos) {
    return "";
  }
  const std::string_view rest = xml.substr(start + open.size());
  return token(rest.substr(0, rest.find('<')));
}

struct Meaning {
  std::string_view code;  // of S3
  Code ours;
  std::string_view advice;
};

constexpr std::string_view kRights =
    "the access key may not do this: give it s3:PutObject and s3:GetObject on the bucket's objects";
constexpr std::string_view kCredentials =
    "correct access_key_id or the file that secret_access_key_file names";

constexpr std::array kMeanings{
    Meaning{"AccessDenied", Code::access_denied, kRights},
    Meaning{"AccountProblem", Code::access_denied, kRights},
    Meaning{"AllAccessDisabled", Code::access_denied, kRights},
    Meaning{"InvalidAccessKeyId", Code::access_denied, kCredentials},
    Meaning{"SignatureDoesNotMatch", Code::access_denied, kCredentials},
    Meaning{"AuthorizationHeaderMalformed", Code::access_denied, "correct region"},
    Meaning{"NoSuchBucket", Code::resource_not_found, "make it or correct its name"},
    Meaning{"PermanentRedirect", Code::invalid_request, "correct endpoint and region"},
    Meaning{"EntityTooLarge", Code::payload_too_large,
            "the server takes no object of this size in one piece"},
    Meaning{"RequestTimeTooSkewed", Code::unavailable, "this machine's clock or the server's is wrong"},
    Meaning{"RequestTimeout", Code::unavailable, ""},
    Meaning{"SlowDown", Code::unavailable, ""},
    Meaning{"OperationAborted", Code::unavailable, ""},
    Meaning{"TemporaryRedirect", Code::unavailable, "a new bucket answers elsewhere for some minutes"},
};

// For what has no code that we know.
Meaning meaning_of(long status) {
  switch (status) {
    case 401:
    case 403:
      return {"", Code::access_denied, kRights};
    case 404:
      return {"", Code::resource_not_found, "correct endpoint, or the bucket's name"};
    case 413:
      return {"", Code::payload_too_large, "the server takes no object of this size in one piece"};
    case 408:
    case 409:
    case 425:
    case 429:
      return {"", Code::unavailable, ""};
    case 501:
      return {"", Code::invalid_request, "the server is not one of S3"};
    default:
      break;
  }
  if (status >= 300 && status < 400) {
    return {"", Code::invalid_request, "a redirection is not followed: correct endpoint and region"};
  }
  if (status >= 400 && status < 500) {
    return {"", Code::invalid_request, "the server refuses what it was sent"};
  }
  if (status >= 500) {
    return {"", Code::unavailable, ""};
  }
  return {"", Code::unavailable, "the server is not one of S3"};
}

}  // namespace

ErrorDocument parse_error_document(std::string_view xml) {
  const std::size_t start = xml.find("<Error");
  if (start == std::string_view::npos) {
    return {};
  }
  return {element(xml.substr(start), "Code"), element(xml.substr(start), "RequestId")};
}

ca::Error error_of(const std::string& what, const Answer& answer) {
  const ErrorDocument document = parse_error_document(ca::text_of(answer.body));
  const auto known = std::find_if(kMeanings.begin(), kMeanings.end(),
                                  [&](const Meaning& meaning) { return meaning.code == document.code; });
  const Meaning meaning =
      known == kMeanings.end() || document.code.empty() ? meaning_of(answer.status) : *known;
  std::string text = what + ": the server answered " + std::to_string(answer.status);
  if (!document.code.empty()) {
    text += " " + document.code;
  }
  // What is repeated is logged once, as long as its text stays the same.
  std::string id = token(answer.header("x-amz-request-id"));
  id = id.empty() ? document.request_id : id;
  if (!id.empty() && meaning.ours != Code::unavailable) {
    text += " (request " + id + ")";
  }
  if (!meaning.advice.empty()) {
    text += ": " + std::string{meaning.advice};
  }
  const std::string region = token(answer.header("x-amz-bucket-region"));
  if (!region.empty() && meaning.ours == Code::invalid_request) {
    text += "; its region is " + region;
  }
  return {meaning.ours, text};
}

bool says_no_such_key(const Answer& answer) {
  return answer.status == 404 && parse_error_document(ca::text_of(answer.body)).code == "NoSuchKey";
}

}  // namespace s3
