// Asks one OCSP question again and again on keep-alive connections, from one thread. bench_ocsp PORT PATH
// CONNECTIONS SECONDS -> one line of JSON
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using SteadyClock = std::chrono::steady_clock;

struct Exchange {
  int socket = -1;
  std::string answer;
  std::size_t wanted = std::string::npos;  // bytes of the whole answer, once its head is there
  SteadyClock::time_point started;
};

int connected(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int made = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error{"cannot connect"};
  }
  return made;
}

void ask(Exchange& exchange, const std::string& request) {
  exchange.answer.clear();
  exchange.wanted = std::string::npos;
  exchange.started = SteadyClock::now();
  if (send(exchange.socket, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    throw std::runtime_error{"write"};
  }
}

// Whether the answer is complete.
bool take(Exchange& exchange) {
  std::array<char, 16384> chunk{};
  const ssize_t got = recv(exchange.socket, chunk.data(), chunk.size(), 0);
  if (got <= 0) {
    throw std::runtime_error{"read"};
  }
  exchange.answer.append(chunk.data(), static_cast<std::size_t>(got));
  const auto end = exchange.answer.find("\r\n\r\n");
  if (exchange.wanted == std::string::npos && end != std::string::npos) {
    const auto length = exchange.answer.find("Content-Length: ");
    exchange.wanted = end + 4 + std::stoul(exchange.answer.substr(length + 16));
  }
  return exchange.answer.size() >= exchange.wanted;
}

// A signed answer: status 200, and more than the five bytes of one that only says why there is none.
bool is_good(const Exchange& exchange) {
  return exchange.answer.starts_with("HTTP/1.1 200") && exchange.answer.find("ETag: ") != std::string::npos;
}

double percentile(const std::vector<double>& sorted, double share) {
  return sorted.empty() ? 0
                        : sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

int run(std::uint16_t port, const std::string& path, int connections, int seconds) {
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  const int events = epoll_create1(0);
  std::vector<Exchange> exchanges(static_cast<std::size_t>(connections));
  for (Exchange& exchange : exchanges) {
    exchange.socket = connected(port);
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.ptr = &exchange;
    epoll_ctl(events, EPOLL_CTL_ADD, exchange.socket, &wanted);
  }
  std::vector<double> milliseconds;
  int errors = 0;
  const auto begin = SteadyClock::now();
  const auto end = begin + std::chrono::seconds{seconds};
  for (Exchange& exchange : exchanges) {
    ask(exchange, request);
  }
  std::array<epoll_event, 64> ready{};
  while (SteadyClock::now() < end) {
    const int count = epoll_wait(events, ready.data(), static_cast<int>(ready.size()), 1000);
    for (int i = 0; i < count; ++i) {
      Exchange& exchange = *static_cast<Exchange*>(ready.at(static_cast<std::size_t>(i)).data.ptr);
      if (!take(exchange)) {
        continue;
      }
      const std::chrono::duration<double, std::milli> took = SteadyClock::now() - exchange.started;
      is_good(exchange) ? milliseconds.push_back(took.count()) : static_cast<void>(++errors);
      ask(exchange, request);
    }
  }
  const double took = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  for (const Exchange& exchange : exchanges) {
    close(exchange.socket);
  }
  close(events);
  std::sort(milliseconds.begin(), milliseconds.end());
  std::printf(
      "{\"ocsp_connections\":%d,\"answers\":%zu,\"errors\":%d,\"per_second\":%.0f,\"p50_ms\":%.2f,"
      "\"p99_ms\":%.2f}\n",
      connections, milliseconds.size(), errors, static_cast<double>(milliseconds.size()) / took,
      percentile(milliseconds, 0.5), percentile(milliseconds, 0.99));
  return milliseconds.empty() ? 1 : 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: bench_ocsp PORT PATH CONNECTIONS SECONDS\n");
    return 2;
  }
  try {
    return run(static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2], std::atoi(argv[3]),
               std::atoi(argv[4]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_ocsp: %s\n", error.what());
    return 1;
  }
}
