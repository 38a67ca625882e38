#include "executor/watchdog.hpp"

#include <pthread.h>

#include <utility>

namespace modhost::executor {

Watchdog::Watchdog(const Clock& clock) : clock_(clock), thread_([this] { run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "watchdog");
}

Watchdog::~Watchdog() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

Watchdog::EntryId Watchdog::schedule(SteadyTime at, Callback callback) {
  MutexLock lock(mutex_);
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Slot& slot = slots_[index];
  ++slot.generation;
  slot.at = at;
  slot.callback = std::move(callback);
  heap_.push_back(index);
  place(index, heap_.size() - 1);
  sift_up(heap_.size() - 1);
  const bool is_earliest = heap_.front() == index;
  const EntryId id = (static_cast<EntryId>(slot.generation) << 32) | index;
  lock.unlock();
  if (is_earliest) changed_.notify_one();  // else the thread wakes early enough anyway
  return id;
}

bool Watchdog::cancel(EntryId entry) {
  const auto index = static_cast<std::uint32_t>(entry);
  Callback dropped;  // what it captured is freed outside the lock
  MutexLock lock(mutex_);
  if (index >= slots_.size()) return false;
  const Slot& slot = slots_[index];
  if (slot.position == kNowhere || slot.generation != static_cast<std::uint32_t>(entry >> 32)) return false;
  dropped = take(index);
  lock.unlock();
  return true;
}

void Watchdog::wake() { changed_.notify_one(); }

std::size_t Watchdog::size() const {
  MutexLock lock(mutex_);
  return heap_.size();
}

void Watchdog::run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    if (heap_.empty()) {
      lock.wait(changed_);
      continue;
    }
    const std::uint32_t earliest = heap_.front();
    const SteadyTime now = clock_.steady_now();
    if (slots_[earliest].at > now) {
      // The distance by our clock, waited for on the real one.
      const auto left = std::min<SteadyTime::duration>(slots_[earliest].at - now, std::chrono::hours(1));
      lock.wait_until(changed_, std::chrono::steady_clock::now() + left);
      continue;
    }
    Callback callback = take(earliest);
    lock.unlock();
    callback();
    callback = nullptr;
    lock.lock();
  }
}

// Removes a slot from the heap and frees it.
Watchdog::Callback Watchdog::take(std::uint32_t index) {
  const std::size_t position = slots_[index].position;
  const std::uint32_t last = heap_.back();
  heap_.pop_back();
  if (last != index) {
    place(last, position);
    sift_up(position);
    sift_down(slots_[last].position);
  }
  Slot& slot = slots_[index];
  slot.position = kNowhere;
  free_.push_back(index);
  return std::exchange(slot.callback, nullptr);
}

void Watchdog::place(std::uint32_t slot, std::size_t position) {
  heap_[position] = slot;
  slots_[slot].position = static_cast<std::uint32_t>(position);
}

bool Watchdog::is_before(std::uint32_t a, std::uint32_t b) const { return slots_[a].at < slots_[b].at; }

void Watchdog::sift_up(std::size_t position) {
  while (position > 0) {
    const std::size_t parent = (position - 1) / 2;
    if (!is_before(heap_[position], heap_[parent])) return;
    const std::uint32_t moved = heap_[parent];
    place(heap_[position], parent);
    place(moved, position);
    position = parent;
  }
}

void Watchdog::sift_down(std::size_t position) {
  for (;;) {
    std::size_t least = position;
    for (std::size_t child = 2 * position + 1; child <= 2 * position + 2 && child < heap_.size(); ++child)
      if (is_before(heap_[child], heap_[least])) least = child;
    if (least == position) return;
    const std::uint32_t moved = heap_[least];
    place(heap_[position], least);
    place(moved, position);
    position = least;
  }
}

}  // namespace modhost::executor
