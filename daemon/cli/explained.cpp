#include "daemon/cli/explained.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "ca/base/error.hpp"
#include "daemon/cli/key_arguments.hpp"

namespace cli {
namespace {

constexpr std::array kWrongFile{ca::Code::malformed_csr, ca::Code::malformed_certificate,
                                ca::Code::malformed_request};
constexpr std::array kWrongWish{ca::Code::validity_beyond_issuer, ca::Code::path_length_exceeded,
                                ca::Code::name_not_permitted,     ca::Code::purpose_not_permitted,
                                ca::Code::certificate_mismatch,   ca::Code::invalid_args,
                                ca::Code::constraint_violation};
constexpr std::array kMayPass{ca::Code::request_in_progress, ca::Code::unavailable};

const char* advice_for(ca::Code code, const Advice& advice) {
  const auto is_of = [code](const auto& codes) { return std::ranges::find(codes, code) != codes.end(); };
  return is_of(kWrongFile)   ? advice.wrong_file
         : is_of(kWrongWish) ? advice.wrong_wish
         : is_of(kMayPass)   ? advice.may_pass
                             : advice.other;
}

}  // namespace

Failure explained(const std::exception& error, const Circumstances& circumstances) {
  const auto& [where, undone, advice] = circumstances;
  if (const auto* failure = dynamic_cast<const Failure*>(&error)) {
    return failure->completed(where, "", undone);
  }
  if (const auto* token = dynamic_cast<const pkcs11::Error*>(&error)) {
    return token_failure(*token, where, undone);
  }
  if (const auto* refused = dynamic_cast<const ca::Error*>(&error)) {
    return Failure{refused->what(), where, advice_for(refused->code(), advice), undone};
  }
  if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
    return Failure{file->code().message(), file->path1().string(),
                   "check that folder's owner, mode and free space, then repeat", undone};
  }
  return Failure{error.what(), where, advice.other, undone};
}

}  // namespace cli
