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
  void append(journal::NewEvent event, AppendDone done) override;

  std::vector<journal::Claim> claim(const std::string& module, std::size_t max,
                                    journal::ClaimOrder order = journal::ClaimOrder::kAny) override;
  std::vector<journal::EventSeq> take_superseded(const std::string& module) override;
  void release_unstarted(const std::string&) override {}

  std::vector<std::string> modules_ready() override;
  std::optional<UnixMillis> oldest_ready(const std::string& module) override;

  void on_ready(ReadyListener listener) override { listener_ = std::move(listener); }

  void settle(journal::Settlement settlement) override;
  bool withdraw(journal::Settlement settlement) override;
  std::vector<journal::Claim> waiting(std::size_t max) override;

  void checkpoint(journal::EventSeq seq, std::string blob, std::function<void(Result<void>)> done) override;

  std::vector<journal::OutboxItem> outbox_due(std::size_t max) override;
  void outbox_done(std::int64_t id) override;
  void outbox_later(std::int64_t id, UnixMillis not_before) override;

  Result<std::vector<journal::Row>> query(const journal::Filter& filter) override;
  Result<std::vector<journal::Attempt>> attempts(journal::EventSeq) override {
    MutexLock lock(mutex_);
    return attempts_;
  }
  [[nodiscard]] journal::Stats stats() override { return {}; }
  void flush() override {}

  // For tests.
  void claim_as_attempt(unsigned attempt);  // what follows was run so often already
  void claim_with_turn_completed();
  void claim_as_superseded();
  void supersede(journal::EventSeq seq);  // take_superseded() names it
  std::vector<journal::ClaimOrder> claim_orders();
  void fail_with(Error error);
  void wait_from_before(journal::Claim claim);  // waiting() names it
  void hold();
  void release();
  std::vector<journal::NewEvent> appended();
  std::map<journal::EventSeq, std::string> checkpoints();
  // Waits until so many settlements came; fewer after ten seconds.
  std::vector<journal::Settlement> wait_settled(std::size_t count);
  // Waits until an ending was delivered or postponed.
  bool wait_outbox();
  std::map<std::int64_t, UnixMillis> postponed();
  void answer_queries_with(std::vector<journal::Row> rows, std::vector<journal::Attempt> attempts);
  std::vector<journal::Filter> filters();

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
  std::vector<journal::Claim> waiting_ GUARDED_BY(mutex_);
  std::map<journal::EventSeq, std::string> checkpoints_ GUARDED_BY(mutex_);
  std::vector<journal::OutboxItem> outbox_ GUARDED_BY(mutex_);
  std::vector<std::int64_t> outbox_done_ GUARDED_BY(mutex_);
  std::map<std::int64_t, UnixMillis> outbox_later_ GUARDED_BY(mutex_);
  std::vector<journal::Row> rows_ GUARDED_BY(mutex_);
  std::vector<journal::Attempt> attempts_ GUARDED_BY(mutex_);
  std::vector<journal::Filter> filters_ GUARDED_BY(mutex_);
  journal::EventSeq seq_ GUARDED_BY(mutex_) = 0;
  unsigned attempt_ GUARDED_BY(mutex_) = 1;
  bool turn_completed_ GUARDED_BY(mutex_) = false;
  bool is_superseded_ GUARDED_BY(mutex_) = false;
  std::vector<journal::EventSeq> superseded_ GUARDED_BY(mutex_);
  std::vector<journal::ClaimOrder> claim_orders_ GUARDED_BY(mutex_);
  std::int64_t outbox_id_ GUARDED_BY(mutex_) = 0;
};

}  // namespace modhost::test
