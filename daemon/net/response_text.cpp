#include "daemon/net/response_text.hpp"

#include <ctime>

#include "ca/base/strings.hpp"
#include "daemon/http/http_date.hpp"

namespace net {
namespace {

bool is_framing(std::string_view name) {
  const std::string lower = ca::ascii_lower(name);
  return lower == "content-length" || lower == "transfer-encoding" || lower == "connection" ||
         lower == "date" || lower == "content-type";
}

std::string one_line(std::string value) {
  for (char& c : value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      c = ' ';
    }
  }
  return value;
}

std::string json_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + '"';
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

http::HttpResponse problem(int status, const std::string& detail) {
  http::HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = "{\"type\":\"about:blank\",\"title\":" + json_string(reason_phrase(status)) +
                  ",\"status\":" + std::to_string(status) + ",\"detail\":" + json_string(detail) + "}";
  return response;
}

http::HttpResponse not_now(int status, const http::Handler& in_words_of_route,
                           const http::HttpRequest& request, const std::string& cause) {
  http::HttpResponse response;
  if (in_words_of_route) {
    response = in_words_of_route(request);
  } else {
    response = problem(status, status == 429 ? "too many requests of yours; send it again later"
                                             : "too many requests wait; send it again");
    response.headers.emplace_back("Retry-After", "1");
  }
  response.cause = cause;
  return response;
}

bool may_have_body(std::string_view method, int status) {
  return method != "HEAD" && status != 204 && status != 304;
}

std::string response_head(const http::HttpResponse& response, const ResponseFraming& framing) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + ' ' +
                     std::string{reason_phrase(response.status)} + "\r\n";
  text += "Date: " + http::http_date(std::time(nullptr)) + "\r\n";
  if (!response.content_type.empty()) {
    text += "Content-Type: " + one_line(response.content_type) + "\r\n";
  }
  if (response.status != 204 && response.status != 304) {
    text += "Content-Length: " + std::to_string(response.payload().size()) + "\r\n";
  }
  text += "x-amzn-RequestId: " + framing.request_id + "\r\n";
  for (const auto& [name, value] : response.headers) {
    if (!is_framing(name)) {
      text += one_line(name) + ": " + one_line(value) + "\r\n";
    }
  }
  if (framing.close) {
    text += "Connection: close\r\n";
  }
  return text += "\r\n";
}

}  // namespace net
