#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "ca/audit/merkle.hpp"

namespace ca {

struct AuditLine {
  std::uint64_t seq;
  std::string line;
  Sha256 leaf;
};

// Reads of the audit log. Thread-safe.
class AuditLog {
 public:
  virtual ~AuditLog() = default;
  [[nodiscard]] virtual MerkleFrontier audit_head() = 0;
  [[nodiscard]] virtual std::vector<AuditLine> audit_lines(std::uint64_t from_seq, std::size_t limit) = 0;
};

}  // namespace ca
