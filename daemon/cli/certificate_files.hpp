#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "ca/x509/certificate.hpp"

namespace cli {

inline constexpr std::uintmax_t kMaxTextBytes = 1024 * 1024;
// The whole file, text or not. Throws Failure when it cannot be read or is longer.
[[nodiscard]] std::string read_text(const std::filesystem::path& file,
                                    std::uintmax_t max_bytes = kMaxTextBytes);
// One PEM certificate. Throws Failure for anything else.
[[nodiscard]] ca::Certificate read_certificate(const std::string& pem);

// Of its basicConstraints: "2", or "none" where nothing limits it.
[[nodiscard]] std::string path_length_text(const ca::Certificate& certificate);

// "365d": whole days. Throws Failure.
[[nodiscard]] int days_of(const std::string& duration);
// "RootCACertificate" or a whole template ARN.
[[nodiscard]] std::string template_arn_text(const std::string& name);
// The hash as strong as the key: SHA256WITHECDSA for P-256, SHA384WITHECDSA for P-384.
[[nodiscard]] ca::SigningAlgorithm natural_signing_algorithm(ca::KeyAlgorithm key);

}  // namespace cli
