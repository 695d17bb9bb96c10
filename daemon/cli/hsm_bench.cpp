#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "daemon/cli/key_arguments.hpp"
#include "daemon/cli/verbs.hpp"

namespace cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kSignLimit{30};
constexpr std::size_t kMessageBytes = 1000;  // about a certificate to be signed
constexpr unsigned kMaxThreads = 256;

struct Arguments {
  KeyArguments key;
  std::vector<unsigned> threads{1, 2, 4, 8};
  unsigned seconds = 3;
};

struct Round {
  unsigned threads = 0;
  double per_second = 0, p50_ms = 0, p99_ms = 0;
};

double at(const std::vector<double>& sorted, double share) {
  return sorted.empty() ? 0
                        : sorted[static_cast<std::size_t>(static_cast<double>(sorted.size() - 1) * share)];
}

Round measure(pkcs11::Token& token, const pkcs11::Uri& key, pkcs11::SignatureScheme scheme, unsigned threads,
              std::chrono::seconds length) {
  std::vector<std::vector<double>> times(threads);
  std::vector<std::exception_ptr> failures(threads);
  const pkcs11::Bytes message(kMessageBytes, 0x30);
  const auto begin = Clock::now();
  {
    std::vector<std::jthread> workers;
    for (unsigned worker = 0; worker < threads; ++worker) {
      workers.emplace_back([&, worker] {
        try {
          while (Clock::now() < begin + length) {
            const auto start = Clock::now();
            static_cast<void>(token.sign(key, scheme, message, start + kSignLimit));
            times[worker].push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
          }
        } catch (...) {
          failures[worker] = std::current_exception();
        }
      });
    }
  }
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  for (const auto& failure : failures) {
    if (failure) {
      std::rethrow_exception(failure);
    }
  }
  std::vector<double> all;
  for (const auto& some : times) {
    all.insert(all.end(), some.begin(), some.end());
  }
  std::ranges::sort(all);
  return {threads, static_cast<double>(all.size()) / took, at(all, 0.5), at(all, 0.99)};
}

std::string text_of(const char* form, double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), form, value);
  return text.data();
}

void print(const std::vector<Round>& rounds, const std::string& key, pkcs11::SignatureScheme scheme,
           Format format) {
  if (format == Format::json) {
    auto list = nlohmann::json::array();
    for (const Round& round : rounds) {
      list.push_back({{"threads", round.threads},
                      {"signatures_per_second", round.per_second},
                      {"p50_ms", round.p50_ms},
                      {"p99_ms", round.p99_ms}});
    }
    print_json(std::cout, {{"key", key}, {"algorithm", scheme_name(scheme)}, {"rounds", list}});
    return;
  }
  Table table{{"THREADS", "SIGNATURES/S", "P50 MS", "P99 MS"}};
  for (const Round& round : rounds) {
    table.row({std::to_string(round.threads), text_of("%.0f", round.per_second),
               text_of("%.3f", round.p50_ms), text_of("%.3f", round.p99_ms)});
  }
  table.print(std::cout);
}

int bench(const Arguments& arguments, Format format) {
  auto options = token_options("cli", arguments.key.token);
  options.sessions = std::ranges::max(arguments.threads);
  const auto key = key_uri(options, arguments.key.key);
  try {
    pkcs11::Token token{options};
    await_token(token, "nothing was measured");
    const auto deadline = Clock::now() + kSignLimit;
    const auto spki = token.public_key(key, deadline);
    token.audit(key, spki, deadline);
    const auto scheme = natural_scheme_of(spki);
    std::vector<Round> rounds;
    for (const unsigned threads : arguments.threads) {
      rounds.push_back(measure(token, key, scheme, threads, std::chrono::seconds{arguments.seconds}));
    }
    print(rounds, key.text(), scheme, format);
  } catch (const pkcs11::Error& error) {
    throw token_failure(error, key.text(), "nothing was measured");
  }
  return 0;
}

}  // namespace

void add_hsm_bench(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<Arguments>();
  auto* verb = parent.add_subcommand("bench", "signatures per second of a key, by threads");
  add_key_arguments(*verb, arguments->key, true);
  verb->add_option("--threads", arguments->threads, "such as 1,4,16,64; default 1,2,4,8")
      ->delimiter(',')
      ->check(CLI::Range(1U, kMaxThreads));
  verb->add_option("--seconds", arguments->seconds, "for each number of threads; default 3")
      ->check(CLI::Range(1U, 600U));
  verb->callback([&session, arguments] {
    session.undone = "nothing was measured";
    session.action = [&session, arguments] { return bench(*arguments, session.format); };
  });
}

}  // namespace cli
