// Issues certificates end to end as fast as the daemon lets it: TLS keep-alive connections, SigV4,
// IssueCertificate. bench_issue PORT CA_BUNDLE KEY_ID SECRET_FILE CA_ARN CSR_FILE CONNECTIONS SECONDS -> one
// line of JSON
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <nlohmann/json.hpp>
#include <openssl/ssl.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "ca/base/base64.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/sigv4.hpp"

namespace {

using SteadyClock = std::chrono::steady_clock;

struct Target {
  std::string port, bundle, key_id, secret, body;
};

std::string contents(const std::string& path) {
  std::ifstream file{path};
  if (!file) {
    throw std::runtime_error{"cannot read " + path};
  }
  return {std::istreambuf_iterator<char>{file}, {}};
}

class TlsConnection {
 public:
  TlsConnection(SSL_CTX* context, const std::string& port) : ssl_{SSL_new(context), &SSL_free} {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo("127.0.0.1", port.c_str(), &hints, &found) != 0) {
      throw std::runtime_error{"getaddrinfo"};
    }
    socket_ = socket(found->ai_family, SOCK_STREAM, 0);
    const int connected = connect(socket_, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    SSL_set_fd(ssl_.get(), socket_);
    SSL_set1_host(ssl_.get(), "localhost");
    if (connected != 0 || SSL_connect(ssl_.get()) != 1) {
      throw std::runtime_error{"cannot connect"};
    }
  }
  ~TlsConnection() { close(socket_); }
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  // The status of the answer.
  int exchange(const std::string& request) {
    if (SSL_write(ssl_.get(), request.data(), static_cast<int>(request.size())) <= 0) {
      throw std::runtime_error{"write"};
    }
    std::string answer;
    std::array<char, 8192> chunk{};
    std::size_t wanted = std::string::npos;
    while (answer.size() < wanted) {
      const int got = SSL_read(ssl_.get(), chunk.data(), static_cast<int>(chunk.size()));
      if (got <= 0) {
        throw std::runtime_error{"read"};
      }
      answer.append(chunk.data(), static_cast<std::size_t>(got));
      const auto end = answer.find("\r\n\r\n");
      if (wanted == std::string::npos && end != std::string::npos) {
        const auto length = answer.find("Content-Length: ");
        wanted = end + 4 + std::stoul(answer.substr(length + 16));
      }
    }
    return std::stoi(answer.substr(9, 3));
  }

 private:
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  int socket_ = -1;
};

std::string amz_date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 24> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc)};
}

std::string signed_request(const Target& target, const std::string& body_hash) {
  const std::string time = amz_date();
  const ca::sigv4::Scope scope{time.substr(0, 8), "us-east-1", "acm-pca"};
  const std::vector<std::pair<std::string, std::string>> headers{
      {"content-type", "application/x-amz-json-1.1"},
      {"host", "localhost:" + target.port},
      {"x-amz-date", time},
      {"x-amz-target", "ACMPrivateCA.IssueCertificate"}};
  const std::vector<std::string> names{"content-type", "host", "x-amz-date", "x-amz-target"};
  const std::string canonical = ca::sigv4::canonical_request({.method = "POST",
                                                              .path = "/",
                                                              .query = "",
                                                              .headers = headers,
                                                              .signed_headers = names,
                                                              .payload_hash = body_hash});
  const auto signature = ca::sigv4::signature(ca::sigv4::signing_key(ca::bytes_of(target.secret), scope),
                                              ca::sigv4::string_to_sign(time, scope, canonical));
  std::string request = "POST / HTTP/1.1\r\n";
  for (const auto& [name, value] : headers) {
    request += name + ": " + value + "\r\n";
  }
  request += "Authorization: " + ca::sigv4::authorization(target.key_id, scope, names, signature) + "\r\n";
  return request + "Content-Length: " + std::to_string(target.body.size()) + "\r\n\r\n" + target.body;
}

double percentile(const std::vector<double>& sorted, double share) {
  return sorted.empty() ? 0
                        : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

int run(const Target& target, int connections, int seconds) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free};
  SSL_CTX_load_verify_locations(context.get(), target.bundle.c_str(), nullptr);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const std::string body_hash = ca::to_hex(ca::sha256(ca::bytes_of(target.body)));
  std::mutex mutex;
  std::vector<double> milliseconds;
  std::atomic<int> errors{0};
  const auto begin = SteadyClock::now();
  const auto end = begin + std::chrono::seconds{seconds};
  const auto work = [&] {
    std::vector<double> mine;
    try {
      TlsConnection connection{context.get(), target.port};
      while (SteadyClock::now() < end) {
        const auto started = SteadyClock::now();
        if (connection.exchange(signed_request(target, body_hash)) == 200) {
          mine.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - started).count());
        } else {
          ++errors;
        }
      }
    } catch (const std::exception&) {
      ++errors;
    }
    const std::lock_guard lock{mutex};
    milliseconds.insert(milliseconds.end(), mine.begin(), mine.end());
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < connections; ++i) {
    threads.emplace_back(work);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const double took = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  std::sort(milliseconds.begin(), milliseconds.end());
  std::printf(
      "{\"connections\":%d,\"issued\":%zu,\"errors\":%d,\"per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f}"
      "\n",
      connections, milliseconds.size(), errors.load(), static_cast<double>(milliseconds.size()) / took,
      percentile(milliseconds, 0.5), percentile(milliseconds, 0.99));
  return milliseconds.empty() ? 1 : 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc != 9) {
    std::fprintf(
        stderr, "usage: bench_issue PORT CA_BUNDLE KEY_ID SECRET_FILE CA_ARN CSR_FILE CONNECTIONS SECONDS\n");
    return 2;
  }
  try {
    Target target{
        .port = argv[1], .bundle = argv[2], .key_id = argv[3], .secret = contents(argv[4]), .body = {}};
    while (!target.secret.empty() && target.secret.back() == '\n') {
      target.secret.pop_back();
    }
    const nlohmann::json body{{"CertificateAuthorityArn", argv[5]},
                              {"Csr", ca::to_base64(ca::bytes_of(contents(argv[6])))},
                              {"SigningAlgorithm", "SHA256WITHECDSA"},
                              {"Validity", {{"Value", 1}, {"Type", "DAYS"}}}};
    target.body = body.dump();
    return run(target, std::atoi(argv[7]), std::atoi(argv[8]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_issue: %s\n", error.what());
    return 1;
  }
}
