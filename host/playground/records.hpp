// What the stand-in keeps of the smaller resources (memories, elicitations, folders, groups, tables, ...): JSON objects
// by kind and id, as the API shows them. Thread-safe.
#pragma once

#include <rapidjson/document.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/result.hpp"

namespace modhost::playground {

class Records {
 public:
  // Told of every change after it happened, never under the lock; `json` is the record.
  using Listener = std::function<void(std::string_view kind, const std::function<std::string()>& json)>;

  explicit Records(const Clock& clock, Listener listener = {}, std::size_t per_kind_max = 20'000)
      : clock_(clock), listener_(std::move(listener)), per_kind_max_(per_kind_max) {}

  enum class Times { kWith, kWithout };  // "createdAt" and "updatedAt" in the record

  // Replaces what has this id. `group` finds it again together with others: a chat, a sheet. The oldest of a kind makes
  // room.
  std::string put(const std::string& kind, const std::string& id, const std::string& group, const std::string& json,
                  Times times = Times::kWith);
  // Members of `changes` that are not null replace; `changes` must be an object. kNotFound.
  Result<std::string> merge(const std::string& kind, const std::string& id, const rapidjson::Value& changes);
  Result<std::string> remove(const std::string& kind, const std::string& id);  // what it was

  [[nodiscard]] Result<std::string> find(const std::string& kind, const std::string& id) const;
  [[nodiscard]] std::vector<std::string> list(const std::string& kind) const;  // oldest first
  [[nodiscard]] std::vector<std::string> list(const std::string& kind, const std::string& group) const;

  // JSON text of at most `bytes_max`: the newest that fit.
  [[nodiscard]] std::string snapshot(std::size_t bytes_max) const;
  void restore(std::string_view json);

 private:
  struct Record {
    std::string id, group, json;
  };
  struct Kind {
    std::map<std::uint64_t, Record> records;  // by number: oldest first
    std::unordered_map<std::string, std::uint64_t> number_of;
  };
  void keep(const std::string& kind, Record record) REQUIRES(mutex_);
  void tell(const std::string& kind, const std::string& json) const;

  const Clock& clock_;
  const Listener listener_;
  const std::size_t per_kind_max_;
  mutable Mutex mutex_;
  std::uint64_t last_number_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, Kind> kinds_ GUARDED_BY(mutex_);
};

}  // namespace modhost::playground
