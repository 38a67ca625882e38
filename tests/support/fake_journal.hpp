// A journal in memory that records what it is told and can be told to fail. Appends are answered at once, on the
// caller's thread, unless held back.
#pragma once

#include <deque>
#include <map>

#include "base/mutex.hpp"
#include "journal/journal.hpp"

namespace modhost::test {

class FakeJournal final : public journal::Journal {
 public:
  void append(journal::NewEvent event, AppendDone done) override {
    Result<journal::Appended> result = journal::Appended::kStored;
    {
      MutexLock lock(mutex_);
      if (failure_) {
        result = *failure_;
      } else if (const auto known = ids_.find(event.event.id); known != ids_.end()) {
        result = known->second == event.event.body ? journal::Appended::kDuplicate : journal::Appended::kConflict;
      } else {
        ids_[event.event.id] = event.event.body;
        if (event.dead_reason.empty()) ready_[event.module].push_back({++seq_, event.event, 1});
        appended_.push_back(std::move(event));
      }
      if (hold_) {
        held_.push_back([done = std::move(done), result] { done(result); });
        return;
      }
    }
    done(result);
    if (listener_) listener_();
  }

  std::vector<journal::Claim> claim(const std::string& module, std::size_t max) override {
    MutexLock lock(mutex_);
    std::vector<journal::Claim> claims;
    auto& queue = ready_[module];
    while (!queue.empty() && claims.size() < max) {
      Entry entry = std::move(queue.front());
      queue.pop_front();
      journal::Claim claim;
      claim.seq = entry.seq;
      claim.token = static_cast<std::uint64_t>(entry.seq) * 100 + entry.attempt;
      claim.module = module;
      claim.attempt = entry.attempt;
      claim.first_received = entry.event.received_at;
      claim.event = entry.event;
      running_[entry.seq] = std::move(entry);
      claims.push_back(std::move(claim));
    }
    return claims;
  }

  std::vector<std::string> modules_ready() override {
    MutexLock lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, queue] : ready_)
      if (!queue.empty()) names.push_back(name);
    return names;
  }

  void on_ready(ReadyListener listener) override { listener_ = std::move(listener); }

  void settle(journal::Settlement settlement) override {
    {
      MutexLock lock(mutex_);
      if (!settlement.ending.empty()) {
        journal::OutboxItem item;
        item.id = ++outbox_id_;
        item.seq = settlement.seq;
        item.event = running_[settlement.seq].event;
        item.event.body.clear();
        item.ending = settlement.ending;
        outbox_.push_back(std::move(item));
      }
      settled_.push_back(std::move(settlement));
    }
    changed_.notify_all();
  }

  void checkpoint(journal::EventSeq, std::string, std::function<void(Result<void>)> done) override { done({}); }

  std::vector<journal::OutboxItem> outbox_due(std::size_t max) override {
    MutexLock lock(mutex_);
    return {outbox_.begin(), outbox_.begin() + static_cast<std::ptrdiff_t>(std::min(max, outbox_.size()))};
  }
  void outbox_done(std::int64_t id) override {
    {
      MutexLock lock(mutex_);
      std::erase_if(outbox_, [id](const journal::OutboxItem& item) { return item.id == id; });
      outbox_done_.push_back(id);
    }
    changed_.notify_all();
  }
  void outbox_later(std::int64_t id, UnixMillis not_before) override {
    {
      MutexLock lock(mutex_);
      std::erase_if(outbox_, [id](const journal::OutboxItem& item) { return item.id == id; });
      outbox_later_[id] = not_before;
    }
    changed_.notify_all();
  }

  Result<std::vector<journal::Row>> query(const journal::Filter& filter) override {
    MutexLock lock(mutex_);
    filters_.push_back(filter);
    return rows_;
  }
  Result<std::vector<journal::Attempt>> attempts(journal::EventSeq) override { return attempts_; }
  [[nodiscard]] journal::Stats stats() override { return {}; }
  void flush() override {}

  // For tests.
  void fail_with(Error error) {
    MutexLock lock(mutex_);
    failure_ = std::move(error);
  }
  void hold() {
    MutexLock lock(mutex_);
    hold_ = true;
  }
  void release() {
    std::vector<std::function<void()>> held;
    {
      MutexLock lock(mutex_);
      hold_ = false;
      held.swap(held_);
    }
    for (auto& done : held) done();
  }
  std::vector<journal::NewEvent> appended() {
    MutexLock lock(mutex_);
    return appended_;
  }
  // Waits until so many settlements came; fewer after ten seconds.
  std::vector<journal::Settlement> wait_settled(std::size_t count) {
    MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (settled_.size() < count && lock.wait_until(changed_, until) != std::cv_status::timeout) {
    }
    return settled_;
  }
  // Waits until an ending was delivered or postponed.
  bool wait_outbox() {
    MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (outbox_done_.empty() && outbox_later_.empty() &&
           lock.wait_until(changed_, until) != std::cv_status::timeout) {
    }
    return !outbox_done_.empty();
  }
  std::map<std::int64_t, UnixMillis> postponed() {
    MutexLock lock(mutex_);
    return outbox_later_;
  }
  void answer_queries_with(std::vector<journal::Row> rows, std::vector<journal::Attempt> attempts) {
    MutexLock lock(mutex_);
    rows_ = std::move(rows);
    attempts_ = std::move(attempts);
  }
  std::vector<journal::Filter> filters() {
    MutexLock lock(mutex_);
    return filters_;
  }

 private:
  struct Entry {
    journal::EventSeq seq = 0;
    Event event;
    unsigned attempt = 1;
  };
  Mutex mutex_;
  std::condition_variable changed_;
  ReadyListener listener_;
  std::optional<Error> failure_ GUARDED_BY(mutex_);
  bool hold_ GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> held_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> ids_ GUARDED_BY(mutex_);
  std::map<std::string, std::deque<Entry>> ready_ GUARDED_BY(mutex_);
  std::map<journal::EventSeq, Entry> running_ GUARDED_BY(mutex_);
  std::vector<journal::NewEvent> appended_ GUARDED_BY(mutex_);
  std::vector<journal::Settlement> settled_ GUARDED_BY(mutex_);
  std::vector<journal::OutboxItem> outbox_ GUARDED_BY(mutex_);
  std::vector<std::int64_t> outbox_done_ GUARDED_BY(mutex_);
  std::map<std::int64_t, UnixMillis> outbox_later_ GUARDED_BY(mutex_);
  std::vector<journal::Row> rows_ GUARDED_BY(mutex_);
  std::vector<journal::Attempt> attempts_ GUARDED_BY(mutex_);
  std::vector<journal::Filter> filters_ GUARDED_BY(mutex_);
  journal::EventSeq seq_ GUARDED_BY(mutex_) = 0;
  std::int64_t outbox_id_ GUARDED_BY(mutex_) = 0;
};

}  // namespace modhost::test
