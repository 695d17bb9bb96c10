// What certificates say about where their revocation is found.
#include "ca/authority/service_state.hpp"
#include "ca/base/error.hpp"
#include "ca/base/key_name.hpp"

namespace ca {
namespace {

constexpr const char* kNoUrl =
    "No URL for relying parties is known: set revocation.url in the daemon's configuration, or give ";

}  // namespace

std::optional<std::string> AuthorityService::State::crl_base(const CrlConfiguration& configuration) const {
  if (configuration.custom_cname) {
    return "http://" + *configuration.custom_cname + "/";
  }
  const Bucket* target = configuration.bucket ? find_bucket(options.buckets, *configuration.bucket) : nullptr;
  if (target != nullptr && target->url()) {
    return *target->url() + "/";
  }
  return options.revocation.url.empty() ? std::nullopt : std::optional{options.revocation.url + "/"};
}

std::optional<std::string> AuthorityService::State::ocsp_url(const OcspConfiguration& configuration) const {
  if (configuration.custom_cname) {
    return "http://" + *configuration.custom_cname;
  }
  return options.revocation.url.empty() ? std::nullopt : std::optional{options.revocation.url + "/ocsp"};
}

void AuthorityService::State::check_revocation(const RevocationConfiguration& wanted) const {
  if (wanted.crl.enabled) {
    if (wanted.crl.bucket && find_bucket(options.buckets, *wanted.crl.bucket) == nullptr) {
      throw Error{Code::constraint_violation, "The daemon has no bucket named " + *wanted.crl.bucket +
                                                  ". Check your S3 bucket permissions and try again"};
    }
    if (!crl_base(wanted.crl)) {
      throw Error{Code::invalid_args, std::string{kNoUrl} + "CustomCname"};
    }
  }
  if (wanted.ocsp.enabled && !ocsp_url(wanted.ocsp)) {
    throw Error{Code::invalid_args, std::string{kNoUrl} + "OcspCustomCname"};
  }
}

AuthorityService::State::Pointers AuthorityService::State::pointers_for(const Authority& authority,
                                                                        const Template& tmpl) {
  Pointers found;
  if (tmpl.is_root) {
    return found;
  }
  const auto& [crl, ocsp] = authority.revocation;
  if (crl.enabled) {
    const auto base = crl_base(crl);
    if (!base) {
      throw Error{Code::invalid_state, std::string{kNoUrl} + "CustomCname"};
    }
    CrlSeries::Place place = crl_series.next(authority.record.arn, authority.record.key_number, crl, *base);
    found.crl = NamedCrl{std::move(place.name), crl.bucket.value_or(""), std::move(place.key)};
    found.fresh_crl = place.fresh;
    if (!crl.omit_extension) {
      found.uris.crl_uri = std::move(place.uri);
    }
  }
  if (ocsp.enabled) {
    found.uris.ocsp_uri = ocsp_url(ocsp);
  }
  if (options.revocation.ca_issuers && !options.revocation.url.empty()) {
    found.uris.ca_issuers_uri = options.revocation.url + "/ca/" +
                                KeyName{authority.record.arn.id, authority.record.key_number}.text() + ".cer";
  }
  const auto name_published = [](const std::string& uri, std::optional<std::string>& pointer) {
    if (!pointer && !uri.empty()) {
      pointer = uri;
    }
  };
  name_published(options.revocation.published_crl, found.uris.crl_uri);
  name_published(options.revocation.published_ca_issuers, found.uris.ca_issuers_uri);
  found.uris.no_rev_avail = options.revocation.no_rev_avail && !crl.enabled && !ocsp.enabled &&
                            authority.record.usage_mode == "SHORT_LIVED_CERTIFICATE";
  return found;
}

}  // namespace ca
