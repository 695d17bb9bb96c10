#include "daemon/client/credentials.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

#include "ca/base/error.hpp"
#include "ca/base/strings.hpp"

namespace client {
namespace {

using ca::Code;
using ca::Error;

constexpr std::size_t kMaxFileBytes = 1024 * 1024;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string contents_of(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  std::string text(kMaxFileBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (stream.bad() || (!stream.eof() && !stream) || text.size() > kMaxFileBytes) {
    throw Error{Code::invalid_args, "the credentials file " + file.string() +
                                        " cannot be read: name one with --credentials-file, or set "
                                        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"};
  }
  return text;
}

Credentials made(const std::string& id, const std::string& secret, const std::string& token,
                 const std::string& where) {
  if (id.empty() || secret.empty()) {
    throw Error{Code::invalid_args, where + " has not both an access key id and a secret access key"};
  }
  return {id, std::make_shared<const ca::SecretBytes>(ca::bytes_of(secret)), token};
}

}  // namespace

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>{value};
}

Credentials parse_credentials(std::string_view text, const std::string& profile, const std::string& where) {
  std::map<std::string, std::string> values;
  bool inside = false;
  bool found = false;
  for (const std::string& whole : ca::split(text, '\n')) {
    const std::string_view line = trimmed(whole);
    if (line.empty() || line.front() == '#' || line.front() == ';') {
      continue;
    }
    if (line.front() == '[') {
      inside = line.back() == ']' && trimmed(line.substr(1, line.size() - 2)) == profile;
      found = found || inside;
      continue;
    }
    const std::size_t equals = line.find('=');
    if (inside && equals != std::string_view::npos) {
      values[ca::ascii_lower(trimmed(line.substr(0, equals)))] = trimmed(line.substr(equals + 1));
    }
  }
  if (!found) {
    throw Error{Code::invalid_args, where + " has no profile '" + profile + "'"};
  }
  return made(values["aws_access_key_id"], values["aws_secret_access_key"], values["aws_session_token"],
              "the profile '" + profile + "' of " + where);
}

Credentials find_credentials(const CredentialsPlace& place, const Environment& environment) {
  const auto id = environment("AWS_ACCESS_KEY_ID");
  if (!place.profile && !place.file && id) {
    return made(*id, environment("AWS_SECRET_ACCESS_KEY").value_or(""),
                environment("AWS_SESSION_TOKEN").value_or(""), "the environment");
  }
  const std::string profile = place.profile.value_or(environment("AWS_PROFILE").value_or("default"));
  const std::filesystem::path usual =
      std::filesystem::path{environment("HOME").value_or("/")} / ".aws/credentials";
  const std::filesystem::path file =
      place.file.value_or(environment("AWS_SHARED_CREDENTIALS_FILE").value_or(usual.string()));
  return parse_credentials(contents_of(file), profile, file.string());
}

}  // namespace client
