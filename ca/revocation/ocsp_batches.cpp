#include "ca/revocation/ocsp_batches.hpp"

#include <algorithm>

#include "ca/base/error.hpp"
#include "ca/base/hex.hpp"

namespace ca {
namespace {

AuditEvent event_of(const AuthorityArn& arn, const std::string& type, const std::string& batch) {
  AuditEvent event = system_event(type, arn);
  event.detail = {{"batch", batch}};
  return event;
}

}  // namespace

// The open batch of the authority, joined; nullptr when there is none.
OcspBatches::Shared OcspBatches::join(const std::string& arn) {
  const std::lock_guard lock{mutex_};
  const auto found = open_.find(arn);
  if (found == open_.end()) {
    return nullptr;
  }
  if (is_over(*found->second)) {
    ended_.push_back(found->second);
    open_.erase(found);
    return nullptr;
  }
  ++found->second->under_way;
  return found->second;
}

OcspBatches::Part OcspBatches::begin(const AuthorityArn& arn, const OcspSigner& signer) {
  const std::string name = arn.text();
  if (Shared batch = join(name)) {
    return {*this, std::move(batch)};
  }
  const std::lock_guard one_at_a_time{opening_};
  if (Shared batch = join(name)) {
    return {*this, std::move(batch)};
  }
  auto batch = std::make_shared<Batch>();
  batch->id = random_uuid();
  batch->arn = arn;
  AuditEvent event = event_of(arn, "ocsp.signing", batch->id);
  event.detail["key"] = signer.key.uri;
  event.detail["certificate_sha256"] = to_hex(sha256(signer.certificate_der));
  (void)committed(ledger_, {AppendEvents{}, {std::move(event)}});
  batch->opened_at = clock_.now();
  batch->under_way = 1;
  const std::lock_guard lock{mutex_};
  open_[name] = batch;
  return {*this, std::move(batch)};
}

LedgerEntry OcspBatches::outcome_of(const Batch& batch) {
  AuditEvent event = event_of(batch.arn, "ocsp.signed", batch.id);
  event.detail["responses"] = std::to_string(batch.responses.size());
  event.detail["responses_root"] = to_hex(batch.responses.root());
  event.detail["failed"] = std::to_string(batch.failed);
  return {AppendEvents{}, {std::move(event)}};
}

bool OcspBatches::write_due(bool all) {
  std::vector<Shared> ready;
  bool left = false;
  {
    const std::lock_guard lock{mutex_};
    for (auto batch = open_.begin(); batch != open_.end();) {
      if (all || is_over(*batch->second)) {
        ended_.push_back(batch->second);
        batch = open_.erase(batch);
      } else {
        ++batch;
      }
    }
    for (const Shared& batch : ended_) {
      if (batch->under_way == 0) {
        ready.push_back(batch);
      }
    }
    left = ready.size() != ended_.size();
  }
  for (const Shared& batch : ready) {
    try {
      (void)committed(ledger_, outcome_of(*batch));
    } catch (const Error&) {
      return false;
    }
    const std::lock_guard lock{mutex_};
    std::erase(ended_, batch);
  }
  return !left;
}

void OcspBatches::Part::done(ByteView response_der) {
  const Sha256 leaf = leaf_hash(text_of(response_der));
  const std::lock_guard lock{owner_.mutex_};
  batch_->responses.append(leaf);
  done_ = true;
}

OcspBatches::Part::~Part() {
  const std::lock_guard lock{owner_.mutex_};
  batch_->failed += done_ ? 0 : 1;
  --batch_->under_way;
}

}  // namespace ca
