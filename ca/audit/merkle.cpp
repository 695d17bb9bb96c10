#include "ca/audit/merkle.hpp"

#include <bit>

#include "ca/base/error.hpp"

namespace ca {
namespace {

constexpr std::uint8_t kLeafPrefix = 0x00;
constexpr std::uint8_t kNodePrefix = 0x01;

Sha256 node_hash(const Sha256& left, const Sha256& right) {
  std::array<std::uint8_t, 1 + 2 * sizeof(Sha256)> input{kNodePrefix};
  std::copy(left.begin(), left.end(), input.begin() + 1);
  std::copy(right.begin(), right.end(), input.begin() + 1 + sizeof(Sha256));
  return sha256(input);
}

}  // namespace

Sha256 leaf_hash(std::string_view line) {
  Bytes input;
  input.reserve(line.size() + 1);
  input.push_back(kLeafPrefix);
  input.insert(input.end(), line.begin(), line.end());
  return sha256(input);
}

MerkleFrontier MerkleFrontier::restore(std::uint64_t size, ByteView concatenated_hashes) {
  const auto expected = static_cast<std::size_t>(std::popcount(size)) * sizeof(Sha256);
  if (concatenated_hashes.size() != expected) {
    throw Error{Code::internal, "the stored audit frontier of " + std::to_string(size) + " events has " +
                                    std::to_string(concatenated_hashes.size()) + " bytes; it must have " +
                                    std::to_string(expected)};
  }
  MerkleFrontier frontier;
  frontier.size_ = size;
  frontier.hashes_.resize(expected / sizeof(Sha256));
  std::size_t offset = 0;
  for (Sha256& hash : frontier.hashes_) {
    const ByteView part = concatenated_hashes.subspan(offset, sizeof(Sha256));
    std::copy(part.begin(), part.end(), hash.begin());
    offset += sizeof(Sha256);
  }
  return frontier;
}

void MerkleFrontier::append(const Sha256& leaf) {
  Sha256 joined = leaf;
  // Each trailing one bit of the old size is a perfect subtree that the new leaf completes.
  for (std::uint64_t rest = size_; (rest & 1U) != 0; rest >>= 1U) {
    joined = node_hash(hashes_.back(), joined);
    hashes_.pop_back();
  }
  hashes_.push_back(joined);
  ++size_;
}

Sha256 MerkleFrontier::root() const {
  if (hashes_.empty()) {
    return sha256({});
  }
  Sha256 root = hashes_.back();
  for (auto left = hashes_.rbegin() + 1; left != hashes_.rend(); ++left) {
    root = node_hash(*left, root);
  }
  return root;
}

Bytes MerkleFrontier::stored() const {
  Bytes bytes;
  bytes.reserve(hashes_.size() * sizeof(Sha256));
  for (const Sha256& hash : hashes_) {
    bytes.insert(bytes.end(), hash.begin(), hash.end());
  }
  return bytes;
}

}  // namespace ca
