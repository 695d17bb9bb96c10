#include "daemon/net/response_text.hpp"

#include <array>
#include <ctime>

namespace net {
namespace {

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 40> text{};
  const auto size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text.data(), size};
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
    case 202:
      return "Accepted";
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
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
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
    case 503:
      return "Service Unavailable";
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

std::string serialize(const http::HttpResponse& response, const ResponseFraming& framing) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + ' ' +
                     std::string{reason_phrase(response.status)} + "\r\n";
  text += "Date: " + http_date() + "\r\n";
  if (!response.content_type.empty()) {
    text += "Content-Type: " + one_line(response.content_type) + "\r\n";
  }
  text += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  if (!framing.request_id.empty()) {
    text += "x-amzn-RequestId: " + framing.request_id + "\r\n";
  }
  for (const auto& [name, value] : response.headers) {
    text += one_line(name) + ": " + one_line(value) + "\r\n";
  }
  if (framing.close) {
    text += "Connection: close\r\n";
  }
  text += "\r\n";
  if (!framing.head_only) {
    text += response.body;
  }
  return text;
}

}  // namespace net
