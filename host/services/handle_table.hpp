// Handles a plugin may hold: 64-bit numbers of tag, generation and place. A stale, foreign or invented one is
// recognised, so using it harms nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/mutex.hpp"

namespace modhost::services {

using Handle = std::uint64_t;  // never 0

enum class HandleState { kLive, kGone, kInvalid };

// Thread-safe. `tag` is unique to one table, so a handle of another table is never a live one here.
template <class T>
class HandleTable {
 public:
  HandleTable(std::uint16_t tag, std::size_t capacity) : tag_(tag), capacity_(capacity) {}

  // A handle without an object yet; nothing when the table is full. fill() or erase() follows.
  std::optional<Handle> reserve() {
    MutexLock lock(mutex_);
    if (size_ >= capacity_) return std::nullopt;
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t index = free_.front();  // the one longest free: generations advance evenly
    free_.pop_front();
    ++size_;
    Slot& slot = slots_[index];
    slot.generation = slot.generation == kGenerationMax ? 1 : slot.generation + 1;
    slot.is_taken = true;
    return (Handle{tag_} << 48) | (Handle{slot.generation} << kIndexBits) | index;
  }

  void fill(Handle handle, std::shared_ptr<T> object) {
    MutexLock lock(mutex_);
    if (Slot* slot = taken(handle)) slot->object = std::move(object);
  }

  std::shared_ptr<T> find(Handle handle) {
    MutexLock lock(mutex_);
    Slot* slot = taken(handle);
    return slot != nullptr ? slot->object : nullptr;
  }

  // Why find() answers null.
  [[nodiscard]] HandleState state(Handle handle) {
    MutexLock lock(mutex_);
    const std::size_t index = handle & kIndexMask;
    const std::uint64_t generation = (handle >> kIndexBits) & kGenerationMax;
    if (handle >> 48 != tag_ || index >= slots_.size() || generation == 0) return HandleState::kInvalid;
    if (generation > slots_[index].generation) return HandleState::kInvalid;
    return taken(handle) != nullptr ? HandleState::kLive : HandleState::kGone;
  }

  // True: it was live until now.
  bool erase(Handle handle) {
    std::shared_ptr<T> freed_outside_the_lock;
    MutexLock lock(mutex_);
    Slot* slot = taken(handle);
    if (slot == nullptr) return false;
    freed_outside_the_lock.swap(slot->object);
    slot->is_taken = false;
    free_.push_back(static_cast<std::uint32_t>(handle & kIndexMask));
    --size_;
    lock.unlock();
    return true;
  }

  [[nodiscard]] std::size_t size() const {
    MutexLock lock(mutex_);
    return size_;
  }

  [[nodiscard]] std::vector<std::shared_ptr<T>> all() const {
    MutexLock lock(mutex_);
    std::vector<std::shared_ptr<T>> objects;
    objects.reserve(size_);
    for (const Slot& slot : slots_)
      if (slot.object) objects.push_back(slot.object);
    return objects;
  }

 private:
  static constexpr unsigned kIndexBits = 20;  // limits::kInFlightMax and kCallsMax fit
  static constexpr std::uint64_t kIndexMask = (1u << kIndexBits) - 1;
  static constexpr std::uint32_t kGenerationMax = (1u << 28) - 1;

  struct Slot {
    std::shared_ptr<T> object;
    std::uint32_t generation = 0;
    bool is_taken = false;
  };

  Slot* taken(Handle handle) REQUIRES(mutex_) {
    const std::size_t index = handle & kIndexMask;
    if (handle >> 48 != tag_ || index >= slots_.size()) return nullptr;
    Slot& slot = slots_[index];
    return slot.is_taken && slot.generation == ((handle >> kIndexBits) & kGenerationMax) ? &slot : nullptr;
  }

  const std::uint16_t tag_;
  const std::size_t capacity_;
  mutable Mutex mutex_;
  std::vector<Slot> slots_ GUARDED_BY(mutex_);
  std::deque<std::uint32_t> free_ GUARDED_BY(mutex_);
  std::size_t size_ GUARDED_BY(mutex_) = 0;
};

}  // namespace modhost::services
