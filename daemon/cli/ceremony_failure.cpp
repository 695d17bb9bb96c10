#include "daemon/cli/ceremony_failure.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "ca/base/error.hpp"
#include "daemon/cli/key_arguments.hpp"

namespace cli {
namespace {

constexpr const char* kUndone =
    "this step; what was written before it stopped stays, and the step can be repeated";

constexpr std::array kWrongFile{ca::Code::malformed_csr, ca::Code::malformed_certificate,
                                ca::Code::malformed_request};
constexpr std::array kWrongWish{ca::Code::validity_beyond_issuer, ca::Code::path_length_exceeded,
                                ca::Code::name_not_permitted, ca::Code::purpose_not_permitted,
                                ca::Code::certificate_mismatch};
constexpr std::array kMayPass{ca::Code::request_in_progress, ca::Code::unavailable};

const char* advice_for(ca::Code code) {
  const auto is_of = [code](const auto& codes) { return std::ranges::find(codes, code) != codes.end(); };
  if (is_of(kWrongFile)) {
    return "fetch the file that the script names again from where it was made, and compare its SHA-256";
  }
  if (is_of(kWrongWish)) {
    return "correct the section of the script, or the request that it names; print the script anew";
  }
  if (is_of(kMayPass)) {
    return "run chancery doctor with the same token; repeat the step: what was begun is finished first";
  }
  return "find out why before anything else is done with this token; the transcript has the words";
}

}  // namespace

Failure ceremony_failure(const std::exception& error, const std::string& script) {
  if (const auto* failure = dynamic_cast<const Failure*>(&error)) {
    return failure->completed(script, "correct what the script names, then repeat the step", kUndone);
  }
  if (const auto* token = dynamic_cast<const pkcs11::Error*>(&error)) {
    return token_failure(*token, script, kUndone);
  }
  if (const auto* refused = dynamic_cast<const ca::Error*>(&error)) {
    return Failure{refused->what(), script, advice_for(refused->code()), kUndone};
  }
  if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
    return Failure{file->code().message(), file->path1().string(),
                   "check that folder's owner, mode and free space, then repeat the step", kUndone};
  }
  return Failure{error.what(), script, "find out why before the step is repeated", kUndone};
}

}  // namespace cli
