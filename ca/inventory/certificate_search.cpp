#include "ca/inventory/certificate_search.hpp"

namespace ca {
namespace {

bool issued_within(const CertificateFilter& filter, const std::optional<TimePoint>& issued_at) {
  if (!filter.issued_from && !filter.issued_before) {
    return true;
  }
  return issued_at && (!filter.issued_from || *issued_at >= *filter.issued_from) &&
         (!filter.issued_before || *issued_at < *filter.issued_before);
}

}  // namespace

bool fits(const CertificateFilter& filter, const CertificateSummary& certificate) {
  return (!filter.state || *filter.state == certificate.state) &&
         (!filter.template_name || *filter.template_name == certificate.template_name) &&
         (!filter.key_hash || *filter.key_hash == certificate.key_hash) &&
         issued_within(filter, certificate.issued_at);
}

}  // namespace ca
