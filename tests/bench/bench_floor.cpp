// The unavoidable crypto of one certificate, on all processors and with nothing around it: the request's
// signature is verified, the token signs, the signature is verified. bench_floor MODULE TOKEN PIN_SOURCE
// CSR_FILE THREADS SECONDS -> one line of JSON
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "ca/base/arn.hpp"
#include "ca/x509/certificate_request.hpp"
#include "pkcs11/token.hpp"

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kTbsBytes = 500;  // a leaf certificate's

int run(pkcs11::Token& token, const std::string& csr_pem, int thread_count, int seconds) {
  const auto wait = [] { return SteadyClock::now() + std::chrono::seconds{30}; };
  const auto made = token.generate_key("bench-" + ca::random_uuid(), pkcs11::KeyType::ec_p256, wait());
  const auto uri = pkcs11::Uri::parse(made.uri);
  const auto public_key = ca::PublicKey::parse(made.spki_der);
  token.audit(uri, made.spki_der, wait());
  const ca::Bytes message(kTbsBytes, 0x30);
  std::atomic<long> done{0};
  const auto begin = SteadyClock::now();
  const auto end = begin + std::chrono::seconds{seconds};
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([&] {
      while (SteadyClock::now() < end) {
        (void)ca::CertificateRequest::parse_pem(csr_pem);
        const auto signature = token.sign(uri, pkcs11::SignatureScheme::ecdsa_sha256, message, wait());
        if (!public_key.verify(ca::SigningAlgorithm::sha256_with_ecdsa, message, signature)) {
          std::abort();
        }
        ++done;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const double took = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  std::printf("{\"threads\":%d,\"per_second\":%.0f}\n", thread_count, static_cast<double>(done) / took);
  return 0;
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: bench_floor MODULE TOKEN PIN_SOURCE CSR_FILE THREADS SECONDS\n");
    return 2;
  }
  try {
    std::ifstream file{argv[4]};
    const std::string csr{std::istreambuf_iterator<char>{file}, {}};
    pkcs11::TokenOptions options{
        .name = "bench",
        .uri = pkcs11::Uri::parse("pkcs11:token=" + std::string{argv[2]} + "?module-path=" + argv[1]),
        .pin = pkcs11::PinSource::parse(argv[3])};
    pkcs11::Token token{std::move(options)};
    return run(token, csr, std::atoi(argv[5]), std::atoi(argv[6]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_floor: %s\n", error.what());
    return 1;
  }
}
