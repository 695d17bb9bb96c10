#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/http/message.hpp"

namespace http {

// A plain blocking function on a pool's thread. It must not throw: protocols map their errors themselves;
// what escapes all the same becomes a bare 500 and a log line.
using Handler = std::function<HttpResponse(const HttpRequest&)>;

// Bulkheads: a full or slow pool never takes another's threads.
enum class Pool {
  issue,   // may wait for a token
  change,  // writes to the ledger, asks no token: a revocation must not wait for one
  read,
  status,
  ops,
};

// What a body may have without more ado. Larger ones are for routes that need them, and the server bounds how
// many bytes of such bodies it holds at once.
inline constexpr std::size_t kOrdinaryBody = std::size_t{64} * 1024;

struct Route {
  std::string method;
  std::string path;  // exact, or a prefix when it ends in '*': "/provision/*"
  // Of the body, in lower case: two protocols may share a path. Empty: what no other route takes.
  std::string media_type = {};
  // Which pool runs the request; a function because POST / carries every AWS operation.
  std::function<Pool(const HttpRequest&)> pool;
  Handler handler;
  // Tried before the handler, on the I/O thread that has read the request: an answer that is at hand need not
  // pass through a pool, and costs nobody's share. Must not throw or wait. Absent or nullopt: the handler.
  std::function<std::optional<HttpResponse>(const HttpRequest&)> at_once = {};
  std::size_t max_body = kOrdinaryBody;
  // The bound for this very request, by its head (the body is not there yet), at most max_body; absent:
  // max_body. Must not throw or wait.
  std::function<std::size_t(const HttpRequest&)> body_bound = {};
  // What this protocol answers to a larger one; only the head is there. Absent: 413 as a problem document.
  Handler when_too_large = {};
  // Whose share of queues and rates the request uses (I16): the caller's when that is proved, else that of
  // where it came from. Runs on an I/O thread when the whole request is there, so it must not wait. Absent:
  // nobody's.
  std::function<std::string(HttpRequest&)> share_of = {};
  // What this protocol answers when the share is used up. Absent: 429 as a problem document.
  Handler when_throttled = {};
  // What this protocol answers when its pool is full (503 with Retry-After, or 400 ThrottlingException).
  Handler when_full;
};

// Immutable after start. Finds the most specific route: an exact path before every prefix, a longer prefix
// before a shorter one, then one that names the media type before one that does not. Thread-safe.
class Router {
 public:
  void add(Route route);
  struct Match {
    const Route* route = nullptr;  // nullptr: no such path
    bool path_known = false;       // the path exists, perhaps for another method only (405)
  };
  // `content_type` as in the header, with or without parameters; empty when there is none.
  [[nodiscard]] Match find(std::string_view method, std::string_view path,
                           std::string_view content_type = {}) const;
  // The Allow header of a 405: "GET, HEAD, POST", in the order of add().
  [[nodiscard]] std::string allowed(std::string_view path) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace http
