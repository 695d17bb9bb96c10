#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ca/base/secret_bytes.hpp"

namespace client {

// An access key as AWS's own clients read it.
struct Credentials {
  std::string access_key_id;
  std::shared_ptr<const ca::SecretBytes> secret;
  std::string session_token;  // empty: none
};

struct CredentialsPlace {
  std::optional<std::string> profile;
  std::optional<std::filesystem::path> file;
};

// A variable of the environment; nullopt when it is not set or empty.
using Environment = std::function<std::optional<std::string>(const char* name)>;
[[nodiscard]] std::optional<std::string> process_environment(const char* name);

// The place that is asked for; else AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; else the
// profile AWS_PROFILE ("default") of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials). Throws
// Code::invalid_args, saying where it looked.
[[nodiscard]] Credentials find_credentials(const CredentialsPlace& place, const Environment& environment);

// One profile of such a file. `where` is named in errors, which repeat nothing of the text (I18). Pure.
[[nodiscard]] Credentials parse_credentials(std::string_view text, const std::string& profile,
                                            const std::string& where);

}  // namespace client
