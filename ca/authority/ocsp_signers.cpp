// Who signs OCSP answers for each authority: its key, its certificate and the renewal of that.
#include <algorithm>

#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"
#include "ca/base/key_name.hpp"

namespace ca {
namespace {

constexpr std::chrono::seconds kGenerationPatience{30};
constexpr std::chrono::hours kBackdated{1};           // for clocks of relying parties that are late
constexpr std::chrono::hours kShortLivedMax{7 * 24};  // SHORT_LIVED_CERTIFICATE
constexpr std::size_t kMaxCommonName = 64;            // RFC 5280, appendix A: ub-common-name
constexpr std::string_view kCommonNameEnd = " OCSP signer";

// The authority's own, but for the largest RSA keys: an answer is signed for each question, and RSA 2048 does
// for the weeks that its certificate holds.
KeyAlgorithm signer_algorithm(KeyAlgorithm of_authority) {
  return family_of(of_authority) == KeyFamily::rsa ? KeyAlgorithm::rsa_2048 : of_authority;
}

DistinguishedName signer_subject(const Authority& authority) {
  const auto names = authority.identity.subject.common_names();
  std::string name = names.empty() ? "Authority" : names.front();
  while (name.size() + kCommonNameEnd.size() > kMaxCommonName) {
    // A whole character of UTF-8.
    while (name.size() > 1 && (static_cast<unsigned char>(name.back()) & 0xC0U) == 0x80U) {
      name.pop_back();
    }
    name.pop_back();
  }
  return encode_subject({.common_name = name + std::string{kCommonNameEnd}});
}

Validity signer_validity(const Authority& authority, std::chrono::seconds wanted, TimePoint now) {
  const Validity& bounds = authority.identity.validity.value();
  const bool short_lived = authority.record.usage_mode == "SHORT_LIVED_CERTIFICATE";
  const std::chrono::seconds life =
      short_lived ? std::min<std::chrono::seconds>(wanted, kShortLivedMax) : wanted;
  return {std::max(to_seconds(now) - kBackdated, bounds.not_before),
          std::min(to_seconds(now) + life, bounds.not_after)};
}

// At two thirds of its life, when a new one would hold longer; and when the authority's certificate has
// become another that it would not chain to.
bool is_due(const Authority& authority, const Validity& next, TimePoint now) {
  const auto& held = authority.ocsp_certificate;
  if (!held) {
    return true;
  }
  const auto& [not_before, not_after] = held->validity;
  const bool chains = held->issuer == authority.identity.subject &&
                      held->authority_key_id() == authority_key_id_of(authority.identity);
  return !chains || to_seconds(now) < not_before ||  // the clock was ahead when it was made
         (to_seconds(now) >= not_before + (not_after - not_before) * 2 / 3 && next.not_after > not_after);
}

// Each key follows its own certificates.
std::string claim_end(const Authority& authority) {
  const std::uint64_t number = authority.record.key_number;
  return number == 1 ? "" : "|" + std::to_string(number);
}

Caller system_caller(const AuthorityArn& arn) {
  Caller caller;
  caller.account = arn.account;
  caller.principal = "chanceryd";
  caller.principal_arn = "chanceryd";
  caller.region = arn.region;
  caller.request_id = random_uuid();
  return caller;
}

}  // namespace

Loop::Turn AuthorityService::State::keep_ocsp() {
  bool all_done = true;
  for (const auto& authority : catalog.all_keys()) {
    const std::string about = "OCSP signer of " + authority->described();
    const bool answers = answers_ocsp(*authority, clock.now());
    // Also when the clock alone has changed it.
    if (answers ? answered_for.insert(authority->key_name().text()).second
                : answered_for.erase(authority->key_name().text()) != 0) {
      show_to_ocsp(authority->record.arn);
    }
    if (!answers || ocsp_loop->is_stopping()) {
      continue;
    }
    try {
      keep_ocsp_signer(*authority);
      well(about);
    } catch (const std::exception& error) {
      all_done = false;
      const auto* known = dynamic_cast<const Error*>(&error);
      if (known != nullptr && known->code() == Code::concurrent_modification) {
        continue;  // the next turn starts from what the other change made
      }
      say(about, about + " is not what it should be: " + error.what());
    }
  }
  responder.tell_unissued(false);
  all_done = responder.write_batches(false) && all_done;
  return all_done ? Loop::Turn::idle : Loop::Turn::stuck;
}

// Once a key has had a signer, certificates may name the responder: switched off, new ones do not, and those
// are answered for until the key's certificate ends.
bool AuthorityService::State::answers_ocsp(const Authority& authority, TimePoint now) {
  return (authority.revocation.ocsp.enabled || authority.ocsp_certificate) && authority.answers_at(now);
}

// One step; the change that it makes wakes the loop for the next. Throws when the step cannot be done now.
void AuthorityService::State::keep_ocsp_signer(const Authority& authority) {
  if (!authority.ocsp_key) {
    make_ocsp_key(authority);
    return;
  }
  if (signer.verdict(*authority.ocsp_key).state != KeyVerdict::State::usable) {
    const auto deadline = std::chrono::steady_clock::now() + options.sign_deadline;
    trust_ocsp_key_again(authority, deadline);
    signer.audit(*authority.ocsp_key, deadline);
  }
  const TimePoint now = clock.now();
  const Validity next = signer_validity(authority, options.ocsp_signer_validity, now);
  if (next.not_after > to_seconds(now) && is_due(authority, next, now)) {
    certify_ocsp_key(authority, next);
  }
}

// Every answer is verified before it leaves, holds for hours, and is all that this key may sign: a restart by
// a person, which is what an authority's own key waits for, would bring no more than the trials do.
void AuthorityService::State::trust_ocsp_key_again(const Authority& authority, Deadline deadline) {
  if (signer.trust_again(*authority.ocsp_key, options.ocsp_signer_rest, deadline) && notice) {
    notice("OCSP signer of " + authority.record.arn.text() + " signs again: " +
           std::to_string(Signer::kTrials) + " trials verified after a signature that did not");
  }
}

// Like an authority's own key: the label is found again by a step that a crash interrupted (I19).
void AuthorityService::State::make_ocsp_key(const Authority& authority) {
  const AuthorityRecord& record = authority.record;
  const auto within = [](std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; };
  const std::string label = KeyName{record.arn.id, record.key_number}.text() + "-ocsp";
  const auto found = signer.find(record.key_token, label, within(options.sign_deadline));
  const GeneratedSigningKey made =
      found ? *found
            : signer.generate(record.key_token, label, signer_algorithm(record.key_algorithm),
                              within(kGenerationPatience));
  const SigningKey key{made.uri, PublicKey::parse(made.spki_der)};
  if (key.public_key.family() != family_of(record.key_algorithm)) {
    throw Error{Code::key_unusable, "the token holds another key under the label " + label};
  }
  signer.audit(key, within(options.sign_deadline));
  AuditEvent event = system_event("authority.ocsp_key_created", record.arn);
  event.detail = {{"key", made.uri}, {"spki_sha256", to_hex(sha256(made.spki_der))}};
  update_key(authority, std::move(event), [&](KeyGeneration& key_of_authority) {
    key_of_authority.ocsp_key_uri = made.uri;
    key_of_authority.ocsp_spki_der = made.spki_der;
  });
}

// Through the one path to a certificate. The claim names the certificate that is followed, so that whatever
// happens between the two commits, this renewal makes one certificate (I12).
void AuthorityService::State::certify_ocsp_key(const Authority& authority, const Validity& validity) {
  const AuthorityArn& arn = authority.record.arn;
  const CertificateRequest request{.der = {},
                                   .subject = signer_subject(authority),
                                   .public_key = authority.ocsp_key->public_key,
                                   .extensions = {},
                                   .subject_alt_names = {}};
  const ApiPassthrough api{.subject = std::nullopt, .extensions = {{oid::kOcspNoCheck, false, {0x05, 0x00}}}};
  const Caller caller = system_caller(arn);
  Issuance::Result result;
  try {
    result = issuance.issue(
        {.tmpl = find_template({arn.partition, "OCSPSigningCertificate_APIPassthrough"}),
         .issuer = authority.issuer(),
         .request = request,
         .api = api,
         .validity = validity,
         .signing_algorithm = authority.record.signing_algorithm,
         .pointers = {},
         .crl = {},
         .caller = caller,
         .claim = IdempotencyClaim{.scope = "ocsp-signer|" + arn.text() + claim_end(authority),
                                   .token = to_hex(sha256(authority.record.ocsp_certificate_der)),
                                   .request_hash = sha256(authority.record.ocsp_spki_der),
                                   .window = options.ocsp_signer_validity},
         .device_id = {},
         .profile = std::string{kOcspSignerProfile},
         .max_pending = std::numeric_limits<std::uint64_t>::max()},
        std::chrono::steady_clock::now() + options.sign_deadline);
  } catch (const Error& error) {
    if (is_fatal(error.code())) {
      stop_issuing(authority, error.what());
    }
    throw;
  }
  issued += result.fresh && result.record.state == CertificateState::issued ? 1 : 0;
  take_ocsp_certificate(authority, result.record);
}

void AuthorityService::State::take_ocsp_certificate(const Authority& authority,
                                                    const CertificateRecord& row) {
  switch (row.state) {
    case CertificateState::pending:
      pending_loop->wake();
      throw Error{Code::unavailable, "its certificate waits for the token"};
    case CertificateState::failed:
      throw Error{Code::request_failed, "its certificate could not be issued: " + row.failure_reason};
    case CertificateState::issued:
    case CertificateState::revoked:
      break;
  }
  AuditEvent event = system_event("authority.ocsp_signer_certified", authority.record.arn);
  event.serial = row.serial.hex();
  event.der_sha256 = to_hex(sha256(row.der));
  event.detail = {{"not_after", rfc3339(row.validity.not_after)}};
  update_key(authority, std::move(event),
             [&](KeyGeneration& key_of_authority) { key_of_authority.ocsp_certificate_der = row.der; });
}

// What the responder knows of an authority follows its record.
void AuthorityService::State::show_to_ocsp(const AuthorityArn& arn) {
  const auto authority = catalog.find(arn);
  if (!authority) {
    return;
  }
  std::vector<OcspAuthority> keys;
  if (auto own = ocsp_authority(*authority)) {
    keys.push_back(*std::move(own));
  }
  for (const auto& other : authority->others) {
    if (auto key = ocsp_authority(*other)) {
      keys.push_back(*std::move(key));
    }
  }
  responder.authorities().put(arn, authority->record.version, std::move(keys));
}

std::optional<OcspAuthority> AuthorityService::State::ocsp_authority(const Authority& authority) const {
  if (!answers_ocsp(authority, clock.now())) {
    return std::nullopt;
  }
  const AuthorityRecord& record = authority.record;
  TimePoint until = record.validity->not_after + std::chrono::seconds{1};
  if (record.restorable_until) {
    until = std::min(until, *record.restorable_until);
  }
  std::optional<OcspSigner> by;
  if (authority.ocsp_key && authority.ocsp_certificate) {
    by = OcspSigner{.key = *authority.ocsp_key,
                    .algorithm = record.signing_algorithm,
                    .certificate_der = record.ocsp_certificate_der,
                    .validity = authority.ocsp_certificate->validity};
  }
  return OcspAuthority{.arn = record.arn,
                       .key_number = record.key_number,
                       .name = authority.identity.subject,
                       .key = authority.key->public_key,
                       .until = until,
                       .signer = std::move(by)};
}

}  // namespace ca
