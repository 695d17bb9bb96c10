#include "tests/integration/ledger/fault_vfs.hpp"

#include <filesystem>
#include <fstream>
#include <limits>
#include <new>
#include <utility>

namespace test {

// What SQLite holds for an open file: ours first, the real one behind it.
struct FaultFile {
  sqlite3_file base;
  FaultVfs* owner;
  bool counted;
  std::string path;

  [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  static FaultFile& of(sqlite3_file* file) { return *reinterpret_cast<FaultFile*>(file); }

  static int close(sqlite3_file* file) {
    FaultFile& self = of(file);
    const int code = self.real()->pMethods->xClose(self.real());
    self.path.~basic_string();
    return code;
  }
  static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    return of(file).real()->pMethods->xRead(of(file).real(), to, size, offset);
  }
  static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    FaultFile& self = of(file);
    bool effect = true;
    const int fault = self.counted ? self.owner->enter("write", self.path, effect) : SQLITE_OK;
    if (!effect) {
      return fault;
    }
    const int code = self.real()->pMethods->xWrite(self.real(), from, size, offset);
    if (code == SQLITE_OK && self.counted) {
      self.owner->wrote(self.path,
                        {false, static_cast<std::size_t>(offset),
                         std::string{static_cast<const char*>(from), static_cast<std::size_t>(size)}});
    }
    return fault != SQLITE_OK ? fault : code;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    FaultFile& self = of(file);
    bool effect = true;
    const int fault = self.counted ? self.owner->enter("truncate", self.path, effect) : SQLITE_OK;
    if (!effect) {
      return fault;
    }
    const int code = self.real()->pMethods->xTruncate(self.real(), size);
    if (code == SQLITE_OK && self.counted) {
      self.owner->wrote(self.path, {true, static_cast<std::size_t>(size), {}});
    }
    return fault != SQLITE_OK ? fault : code;
  }
  static int sync(sqlite3_file* file, int) {
    FaultFile& self = of(file);
    bool effect = true;
    const int fault = self.counted ? self.owner->enter("sync", self.path, effect) : SQLITE_OK;
    if (!effect) {
      return fault;
    }
    // Not passed on: the object itself is the disk that a power cut leaves, and real syncs only cost the
    // tests time.
    if (self.counted) {
      self.owner->synced(self.path);
    }
    return fault;
  }
  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return of(file).real()->pMethods->xFileSize(of(file).real(), size);
  }
  static int lock(sqlite3_file* file, int level) {
    return of(file).real()->pMethods->xLock(of(file).real(), level);
  }
  static int unlock(sqlite3_file* file, int level) {
    return of(file).real()->pMethods->xUnlock(of(file).real(), level);
  }
  static int check_reserved(sqlite3_file* file, int* result) {
    return of(file).real()->pMethods->xCheckReservedLock(of(file).real(), result);
  }
  static int control(sqlite3_file* file, int operation, void* argument) {
    return of(file).real()->pMethods->xFileControl(of(file).real(), operation, argument);
  }
  static int sector_size(sqlite3_file* file) {
    return of(file).real()->pMethods->xSectorSize(of(file).real());
  }
  static int characteristics(sqlite3_file* file) {
    return of(file).real()->pMethods->xDeviceCharacteristics(of(file).real());
  }
  static int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** to) {
    return of(file).real()->pMethods->xShmMap(of(file).real(), region, size, extend, to);
  }
  static int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    return of(file).real()->pMethods->xShmLock(of(file).real(), offset, count, flags);
  }
  static void shm_barrier(sqlite3_file* file) { of(file).real()->pMethods->xShmBarrier(of(file).real()); }
  static int shm_unmap(sqlite3_file* file, int remove) {
    return of(file).real()->pMethods->xShmUnmap(of(file).real(), remove);
  }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    auto* owner = static_cast<FaultVfs*>(vfs->pAppData);
    auto* self = reinterpret_cast<FaultFile*>(file);
    self->base.pMethods = nullptr;
    const int code = owner->real_->xOpen(owner->real_, path, self->real(), flags, out_flags);
    if (code != SQLITE_OK) {
      return code;
    }
    static const sqlite3_io_methods kMethods{2,
                                             &close,
                                             &read,
                                             &write,
                                             &truncate,
                                             &sync,
                                             &file_size,
                                             &lock,
                                             &unlock,
                                             &check_reserved,
                                             &control,
                                             &sector_size,
                                             &characteristics,
                                             &shm_map,
                                             &shm_lock,
                                             &shm_barrier,
                                             &shm_unmap,
                                             nullptr,
                                             nullptr};
    self->base.pMethods = &kMethods;
    self->owner = owner;
    self->counted = path != nullptr;  // the files of the store; nameless ones are SQLite's scratch
    new (&self->path) std::string{path != nullptr ? path : ""};
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    auto* owner = static_cast<FaultVfs*>(vfs->pAppData);
    const int code = owner->real_->xDelete(owner->real_, path, sync_folder);
    if (code == SQLITE_OK) {
      owner->removed(path);
    }
    return code;
  }
};

FaultVfs::FaultVfs() : real_{sqlite3_vfs_find(nullptr)}, vfs_{*real_} {
  vfs_.zName = "chancery-test-faults";
  vfs_.pNext = nullptr;
  vfs_.pAppData = this;
  vfs_.szOsFile = static_cast<int>(sizeof(FaultFile)) + real_->szOsFile;
  vfs_.xOpen = &FaultFile::open;
  vfs_.xDelete = &FaultFile::remove;
  sqlite3_vfs_register(&vfs_, 1);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }

void FaultVfs::arm(const Fault& fault) {
  const std::lock_guard lock{mutex_};
  fault_ = fault;
  calls_ = 0;
  names_.clear();
}

void FaultVfs::disarm() { arm({.first = 0, .calls = 0}); }

std::uint64_t FaultVfs::calls() const {
  const std::lock_guard lock{mutex_};
  return calls_;
}

std::string FaultVfs::name_of_call(std::uint64_t k) const {
  const std::lock_guard lock{mutex_};
  return k >= 1 && k <= names_.size() ? names_[k - 1] : "";
}

void FaultVfs::before_call(std::uint64_t k, std::function<void()> run) {
  const std::lock_guard lock{mutex_};
  hook_at_ = calls_ + k;
  hook_ = std::move(run);
}

int FaultVfs::enter(const std::string& what, const std::string& path, bool& effect) {
  std::function<void()> hook;
  int code = SQLITE_OK;
  {
    const std::lock_guard lock{mutex_};
    ++calls_;
    names_.push_back(what + " " + std::filesystem::path{path}.filename().string());
    const bool fails = fault_.first != 0 && calls_ >= fault_.first && calls_ - fault_.first < fault_.calls;
    code = fails ? fault_.code : SQLITE_OK;
    effect = !fails || fault_.takes_effect;
    if (hook_ && calls_ == hook_at_) {
      hook = std::exchange(hook_, nullptr);
    }
  }
  if (hook) {
    hook();
  }
  return code;
}

void FaultVfs::apply(std::string& content, const Change& change) {
  if (change.truncate) {
    content.resize(change.offset);
    return;
  }
  content.resize(std::max(content.size(), change.offset + change.bytes.size()));
  content.replace(change.offset, change.bytes.size(), change.bytes);
}

void FaultVfs::wrote(const std::string& path, Change change) {
  const std::lock_guard lock{mutex_};
  contents_[path].unsynced.push_back(std::move(change));
}

void FaultVfs::synced(const std::string& path) {
  const std::lock_guard lock{mutex_};
  Content& content = contents_[path];
  for (const Change& change : content.unsynced) {
    apply(content.durable, change);
  }
  content.unsynced.clear();
  content.ever_synced = true;
}

void FaultVfs::removed(const std::string& path) {
  const std::lock_guard lock{mutex_};
  contents_.erase(path);
}

void FaultVfs::write_remains(const std::string& folder, After after, std::mt19937& random) const {
  static constexpr std::size_t kSector = 512;
  const std::lock_guard lock{mutex_};
  for (const auto& [path, content] : contents_) {
    std::string remains = content.durable;
    for (const Change& change : content.unsynced) {
      if (after == After::process_killed) {
        apply(remains, change);
      } else if (after == After::torn_power_cut) {
        for (std::size_t at = 0; at < change.bytes.size(); at += kSector) {
          if (random() % 2 == 0) {
            apply(remains, {false, change.offset + at, change.bytes.substr(at, kSector)});
          }
        }
        if (change.truncate && random() % 2 == 0) {
          apply(remains, change);
        }
      }
    }
    const bool exists = content.ever_synced || after == After::process_killed || !remains.empty();
    if (exists) {
      std::ofstream{std::filesystem::path{folder} / std::filesystem::path{path}.filename(), std::ios::binary}
          << remains;
    }
  }
}

}  // namespace test
