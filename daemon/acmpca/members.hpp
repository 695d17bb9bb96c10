#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "ca/base/arn.hpp"
#include "ca/issuance/validity.hpp"
#include "ca/policy/revocation_configuration.hpp"
#include "ca/policy/tags.hpp"
#include "ca/x509/algorithm.hpp"
#include "ca/x509/name.hpp"

// Reads members of an input that its shape has already checked. Pure.
namespace acmpca {

[[nodiscard]] const std::string& required_string(const nlohmann::json& input, const char* member);
[[nodiscard]] std::optional<std::string> optional_string(const nlohmann::json& input, const char* member);
// Throws Code::invalid_arn ("Not a valid arn.").
[[nodiscard]] ca::AuthorityArn authority_arn(const nlohmann::json& input);
// The same under the name ResourceArn.
[[nodiscard]] ca::AuthorityArn resource_arn(const nlohmann::json& input);
// The PEM text inside a blob.
[[nodiscard]] std::string required_blob(const nlohmann::json& input, const char* member);
[[nodiscard]] std::optional<std::string> optional_blob(const nlohmann::json& input, const char* member);
// Tags; none when the member is absent.
[[nodiscard]] std::vector<ca::Tag> tags(const nlohmann::json& input);
// Throw Code::invalid_args for a value that the API knows and no token of ours can do.
[[nodiscard]] ca::KeyAlgorithm key_algorithm(const nlohmann::json& input);
[[nodiscard]] ca::SigningAlgorithm signing_algorithm(const nlohmann::json& input);
[[nodiscard]] ca::ValidityRequest validity(const nlohmann::json& member);
[[nodiscard]] ca::SubjectFields subject_fields(const nlohmann::json& subject);
// Its RevocationConfiguration; nullopt when there is none. Throws Code::invalid_args.
[[nodiscard]] std::optional<ca::RevocationConfiguration> revocation(const nlohmann::json& input);

}  // namespace acmpca
