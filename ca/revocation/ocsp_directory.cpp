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

void OcspDirectory::put(const AuthorityArn& arn, std::uint64_t version, std::vector<OcspAuthority> keys) {
  std::vector<std::vector<std::string>> issuers;
  for (const OcspAuthority& key : keys) {
    issuers.push_back(issuers_of(key));
  }
  const std::unique_lock lock{mutex_};
  Slot& slot = by_arn_[arn.text()];
  if (!slot.unissued) {
    slot.unissued = std::make_shared<UnissuedSerials>();
  } else if (version < slot.version) {
    return;
  }
  slot.version = version;
  for (const std::string& issuer : slot.issuers) {
    by_issuer_.erase(issuer);
  }
  slot.issuers.clear();
  slot.entries.clear();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    slot.entries.push_back(std::make_shared<const Entry>(Entry{std::move(keys[i]), slot.unissued}));
    for (std::string& issuer : issuers[i]) {
      by_issuer_[issuer] = slot.entries.back();
      slot.issuers.push_back(std::move(issuer));
    }
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
    entries.insert(entries.end(), slot.entries.begin(), slot.entries.end());
  }
  return entries;
}

}  // namespace ca
