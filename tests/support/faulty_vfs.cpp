#include "support/faulty_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace modhost::test {

constexpr std::size_t kSectorBytes = 512;

// A write, or a new length, that no sync has covered.
struct Change {
  std::size_t offset = 0;
  std::string bytes;
  bool is_length = false;  // the offset is where the file ends now
};

// One file as the disk has it.
struct Image {
  std::string durable;
  std::vector<Change> dirty;
};

void apply(const Change& change, std::string& file) {
  const std::size_t end = change.offset + change.bytes.size();
  if (change.is_length || file.size() < end) file.resize(end);
  std::memcpy(file.data() + change.offset, change.bytes.data(), change.bytes.size());
}

struct FaultyVfs::Impl {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  std::string name;
  mutable std::mutex mutex;
  std::map<std::string, Image> images;
  bool fail_syncs = false, fail_writes = false, fail_reads = false;
  int good_syncs = -1;  // until one fails; negative: never
  std::int64_t free_bytes = -1;
  std::uint64_t syncs = 0, failures = 0;
  std::uint64_t operations = 0;
  std::uint64_t fails_at = 0;  // the number of an operation; 0: none
  Fault fault = Fault::kError;
  std::uint64_t goes_off_at = UINT64_MAX;  // power
  bool holds_syncs = false;
  int held_syncs = 0;
  std::condition_variable changed;

  // Counts an operation that changes the disk; what it answers instead of being done, or SQLITE_OK.
  int begin(int error) {
    ++operations;
    if (is_off()) return error;
    if (operations != fails_at) return SQLITE_OK;
    ++failures;
    return fault == Fault::kFull && error == SQLITE_IOERR_WRITE ? SQLITE_FULL : error;
  }
  [[nodiscard]] bool is_off() const { return operations >= goes_off_at; }
};

namespace {

struct File {
  sqlite3_file base;
  FaultyVfs::Impl* disk;
  std::string* name;
  sqlite3_file* real;  // directly behind this struct
};

File* of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* real(sqlite3_file* file) { return of(file)->real; }
Image& image(sqlite3_file* file) { return of(file)->disk->images[*of(file)->name]; }

int close(sqlite3_file* file) {
  const int status = real(file)->pMethods->xClose(real(file));
  delete std::exchange(of(file)->name, nullptr);
  return status;
}

int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
  {
    const std::lock_guard lock(of(file)->disk->mutex);
    if (of(file)->disk->fail_reads) return SQLITE_IOERR_READ;
  }
  return real(file)->pMethods->xRead(real(file), bytes, size, offset);
}

void remember(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  const std::string_view written(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
  image(file).dirty.push_back({static_cast<std::size_t>(offset), std::string(written), false});
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  FaultyVfs::Impl& disk = *of(file)->disk;
  const std::lock_guard lock(disk.mutex);
  const bool was_off = disk.is_off();
  const int refusal = disk.begin(SQLITE_IOERR_WRITE);
  // What is under way when the power goes may be there in parts.
  if (refusal != SQLITE_OK && !was_off && disk.is_off()) remember(file, bytes, size, offset);
  if (refusal != SQLITE_OK) return refusal;
  if (disk.fail_writes) {
    ++disk.failures;
    return SQLITE_IOERR_WRITE;
  }
  sqlite3_int64 now = 0;
  if (const int status = real(file)->pMethods->xFileSize(real(file), &now); status != SQLITE_OK) return status;
  const std::int64_t growth = std::max<std::int64_t>(0, offset + size - now);
  if (disk.free_bytes >= 0 && growth > disk.free_bytes) {
    ++disk.failures;
    return SQLITE_FULL;
  }
  if (disk.free_bytes >= 0) disk.free_bytes -= growth;
  remember(file, bytes, size, offset);
  return real(file)->pMethods->xWrite(real(file), bytes, size, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  FaultyVfs::Impl& disk = *of(file)->disk;
  const std::lock_guard lock(disk.mutex);
  if (const int refusal = disk.begin(SQLITE_IOERR_TRUNCATE); refusal != SQLITE_OK) return refusal;
  sqlite3_int64 now = 0;
  if (const int status = real(file)->pMethods->xFileSize(real(file), &now); status != SQLITE_OK) return status;
  if (disk.free_bytes >= 0 && now > size) disk.free_bytes += now - size;
  image(file).dirty.push_back({static_cast<std::size_t>(size), {}, true});
  return real(file)->pMethods->xTruncate(real(file), size);
}

// The real disk is not synced: nothing here outlives the test.
int sync(sqlite3_file* file, int) {
  FaultyVfs::Impl& disk = *of(file)->disk;
  std::unique_lock lock(disk.mutex);
  ++disk.held_syncs;
  disk.changed.notify_all();
  disk.changed.wait(lock, [&] { return !disk.holds_syncs; });
  --disk.held_syncs;
  ++disk.syncs;
  const int refusal = disk.begin(SQLITE_IOERR_FSYNC);
  if (disk.is_off()) return refusal;
  Image& pages = image(file);
  const bool fails = refusal != SQLITE_OK || disk.fail_syncs || disk.good_syncs == 0;
  if (disk.good_syncs >= 0) --disk.good_syncs;
  const auto dirty = std::exchange(pages.dirty, {});
  if (fails) {
    disk.failures += refusal == SQLITE_OK ? 1 : 0;
    return SQLITE_IOERR_FSYNC;
  }
  for (const Change& change : dirty) apply(change, pages.durable);
  return SQLITE_OK;
}

const sqlite3_io_methods kMethods = {
    2,
    close,
    read,
    write,
    truncate,
    sync,
    [](sqlite3_file* file, sqlite3_int64* size) { return real(file)->pMethods->xFileSize(real(file), size); },
    [](sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); },
    [](sqlite3_file* file, int level) { return real(file)->pMethods->xUnlock(real(file), level); },
    [](sqlite3_file* file, int* held) { return real(file)->pMethods->xCheckReservedLock(real(file), held); },
    [](sqlite3_file* file, int op, void* argument) {
      if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE) return static_cast<int>(SQLITE_NOTFOUND);
      return real(file)->pMethods->xFileControl(real(file), op, argument);
    },
    [](sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); },
    [](sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); },
    [](sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
      return real(file)->pMethods->xShmMap(real(file), page, size, extend, memory);
    },
    [](sqlite3_file* file, int at, int count, int flags) {
      return real(file)->pMethods->xShmLock(real(file), at, count, flags);
    },
    [](sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); },
    [](sqlite3_file* file, int remove) { return real(file)->pMethods->xShmUnmap(real(file), remove); },
    nullptr,
    nullptr};

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* flags_out) {
  auto* const disk = static_cast<FaultyVfs::Impl*>(vfs->pAppData);
  File* const opened = of(file);
  opened->base.pMethods = nullptr;
  opened->disk = disk;
  opened->real = reinterpret_cast<sqlite3_file*>(opened + 1);
  const int status = disk->real->xOpen(disk->real, path, opened->real, flags, flags_out);
  if (status != SQLITE_OK) return status;
  opened->base.pMethods = &kMethods;
  opened->name = new std::string(path == nullptr ? "temporary" : std::filesystem::path(path).filename().string());
  return SQLITE_OK;
}

}  // namespace

FaultyVfs::FaultyVfs() : impl_(std::make_unique<Impl>()) {
  impl_->real = sqlite3_vfs_find(nullptr);
  impl_->vfs = *impl_->real;
  impl_->name = "faulty-" + std::to_string(reinterpret_cast<std::uintptr_t>(this));
  impl_->vfs.zName = impl_->name.c_str();
  impl_->vfs.pAppData = impl_.get();
  impl_->vfs.pNext = nullptr;
  impl_->vfs.szOsFile = static_cast<int>(sizeof(File)) + impl_->real->szOsFile;
  impl_->vfs.xOpen = open;
  // The others take the real VFS from pAppData of their own: pass it on.
  impl_->vfs.xDelete = [](sqlite3_vfs* vfs, const char* path, int sync_folder) {
    auto* const disk = static_cast<Impl*>(vfs->pAppData);
    {
      const std::lock_guard lock(disk->mutex);
      if (const int refusal = disk->begin(SQLITE_IOERR_DELETE); refusal != SQLITE_OK) return refusal;
      disk->images.erase(std::filesystem::path(path).filename().string());
    }
    return disk->real->xDelete(disk->real, path, sync_folder);
  };
  impl_->vfs.xAccess = [](sqlite3_vfs* vfs, const char* path, int flags, int* result) {
    auto* const disk = static_cast<Impl*>(vfs->pAppData);
    return disk->real->xAccess(disk->real, path, flags, result);
  };
  impl_->vfs.xFullPathname = [](sqlite3_vfs* vfs, const char* path, int size, char* full) {
    auto* const disk = static_cast<Impl*>(vfs->pAppData);
    return disk->real->xFullPathname(disk->real, path, size, full);
  };
  sqlite3_vfs_register(&impl_->vfs, 0);
}

FaultyVfs::~FaultyVfs() { sqlite3_vfs_unregister(&impl_->vfs); }

const std::string& FaultyVfs::name() const { return impl_->name; }

void FaultyVfs::fail_syncs(bool on) {
  const std::lock_guard lock(impl_->mutex);
  impl_->fail_syncs = on;
}

void FaultyVfs::fail_writes(bool on) {
  const std::lock_guard lock(impl_->mutex);
  impl_->fail_writes = on;
}

void FaultyVfs::fail_reads(bool on) {
  const std::lock_guard lock(impl_->mutex);
  impl_->fail_reads = on;
}

void FaultyVfs::fail_one_sync_after(int count) {
  const std::lock_guard lock(impl_->mutex);
  impl_->good_syncs = count;
}

void FaultyVfs::set_free_bytes(std::int64_t bytes) {
  const std::lock_guard lock(impl_->mutex);
  impl_->free_bytes = bytes;
}

std::uint64_t FaultyVfs::syncs() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->syncs;
}

std::uint64_t FaultyVfs::failures() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->failures;
}

std::uint64_t FaultyVfs::operations() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->operations;
}

void FaultyVfs::fail_operation(std::uint64_t from_now, Fault fault) {
  const std::lock_guard lock(impl_->mutex);
  impl_->fails_at = impl_->operations + from_now;
  impl_->fault = fault;
}

void FaultyVfs::cut_power(std::uint64_t from_now) {
  const std::lock_guard lock(impl_->mutex);
  impl_->goes_off_at = impl_->operations + from_now;
}

bool FaultyVfs::is_off() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->is_off();
}

void FaultyVfs::hold_syncs(bool on) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->holds_syncs = on;
  }
  impl_->changed.notify_all();
}

void FaultyVfs::await_held_sync() const {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait(lock, [&] { return impl_->held_syncs > 0; });
}

void FaultyVfs::save_after_power_cut(const std::filesystem::path& dir, std::mt19937& random) const {
  std::filesystem::create_directories(dir);
  const std::lock_guard lock(impl_->mutex);
  for (const auto& [name, pages] : impl_->images) {
    std::string file = pages.durable;
    // Often nothing of it, or all.
    std::bernoulli_distribution arrived(std::clamp(std::uniform_real_distribution(-0.5, 1.5)(random), 0.0, 1.0));
    for (const Change& change : pages.dirty) {
      if (change.is_length) {
        if (arrived(random)) apply(change, file);
        continue;
      }
      for (std::size_t at = 0; at < change.bytes.size();) {
        // Sectors of the file, not of the write.
        const std::size_t begin = change.offset + at;
        const std::size_t size = std::min(kSectorBytes - begin % kSectorBytes, change.bytes.size() - at);
        if (arrived(random)) apply({begin, change.bytes.substr(at, size), false}, file);
        at += size;
      }
    }
    std::ofstream(dir / name, std::ios::binary) << file;
  }
}

void FaultyVfs::save_durable(const std::filesystem::path& dir) const {
  std::filesystem::create_directories(dir);
  const std::lock_guard lock(impl_->mutex);
  for (const auto& [name, pages] : impl_->images) std::ofstream(dir / name, std::ios::binary) << pages.durable;
}

}  // namespace modhost::test
