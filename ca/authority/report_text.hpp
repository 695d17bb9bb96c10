#pragma once
#include <string>

#include "ca/inventory/records.hpp"

namespace ca {

// An audit report in one of its two forms, piece by piece, so that one of any length takes little memory. The
// members, their order and the forms of their values are AWS's; requestedByServicePrincipal is always empty
// (JSON: left out), because no service of AWS asks here. UTF-8, lines end with LF. Pure.
class ReportText {
 public:
  explicit ReportText(ReportFormat format) : format_{format} {}

  [[nodiscard]] std::string begin() const;
  // One certificate, ISSUED or REVOKED.
  [[nodiscard]] std::string entry(const CertificateRecord& record);
  [[nodiscard]] std::string end() const;

 private:
  ReportFormat format_;
  bool first_ = true;
};

}  // namespace ca
