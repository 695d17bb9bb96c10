#include "daemon/cli/certificate_files.hpp"

#include <fstream>
#include <iterator>

#include "ca/base/error.hpp"
#include "ca/base/pem.hpp"
#include "config/scalars.hpp"
#include "daemon/cli/failure.hpp"

namespace cli {

std::string read_text(const std::filesystem::path& file, std::uintmax_t max_bytes) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  if (error) {
    throw Failure{"cannot read the file: " + error.message(), file.string(),
                  "check the name, its owner and mode"};
  }
  if (bytes > max_bytes) {
    throw Failure{"the file is larger than " + std::to_string(max_bytes >> 20U) + " MiB", file.string(),
                  "name the right file"};
  }
  std::ifstream stream{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  if (!stream.is_open() || stream.bad()) {
    throw Failure{"cannot read the file", file.string(), "check its owner and mode"};
  }
  return text;
}

ca::Certificate read_certificate(const std::string& pem) {
  const auto blocks = ca::parse_pem(pem, 1);
  if (blocks.size() != 1 || blocks.front().label != "CERTIFICATE") {
    throw Failure{"expected one PEM certificate", "", "give a file with one CERTIFICATE and nothing else"};
  }
  return ca::Certificate::parse(blocks.front().der);
}

std::string path_length_text(const ca::Certificate& certificate) {
  const auto basic = certificate.basic_constraints();
  return basic && basic->path_length ? std::to_string(*basic->path_length) : "none";
}

int days_of(const std::string& duration) {
  constexpr auto kDay = std::chrono::hours{24};
  const auto value = config::parse_duration(duration);
  if (!value || *value < kDay || *value % kDay != std::chrono::milliseconds{0} || *value > kDay * 36500) {
    throw Failure{"'" + duration + "' is not a validity", "--validity", "give whole days, such as 365d"};
  }
  return static_cast<int>(*value / kDay);
}

std::string template_arn_text(const std::string& name) {
  return name.starts_with("arn:") ? name : "arn:aws:acm-pca:::template/" + name + "/V1";
}

ca::SigningAlgorithm natural_signing_algorithm(ca::KeyAlgorithm key) {
  switch (key) {
    case ca::KeyAlgorithm::rsa_2048:
    case ca::KeyAlgorithm::rsa_3072:
    case ca::KeyAlgorithm::rsa_4096:
      return ca::SigningAlgorithm::sha256_with_rsa;
    case ca::KeyAlgorithm::ec_p256:
      return ca::SigningAlgorithm::sha256_with_ecdsa;
    case ca::KeyAlgorithm::ec_p384:
      return ca::SigningAlgorithm::sha384_with_ecdsa;
    case ca::KeyAlgorithm::ec_p521:
      return ca::SigningAlgorithm::sha512_with_ecdsa;
    case ca::KeyAlgorithm::ed25519:
      return ca::SigningAlgorithm::ed25519;
  }
  return ca::SigningAlgorithm::sha256_with_ecdsa;
}

}  // namespace cli
