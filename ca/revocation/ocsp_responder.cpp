#include "ca/revocation/ocsp_responder.hpp"

#include <algorithm>
#include <deque>
#include <map>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/lint/lint_ocsp.hpp"

namespace ca {
namespace {

constexpr int kAttempts = 3;  // of an answer whose certificate is revoked while it is made

OcspError error_of(OcspResult result) {
  switch (result) {
    case OcspResult::malformed:
      return OcspError::malformed_request;
    case OcspResult::unauthorized:
      return OcspError::unauthorized;
    case OcspResult::try_later:
      return OcspError::try_later;
    case OcspResult::good:
    case OcspResult::revoked:
    case OcspResult::unknown:
    case OcspResult::internal_error:
      break;
  }
  return OcspError::internal_error;
}

OcspResult result_of(Code code) {
  if (code == Code::malformed_request) {
    return OcspResult::malformed;
  }
  const bool may_pass = code == Code::unavailable || code == Code::throttled || code == Code::key_unusable ||
                        code == Code::signature_check_failed;
  return may_pass ? OcspResult::try_later : OcspResult::internal_error;
}

// Revoked before unknown before good: what a reader of the figures must not miss.
OcspResult result_of(const std::vector<OcspSingle>& singles) {
  OcspResult result = OcspResult::good;
  for (const OcspSingle& single : singles) {
    if (single.status == OcspSingle::Status::revoked) {
      return OcspResult::revoked;
    }
    if (single.status == OcspSingle::Status::unknown) {
      result = OcspResult::unknown;
    }
  }
  return result;
}

// The signer while its certificate holds: one that has ended vouches for nothing.
const OcspSigner& signer_of(const OcspAuthority& authority, TimePoint now) {
  if (!authority.signer) {
    throw Error{Code::unavailable, "the authority's OCSP signer is not made yet"};
  }
  const Validity& validity = authority.signer->validity;
  if (to_seconds(now) < validity.not_before || to_seconds(now) >= validity.not_after) {
    throw Error{Code::unavailable, "the certificate of the authority's OCSP signer is not valid now"};
  }
  return *authority.signer;
}

}  // namespace

std::string_view name_of(OcspResult result) {
  switch (result) {
    case OcspResult::good:
      return "good";
    case OcspResult::revoked:
      return "revoked";
    case OcspResult::unknown:
      return "unknown";
    case OcspResult::malformed:
      return "malformed";
    case OcspResult::unauthorized:
      return "unauthorized";
    case OcspResult::try_later:
      return "try_later";
    case OcspResult::internal_error:
      break;
  }
  return "internal_error";
}

OcspResponder::OcspResponder(OcspResponderOptions options, Inventory& inventory, Ledger& ledger,
                             Signer& signer, const Clock& clock,
                             std::function<void(const std::string&)> notice)
    : options_{options},
      inventory_{inventory},
      signer_{signer},
      clock_{clock},
      notice_{std::move(notice)},
      cache_{options.max_cached},
      batches_{ledger, clock, options.batch},
      fresh_{options.fresh_per_second, options.part_of_sender},
      unknown_{options.unknown_per_second, options.part_of_sender},
      nonce_{options.nonce_per_second, options.part_of_sender},
      several_{options.several_per_second, options.part_of_sender} {
  for (const OcspResult result : kOcspResults) {
    errors_[static_cast<std::size_t>(result)] =
        std::make_shared<const OcspAnswer>(OcspAnswer{result, ocsp_error(error_of(result)), std::nullopt});
  }
}

template <class Make>
OcspResponder::Reply OcspResponder::reply_of(Make make) noexcept {
  const auto refused = [this](OcspResult result, const char* cause) {
    count(result);
    Reply reply{error(result), {}, {}};
    try {
      reply.cause = cause;
    } catch (...) {  // no memory for words
    }
    return reply;
  };
  try {
    Reply reply{make(), {}, to_seconds(clock_.now())};
    if (reply.answer) {
      count(reply.answer->result);
    }
    return reply;
  } catch (const Error& error) {
    return refused(result_of(error.code()), error.what());
  } catch (const std::exception& error) {
    return refused(OcspResult::internal_error, error.what());
  } catch (...) {
    return refused(OcspResult::internal_error, "not a std::exception");
  }
}

OcspResponder::Reply OcspResponder::answer(ByteView request, const std::string& sender) noexcept {
  return reply_of([&] { return answer_or_throw(request, sender); });
}

std::optional<OcspResponder::Reply> OcspResponder::answer_at_once(ByteView request) noexcept {
  Reply reply = reply_of([&]() -> SharedOcspAnswer {
    const auto question = read(request);
    if (!question) {
      return error(OcspResult::unauthorized);
    }
    auto kept = question->keepable ? cache_.find(*question->keepable, question->request.certificates[0].der,
                                                 to_seconds(clock_.now()), OcspCache::Refresh::left_to_others)
                                   : nullptr;
    cache_hits_ += kept ? 1 : 0;
    return kept;
  });
  return reply.answer ? std::optional{std::move(reply)} : std::nullopt;
}

// nullopt: not for us to answer.
std::optional<OcspResponder::Question> OcspResponder::read(ByteView der) const {
  Question question{OcspRequest::parse(der), nullptr, std::nullopt};
  const auto& certificates = question.request.certificates;
  question.issuer = directory_.find(certificates.front());
  if (!question.issuer || clock_.now() >= question.issuer->authority.until) {
    return std::nullopt;
  }
  const bool of_one_issuer = std::all_of(certificates.begin() + 1, certificates.end(), [&](const CertId& id) {
    return directory_.find(id) == question.issuer;
  });
  if (!of_one_issuer) {
    return std::nullopt;
  }
  if (certificates.size() == 1 && certificates.front().plain && !question.request.nonce) {
    question.keepable = certificates.front().serial_number();
  }
  return question;
}

SharedOcspAnswer OcspResponder::answer_or_throw(ByteView der, const std::string& sender) {
  auto question = read(der);
  if (!question) {
    return error(OcspResult::unauthorized);
  }
  question->sender = sender;
  const auto& request = question->request;
  const auto& keepable = question->keepable;
  const auto now = [this] { return to_seconds(clock_.now()); };
  if (keepable) {
    // Made, perhaps, while this request waited.
    if (auto kept = cache_.find(*keepable, request.certificates[0].der, now(),
                                OcspCache::Refresh::undertaken_when_due)) {
      ++cache_hits_;
      return kept;
    }
  }
  try {
    return make(*question);
  } catch (const Error& error) {
    auto kept = keepable && result_of(error.code()) == OcspResult::try_later
                    ? cache_.find_any(*keepable, request.certificates[0].der, now())
                    : nullptr;
    if (!kept) {
      throw;
    }
    ++cache_hits_;
    return kept;
  }
}

// I7: the watches stand before the inventory is read. A revocation that commits later disturbs them before it
// is acknowledged, and then what was made here is neither kept nor given to anybody.
SharedOcspAnswer OcspResponder::make(const Question& question) {
  const auto& certificates = question.request.certificates;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::deque<OcspCache::Watch> watches;
    for (const CertId& id : certificates) {
      if (const auto serial = id.serial_number()) {
        watches.emplace_back(cache_, *serial);
      }
    }
    const TimePoint now = clock_.now();
    std::vector<OcspSingle> singles = look_up(question, now);
    if (attempt == 0) {
      spend(question, result_of(singles));
    }
    SharedOcspAnswer answer = sign(question, std::move(singles), now);
    const bool disturbed = answer->freshness
                               ? !cache_.keep(watches.front(), certificates.front().der, answer)
                               : std::any_of(watches.begin(), watches.end(),
                                             [](const OcspCache::Watch& watch) { return watch.disturbed(); });
    if (!disturbed) {
      return answer;
    }
  }
  throw Error{Code::unavailable, "the certificate's state changed while the answer was made"};
}

std::vector<OcspSingle> OcspResponder::look_up(const Question& question, TimePoint now) {
  std::vector<OcspSingle> singles;
  for (const CertId& id : question.request.certificates) {
    singles.push_back(look_up(id, question, now));
  }
  return singles;
}

OcspSingle OcspResponder::look_up(const CertId& id, const Question& question, TimePoint now) {
  const Entry& issuer = *question.issuer;
  OcspSingle single;
  single.cert_id_der = id.der;
  single.this_update = to_seconds(now);
  single.next_update = single.this_update + options_.validity;
  if (issuer.authority.signer) {
    single.next_update = std::min(single.next_update, issuer.authority.signer->validity.not_after);
  }
  const auto serial = id.serial_number();
  const auto standing = serial ? inventory_.standing(issuer.authority.arn, *serial) : std::nullopt;
  // Under one key's name and another key's hash nothing was ever issued.
  if (!standing || standing->key_number != issuer.authority.key_number) {
    issuer.unissued->note(id.serial, question.sender);
    tell_unissued(issuer, options_.notice_interval);
    return single;
  }
  switch (standing->state) {
    case CertificateState::issued:
      single.status = OcspSingle::Status::good;
      break;
    case CertificateState::revoked:
      single.status = OcspSingle::Status::revoked;
      single.revoked_at = to_seconds(standing->revoked_at.value());
      single.reason = standing->reason;
      break;
    case CertificateState::pending:
    case CertificateState::failed:
      break;
  }
  return single;
}

// So that no kind of question and no sender spends the signatures of all others.
void OcspResponder::spend(const Question& question, OcspResult result) {
  Budget& budget = result == OcspResult::unknown                  ? unknown_
                   : question.request.certificates.size() > 1     ? several_
                   : question.request.nonce || !question.keepable ? nonce_
                                                                  : fresh_;
  if (!budget.take(question.sender, std::chrono::steady_clock::now())) {
    throw Error{Code::throttled, "the signatures for answers of this kind are used up"};
  }
}

SharedOcspAnswer OcspResponder::sign(const Question& question, std::vector<OcspSingle> singles,
                                     TimePoint now) {
  const OcspAuthority& authority = question.issuer->authority;
  const OcspSigner& by = signer_of(authority, now);
  if (signer_.is_away(by.key)) {
    throw Error{Code::unavailable, "the token of the authority's OCSP signer is away"};
  }
  OcspAnswer answer{.result = result_of(singles), .der = {}, .freshness = std::nullopt};
  const OcspResponse response{.responder_key_id = by.key.public_key.subject_key_id(),
                              .produced_at = to_seconds(now),
                              .singles = std::move(singles),
                              .nonce = question.request.nonce};
  const ToBeSigned to_be_signed = lint_ocsp(encode_tbs(response), response, by.algorithm);
  OcspBatches::Part part = batches_.begin(authority.arn, by);
  const Bytes signature =
      signer_.sign(by.key, to_be_signed, std::chrono::steady_clock::now() + options_.sign_wait);
  answer.der = assemble_ocsp_response(to_be_signed.der(), by.algorithm, signature, by.certificate_der);
  part.done(answer.der);
  ++signatures_;
  if (question.keepable && answer.result != OcspResult::unknown) {
    const OcspSingle& single = response.singles.front();
    answer.freshness = {single.this_update, single.next_update, to_hex(sha256(answer.der))};
  }
  return std::make_shared<const OcspAnswer>(std::move(answer));
}

void OcspResponder::tell_unissued(const Entry& issuer, std::chrono::seconds interval) {
  if (const auto serials = issuer.unissued->tell(clock_.now(), interval)) {
    notice_("somebody asked about certificates of " + issuer.authority.arn.text() +
            " that it never issued with the key in question, " + std::to_string(issuer.unissued->total()) +
            " questions so far, serials " + *serials + ": is there a forged certificate?");
  }
}

void OcspResponder::tell_unissued(bool all) {
  for (const auto& entry : directory_.all()) {
    tell_unissued(*entry, all ? std::chrono::seconds{0} : options_.notice_interval);
  }
}

const SharedOcspAnswer& OcspResponder::error(OcspResult result) const {
  return errors_.at(static_cast<std::size_t>(result));
}

OcspResponder::Status OcspResponder::status() const {
  Status status;
  std::copy(answers_.begin(), answers_.end(), status.answers.begin());
  status.cache_hits = cache_hits_;
  status.signatures = signatures_;
  status.cached = cache_.size();
  const auto all = directory_.all();
  std::map<std::string, int> keys;
  for (const auto& entry : all) {
    ++keys[entry->authority.arn.text()];
  }
  for (const auto& entry : all) {
    const std::string arn = entry->authority.arn.text();
    const auto& signer = entry->authority.signer;
    const auto ends = signer ? std::optional{signer->validity.not_after} : std::nullopt;
    std::string trouble = trouble_of(entry->authority);
    if (!trouble.empty() && keys[arn] > 1) {
      trouble = "key " + std::to_string(entry->authority.key_number) + ": " + trouble;
    }
    // The keys of one authority stand side by side.
    if (status.authorities.empty() || status.authorities.back().arn != arn) {
      status.authorities.push_back({arn, entry->unissued->total(), ends, std::move(trouble)});
      continue;
    }
    auto& of_all = status.authorities.back();
    of_all.signer_not_after = std::min(of_all.signer_not_after, ends);
    if (of_all.trouble.empty()) {
      of_all.trouble = std::move(trouble);
    }
  }
  return status;
}

std::string OcspResponder::trouble_of(const OcspAuthority& authority) const {
  try {
    const OcspSigner& by = signer_of(authority, clock_.now());
    if (const KeyVerdict verdict = signer_.verdict(by.key); verdict.state == KeyVerdict::State::unusable) {
      return verdict.detail;
    }
    return signer_.is_away(by.key) ? "the token of the authority's OCSP signer is away" : "";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace ca
