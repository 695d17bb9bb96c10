#include "ca/revocation/ocsp_directory.hpp"

#include <mutex>

namespace ca {
namespace {

std::string issuer_text(Digest algorithm, ByteView name_hash, ByteView key_hash) {
  std::string text(1, static_cast<char>('0' + static_cast<int>(algorithm)));
  text.append(name_hash.begin(), name_hash.end());
  text.append(key_hash.begin(), key_hash.end());
  return text;
}

std::vector<std::string> issuers_of(const OcspAuthority& authority) {
  std::vector<std::string> texts;
  for (const Digest algorithm : {Digest::sha1, Digest::sha256, Digest::sha384, Digest::sha512}) {
    texts.push_back(issuer_text(algorithm, digest(algorithm, authority.name.der()),
                                digest(algorithm, authority.key.key_octets())));
  }
  return texts;
}

}  // namespace

OcspDirectory::Slot* OcspDirectory::newer(const AuthorityArn& arn, std::uint64_t version) {
  Slot& slot = by_arn_[arn.text()];
  if (!slot.tally) {
    slot.tally = std::make_shared<OcspTally>();
  } else if (version < slot.version) {
    return nullptr;
  }
  slot.version = version;
  return &slot;
}

void OcspDirectory::clear(Slot& slot) {
  for (const std::string& issuer : slot.issuers) {
    by_issuer_.erase(issuer);
  }
  slot.issuers.clear();
  slot.entry.reset();
}

void OcspDirectory::put(OcspAuthority authority) {
  std::vector<std::string> issuers = issuers_of(authority);
  const std::unique_lock lock{mutex_};
  Slot* slot = newer(authority.arn, authority.version);
  if (slot == nullptr) {
    return;
  }
  clear(*slot);
  slot->entry = std::make_shared<const Entry>(Entry{std::move(authority), slot->tally});
  slot->issuers = std::move(issuers);
  for (const std::string& issuer : slot->issuers) {
    by_issuer_[issuer] = slot->entry;
  }
}

void OcspDirectory::remove(const AuthorityArn& arn, std::uint64_t version) {
  const std::unique_lock lock{mutex_};
  if (Slot* slot = newer(arn, version)) {
    clear(*slot);
  }
}

std::shared_ptr<const OcspDirectory::Entry> OcspDirectory::find(const CertId& id) const {
  const auto algorithm = digest_from_oid(id.hash_algorithm);
  if (!algorithm) {
    return nullptr;
  }
  const std::string issuer = issuer_text(*algorithm, id.issuer_name_hash, id.issuer_key_hash);
  const std::shared_lock lock{mutex_};
  const auto found = by_issuer_.find(issuer);
  return found == by_issuer_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<const OcspDirectory::Entry>> OcspDirectory::all() const {
  const std::shared_lock lock{mutex_};
  std::vector<std::shared_ptr<const Entry>> entries;
  for (const auto& [arn, slot] : by_arn_) {
    if (slot.entry) {
      entries.push_back(slot.entry);
    }
  }
  return entries;
}

}  // namespace ca
