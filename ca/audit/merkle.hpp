#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "ca/base/digest.hpp"

namespace ca {

// RFC 6962, 2.1: leaf = SHA-256(0x00 || line), node = SHA-256(0x01 || left || right).
[[nodiscard]] Sha256 leaf_hash(std::string_view line);

// The right edge of the tree: the roots of its perfect subtrees, largest first (at most 64). A value.
class MerkleFrontier {
 public:
  MerkleFrontier() = default;
  // From the stored form. Throws Code::internal when the number of hashes does not fit the size.
  [[nodiscard]] static MerkleFrontier restore(std::uint64_t size, ByteView concatenated_hashes);

  void append(const Sha256& leaf);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Sha256 root() const;  // of the empty tree: SHA-256 of nothing
  [[nodiscard]] Bytes stored() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Sha256> hashes_;
};

}  // namespace ca
