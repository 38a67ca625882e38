// A disk for SQLite that fails when told to, and that remembers what a loss of power would leave: only what a
// successful sync has covered. A failed sync forgets the dirty pages, as kernels do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace modhost::test {

class FaultyVfs {
 public:
  FaultyVfs();
  ~FaultyVfs();  // after the last file on it is closed
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  // For the `vfs` option of a store.
  [[nodiscard]] const std::string& name() const;

  // All calls [any thread].
  void fail_syncs(bool on);
  void fail_writes(bool on);
  void fail_reads(bool on);
  // The next `count` syncs succeed, the one after fails, then they succeed again.
  void fail_one_sync_after(int count);
  // Files may grow by so many bytes more, then the disk is full; negative: no limit.
  void set_free_bytes(std::int64_t bytes);

  [[nodiscard]] std::uint64_t syncs() const;
  [[nodiscard]] std::uint64_t failures() const;

  // Writes what is durable of every file into `dir` under its name.
  void save_durable(const std::filesystem::path& dir) const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace modhost::test
