// Small durable state of modules, in the journal's file: key to value with compare-and-set and expiry. Not a database.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace modhost::journal {

// Of one module; then a change is answered kFull.
inline constexpr std::size_t kKeyBytesMax = 512;
inline constexpr std::size_t kValueBytesMax = 64 * 1024;
inline constexpr std::uint64_t kKeysMax = 10'000;
inline constexpr std::uint64_t kKeyValueBytesMax = 16ull << 20;  // keys and values together

inline constexpr std::size_t kCheckpointBytesMax = 64 * 1024;  // one blob an event: a place to go on from, not a store

inline constexpr std::uint64_t kAnyVersion = std::numeric_limits<std::uint64_t>::max();
inline constexpr std::uint64_t kAbsent = 0;

struct KeyValue {
  std::string key, value;     // value is empty in a list
  std::uint64_t version = 0;  // no two changes in this journal have the same
};

struct KeyChange {
  std::string module, key;
  std::optional<std::string> value;       // nothing: the key goes
  std::uint64_t expected = kAnyVersion;   // what is there now, kAbsent for nothing
  std::chrono::milliseconds lifetime{0};  // 0: for good
};

class KeyValues {
 public:
  using Changed = std::function<void(Result<std::uint64_t>)>;

  virtual ~KeyValues() = default;

  // kNotFound when there is none or it has expired. Blocks on the disk. [any]
  virtual Result<KeyValue> get(const std::string& module, const std::string& key) = 0;
  // Keys that begin with `prefix`, in their order, without values. Blocks on the disk. [any]
  virtual Result<std::vector<KeyValue>> keys(const std::string& module, const std::string& prefix) = 0;
  // `done` runs exactly once, on the journal's thread after the commit, with the new version: kConflict when another
  // version is there, kNotFound for the removal of nothing, kInvalid, kFull; kUnavailable when the disk fails. [any]
  virtual void change(KeyChange change, Changed done) = 0;
};

}  // namespace modhost::journal
