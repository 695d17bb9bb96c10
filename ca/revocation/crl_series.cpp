#include "ca/revocation/crl_series.hpp"

#include "ca/base/error.hpp"
#include "ca/base/key_name.hpp"
#include "ca/revocation/crl_places.hpp"

namespace ca {
namespace {

AuditEvent opened(const CrlRecord& crl) {
  AuditEvent event = system_event("crl.opened", crl.authority);
  event.detail = {{"crl", crl.name}, {"key", crl.key}, {"uri", crl.uri}};
  return event;
}

std::string complete_name(const AuthorityArn& authority, std::uint64_t key_number) {
  return KeyName{authority.id, key_number}.text();
}

}  // namespace

CrlSeries::CrlSeries(Ledger& ledger, Inventory& inventory, std::uint64_t partition_size)
    : ledger_{ledger}, inventory_{inventory}, partition_size_{partition_size} {}

CrlSeries::Place CrlSeries::next(const AuthorityArn& authority, std::uint64_t key_number,
                                 const CrlConfiguration& configuration, const std::string& base) {
  if (configuration.type == CrlType::complete) {
    const bool fresh = open_complete(authority, key_number, configuration);
    std::string name = complete_name(authority, key_number);
    const std::string key = crl_key(configuration, name);
    return {std::move(name), key, base + key, fresh};
  }
  const std::lock_guard lock{mutex_};
  Book& book = book_of(authority, key_number);
  const bool fits = book.partition && book.taken < partition_size_ &&
                    book.partition->uri == base + crl_key(configuration, book.partition->name);
  if (!fits) {
    const std::string name = random_uuid();
    CrlRecord crl{.authority = authority, .name = name, .key_number = key_number};
    crl.key = crl_key(configuration, name);
    crl.uri = base + crl.key;
    open(crl);
    book.partition = std::move(crl);
    book.taken = 0;
  }
  ++book.taken;
  return {book.partition->name, book.partition->key, book.partition->uri, !fits};
}

void CrlSeries::give_back(const AuthorityArn& authority, std::uint64_t key_number, const std::string& name) {
  const std::lock_guard lock{mutex_};
  const auto book = books_.find({authority.text(), key_number});
  if (book != books_.end() && book->second.partition && book->second.partition->name == name) {
    --book->second.taken;
  }
}

bool CrlSeries::open_complete(const AuthorityArn& authority, std::uint64_t key_number,
                              const CrlConfiguration& configuration) {
  const std::lock_guard lock{mutex_};
  Book& book = book_of(authority, key_number);
  const bool fresh = !book.complete;
  if (fresh) {
    const std::string name = complete_name(authority, key_number);
    open({.authority = authority,
          .name = name,
          .key_number = key_number,
          .complete = true,
          .key = crl_key(configuration, name)});
    book.complete = true;
  }
  return fresh;
}

CrlSeries::Book& CrlSeries::book_of(const AuthorityArn& authority, std::uint64_t key_number) {
  const auto [place, fresh] = books_.try_emplace({authority.text(), key_number});
  if (fresh) {
    try {
      for (CrlRecord& crl : inventory_.crls(authority)) {
        if (crl.key_number != key_number) {
          continue;
        }
        if (crl.complete) {
          place->second.complete = true;
        } else {
          place->second.taken = crl.certificates;
          place->second.partition = std::move(crl);
        }
      }
    } catch (...) {
      books_.erase(place);
      throw;
    }
  }
  return place->second;
}

void CrlSeries::open(const CrlRecord& crl) {
  const CommitResult result = committed(ledger_, {InsertCrl{crl}, {opened(crl)}});
  if (result.outcome != CommitResult::Outcome::applied && result.outcome != CommitResult::Outcome::existing) {
    throw Error{Code::internal, "the ledger does not know the authority of a CRL"};
  }
}

}  // namespace ca
