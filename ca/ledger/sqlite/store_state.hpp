#pragma once
#include "ca/ledger/sqlite/file_lock.hpp"
#include "ca/ledger/sqlite/open_files.hpp"
#include "ca/ledger/sqlite/reader_pool.hpp"
#include "ca/ledger/sqlite/sqlite_store.hpp"
#include "ca/ledger/sqlite/writer.hpp"

namespace ca {

// In the order in which they are made; they end the other way round.
struct SqliteStore::State {
  State(const SqliteStoreOptions& options, const Clock& clock);

  struct PrivateFile {
    PrivateFile(const std::string& path, bool was_here) {
      sqlite::refuse_lost_file(path, was_here);
      sqlite::make_private_file(path);
    }
  };
  sqlite::FileLock lock;
  PrivateFile file;
  sqlite::Writer writer;
  sqlite::ReaderPool readers;
};

}  // namespace ca
