// Key-value state in memory, answered at once on the caller's thread.
#pragma once

#include <map>

#include "base/mutex.hpp"
#include "journal/key_values.hpp"

namespace modhost::test {

class FakeKeyValues final : public journal::KeyValues {
 public:
  Result<journal::KeyValue> get(const std::string& module, const std::string& key) override {
    MutexLock lock(mutex_);
    if (failure_) return *failure_;
    const auto found = values_.find({module, key});
    if (found == values_.end()) return not_found("there is no such key");
    return journal::KeyValue{key, found->second.value, found->second.version};
  }
  Result<std::vector<journal::KeyValue>> keys(const std::string& module, const std::string& prefix) override {
    MutexLock lock(mutex_);
    if (failure_) return *failure_;
    std::vector<journal::KeyValue> found;
    for (const auto& [name, value] : values_)
      if (name.first == module && name.second.starts_with(prefix)) found.push_back({name.second, {}, value.version});
    return found;
  }
  void change(journal::KeyChange change, Changed done) override { done(apply(change)); }

  void fail_with(Error error) {
    MutexLock lock(mutex_);
    failure_ = std::move(error);
  }
  [[nodiscard]] std::chrono::milliseconds last_lifetime() const { return lifetime_; }

 private:
  Result<std::uint64_t> apply(const journal::KeyChange& change) {
    MutexLock lock(mutex_);
    if (failure_) return *failure_;
    lifetime_ = change.lifetime;
    auto& value = values_[{change.module, change.key}];
    const bool is_other = change.expected != journal::kAnyVersion && change.expected != value.version;
    const bool is_nothing = !change.value && value.version == journal::kAbsent;
    if (is_other || is_nothing) {
      if (value.version == journal::kAbsent) values_.erase({change.module, change.key});
      return is_other ? Error{Code::kConflict, "the key has another version"} : not_found("there is no such key");
    }
    if (!change.value) {
      const std::uint64_t version = value.version;
      values_.erase({change.module, change.key});
      return version;
    }
    value = {change.key, *change.value, ++last_version_};
    return last_version_;
  }

  Mutex mutex_;
  std::map<std::pair<std::string, std::string>, journal::KeyValue> values_ GUARDED_BY(mutex_);
  std::optional<Error> failure_ GUARDED_BY(mutex_);
  std::uint64_t last_version_ GUARDED_BY(mutex_) = 0;
  std::chrono::milliseconds lifetime_{0};
};

}  // namespace modhost::test
