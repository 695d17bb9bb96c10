#include "daemon/http_client/transfer.hpp"

#include <algorithm>
#include <curl/curl.h>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"

namespace http_client {
namespace {

using ca::Code;
using ca::Error;
using std::chrono::milliseconds;

constexpr milliseconds kConnectTime{10'000};

struct FreeHandle {
  void operator()(CURL* handle) const { ::curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, FreeHandle>;
using List = std::unique_ptr<curl_slist, FreeList>;

// What the callbacks share; none of them lets an exception through C.
struct Exchange {
  CURL* handle = nullptr;
  const TransferOptions& options;
  const std::optional<Body>& body;
  std::size_t max_body;
  Answer answer{};
  std::uint64_t sent = 0;
  std::size_t head = 0;
  bool head_too_large = false;
};

void keep_header(Answer& answer, std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return;
  }
  const std::string name = ca::ascii_lower(line.substr(0, colon));
  std::string_view value = line.substr(colon + 1);
  constexpr std::string_view kBlank = " \t\r\n";
  value.remove_prefix(std::min(value.find_first_not_of(kBlank), value.size()));
  value = value.substr(0, value.find_last_not_of(kBlank) + 1);
  answer.headers.emplace_back(name, value);
}

std::size_t on_header(char* text, std::size_t size, std::size_t count, void* context) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  const std::size_t bytes = size * count;
  exchange.head += bytes;
  if (exchange.head > kMaxAnswerHead) {
    exchange.head_too_large = true;
    return 0;
  }
  try {
    keep_header(exchange.answer, {text, bytes});
  } catch (const std::exception&) {
    return 0;
  }
  return bytes;
}

std::size_t on_body(char* text, std::size_t size, std::size_t count, void* context) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  const std::size_t bytes = size * count;
  long status = 0;
  ::curl_easy_getinfo(exchange.handle, CURLINFO_RESPONSE_CODE, &status);
  const std::size_t limit = status == 200 ? exchange.max_body : kMaxErrorBody;
  const std::size_t room = limit - std::min(limit, exchange.answer.body.size());
  const std::size_t kept = std::min(room, bytes);
  try {
    exchange.answer.body.insert(exchange.answer.body.end(), text, text + kept);
  } catch (const std::exception&) {
    return 0;
  }
  exchange.answer.body_too_large = exchange.answer.body_too_large || kept < bytes;
  return kept;
}

std::size_t on_read(char* into, std::size_t size, std::size_t count, void* context) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  try {
    const std::size_t got = exchange.body->read(exchange.sent, {into, size * count});
    exchange.sent += got;
    return got;
  } catch (const std::exception&) {
    return CURL_READFUNC_ABORT;
  }
}

int on_seek(void* context, curl_off_t offset, int origin) {
  if (origin != SEEK_SET || offset < 0) {
    return CURL_SEEKFUNC_CANTSEEK;
  }
  static_cast<Exchange*>(context)->sent = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const Exchange& exchange = *static_cast<const Exchange*>(context);
  return exchange.options.is_ending && exchange.options.is_ending() ? 1 : 0;
}

template <typename Value>
void set(CURL* handle, CURLoption option, Value value) {
  const CURLcode result = ::curl_easy_setopt(handle, option, value);
  if (result != CURLE_OK) {
    throw Error{Code::internal, std::string{"libcurl refuses an option: "} + ::curl_easy_strerror(result)};
  }
}

List header_list(const Request& request) {
  List list;
  const auto append = [&](const std::string& line) {
    curl_slist* longer = ::curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) {
      throw Error{Code::unavailable, "out of memory"};
    }
    (void)list.release();
    list.reset(longer);
  };
  for (const auto& [name, value] : request.headers) {
    append(name + ": " + value);
  }
  append("Accept:");
  return list;
}

void set_callbacks(CURL* handle, Exchange& exchange) {
  set(handle, CURLOPT_HEADERFUNCTION, &on_header);
  set(handle, CURLOPT_HEADERDATA, &exchange);
  set(handle, CURLOPT_WRITEFUNCTION, &on_body);
  set(handle, CURLOPT_WRITEDATA, &exchange);
  set(handle, CURLOPT_NOPROGRESS, 0L);
  set(handle, CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(handle, CURLOPT_XFERINFODATA, &exchange);
  if (exchange.body) {
    set(handle, CURLOPT_UPLOAD, 1L);
    set(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(exchange.body->size));
    set(handle, CURLOPT_READFUNCTION, &on_read);
    set(handle, CURLOPT_READDATA, &exchange);
    set(handle, CURLOPT_SEEKFUNCTION, &on_seek);
    set(handle, CURLOPT_SEEKDATA, &exchange);
  }
}

void set_bounds(CURL* handle, const Exchange& exchange) {
  const milliseconds timeout = exchange.options.timeout;
  const std::uint64_t bytes = (exchange.body ? exchange.body->size : 0) + exchange.max_body;
  const milliseconds total = timeout + milliseconds{bytes * 1000 / kSlowest};
  set(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(timeout, kConnectTime).count()));
  set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(total.count()));
  set(handle, CURLOPT_LOW_SPEED_LIMIT, 1024L);
  set(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(std::max<std::int64_t>(timeout.count() / 1000, 1)));
  set(handle, CURLOPT_NOSIGNAL, 1L);
  set(handle, CURLOPT_QUICK_EXIT, 1L);  // a name server that does not answer holds up no end
  set(handle, CURLOPT_FOLLOWLOCATION, 0L);
}

void set_security(CURL* handle, const TransferOptions& options, const std::string& url) {
  set(handle, CURLOPT_PROTOCOLS_STR, url.starts_with("https:") ? "https" : "http");
  set(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  set(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (options.ca_bundle) {
    set(handle, CURLOPT_CAINFO, options.ca_bundle->c_str());
    set(handle, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
}

std::string reason_of(CURLcode result) {
  // Only what is worth more than libcurl's own words, which hold nothing from outside either.
  if (result == CURLE_PEER_FAILED_VERIFICATION) {
    return "the server's certificate is not trusted or is for another name: correct the endpoint or the CA "
           "bundle (ca_bundle, --ca-bundle)";
  }
  if (result == CURLE_SSL_CACERT_BADFILE) {
    return "the bundle of trusted certificates cannot be read";
  }
  if (result == CURLE_ABORTED_BY_CALLBACK) {
    return "given up, this process ends";
  }
  return ::curl_easy_strerror(result);
}

}  // namespace

Library::Library() {
  if (::curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    throw Error{Code::internal, "libcurl does not start"};
  }
}

Library::~Library() { ::curl_global_cleanup(); }

Body body_of(ca::ByteView bytes) {
  return {bytes.size(), [bytes](std::uint64_t offset, std::span<char> into) {
            const ca::ByteView rest = bytes.subspan(std::min<std::size_t>(offset, bytes.size()));
            const std::size_t size = std::min(rest.size(), into.size());
            std::copy_n(rest.begin(), size, into.begin());
            return size;
          }};
}

std::string_view Answer::header(std::string_view name) const {
  const auto found = std::find_if(headers.rbegin(), headers.rend(),
                                  [&](const auto& header) { return header.first == name; });
  return found == headers.rend() ? std::string_view{} : std::string_view{found->second};
}

struct Connection::State {
  TransferOptions options;
  Handle handle{::curl_easy_init()};
};

Connection::Connection(TransferOptions options) : state_{std::make_unique<State>(State{std::move(options)})} {
  if (!state_->handle) {
    throw Error{Code::unavailable, "out of memory"};
  }
}

Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Answer Connection::exchange(const std::string& what, const Request& request, const std::optional<Body>& body,
                            std::size_t max_body) {
  CURL* handle = state_->handle.get();
  ::curl_easy_reset(handle);  // all but its connections
  Exchange exchange{.handle = handle, .options = state_->options, .body = body, .max_body = max_body};
  const List headers = header_list(request);
  set(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  set(handle, CURLOPT_URL, request.url.c_str());
  // The path is signed as it stands: "a/../b" would be another.
  set(handle, CURLOPT_PATH_AS_IS, 1L);
  set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(handle, CURLOPT_HTTPHEADER, headers.get());
  set(handle, CURLOPT_USERAGENT, "chancery");
  set_callbacks(handle, exchange);
  set_bounds(handle, exchange);
  set_security(handle, state_->options, request.url);
  const CURLcode result = ::curl_easy_perform(handle);
  ::curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &exchange.answer.status);
  if (result == CURLE_WRITE_ERROR && exchange.answer.body_too_large) {
    return std::move(exchange.answer);
  }
  if (exchange.head_too_large) {
    throw Error{Code::unavailable, what + ": the head of the answer is larger than 64 KiB"};
  }
  if (result != CURLE_OK) {
    throw Error{Code::unavailable, what + ": " + reason_of(result)};
  }
  return std::move(exchange.answer);
}

Answer transfer(const TransferOptions& options, const std::string& what, const Request& request,
                const std::optional<Body>& body, std::size_t max_body) {
  return Connection{options}.exchange(what, request, body, max_body);
}

}  // namespace http_client
