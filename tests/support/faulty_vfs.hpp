// A disk for SQLite that fails when told to, and that remembers what a loss of power leaves: what a successful sync has
// covered, and any part of the rest. A failed sync forgets the dirty pages, as kernels do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
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

  // A sync that begins waits until they are let go. await_held_sync() returns when one waits.
  void hold_syncs(bool on);
  void await_held_sync() const;

  // Operations are writes, truncations, syncs and deletions, of all files together.
  [[nodiscard]] std::uint64_t operations() const;
  // The operation with this number from now on fails, once.
  enum class Fault { kError, kFull };  // kFull: a write finds the disk full, others fail
  void fail_operation(std::uint64_t from_now, Fault fault);
  // From that operation on nothing reaches the disk any more: it and all after it fail.
  void cut_power(std::uint64_t from_now);
  [[nodiscard]] bool is_off() const;

  [[nodiscard]] std::uint64_t syncs() const;
  [[nodiscard]] std::uint64_t failures() const;

  // Writes what is durable of every file into `dir` under its name.
  void save_durable(const std::filesystem::path& dir) const;

  // What may be left after a loss of power: of what no sync has covered, each sector is there or not.
  void save_after_power_cut(const std::filesystem::path& dir, std::mt19937& random) const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace modhost::test
