// Inside of SqliteJournal. Calls come from any thread, those of store::Client from the writer's thread only; they meet
// in two queues and the picture of what is live, guarded by one mutex.
#pragma once

#include <condition_variable>
#include <deque>
#include <thread>

#include "base/mutex.hpp"
#include "journal/key_tables.hpp"
#include "journal/live.hpp"
#include "journal/ops.hpp"
#include "journal/reader.hpp"
#include "journal/retention.hpp"
#include "journal/shares.hpp"
#include "journal/sqlite_journal.hpp"
#include "journal/tables.hpp"
#include "store/store.hpp"

namespace modhost::journal {

class SqliteJournal::Impl final : public store::Client {
 public:
  Impl(Options options, std::unique_ptr<store::Store> store);
  ~Impl() override;
  Result<void> start();

  [[nodiscard]] std::uint64_t epoch() const { return store_->epoch(); }
  void append(NewEvent event, AppendDone done);
  void take_shares(const Recovered& recovered);
  std::vector<Claim> claim(const std::string& module, std::size_t max, ClaimOrder order);
  std::vector<EventSeq> take_superseded(const std::string& module);
  std::vector<std::string> modules_ready();
  std::optional<UnixMillis> oldest_ready(const std::string& module);
  void on_ready(ReadyListener listener);
  void settle(Settlement settlement);
  bool withdraw(Settlement settlement);
  std::vector<Claim> waiting(std::size_t max);
  void checkpoint(EventSeq seq, std::string blob, std::function<void(Result<void>)> done);
  std::vector<OutboxItem> outbox_due(std::size_t max);
  void push(Op op);
  Reader& admin_reader() { return admin_reader_; }
  void opening(EventSeq seq, OpenSteps::Recorded done);
  void change(KeyChange change, KeyValues::Changed done);
  Result<KeyValue> get(const std::string& module, const std::string& key);
  Result<std::vector<KeyValue>> keys(const std::string& module, const std::string& prefix);
  Stats stats();
  void flush();
  void release_unstarted();
  void set_once_modules(std::set<std::string> modules);

  Result<void> attach(store::Connection& connection) override;
  void detach() override;
  void refuse(const Error& error) override;
  bool collect(const Error* refusal) override;
  Result<void> write() override;
  void committed() override;
  void failed(const Error& error) override;
  std::optional<std::chrono::nanoseconds> wake_in() override;
  Result<bool> tidy() override;

 private:
  struct Pending {
    NewEvent event;
    AppendDone done;
    EventSeq seq = 0;
    Result<Appended> result = Appended::kStored;
  };
  struct BatchOp {
    Op op;
    std::vector<std::int64_t> endings = {};           // that are due with it
    OpenSteps::StepRecord record = 0;                 // of a StepOpeningOp
    std::optional<Tables::Withdrawn> withdrawn = {};  // of a WithdrawOp
    bool is_lost = false;                             // there was nothing to change
    Result<std::uint64_t> changed = kAbsent;          // of a KeyOp
  };
  // What one transaction writes.
  struct Batch {
    std::vector<Pending> appends;
    std::vector<BatchOp> ops;
    Ledger before, ledger;  // as it is after the batch
    EventSeq last_seq = 0;
    std::uint64_t flush_ticket = 0;  // flush() calls that this batch satisfies
  };

  std::vector<Pending> take_appends(std::size_t count_max, std::size_t bytes_max) REQUIRES(mutex_);
  std::vector<Claim> read_taken(const std::string& module, Live::Taken& taken);
  Result<void> write_append(Pending& pending);
  Result<void> admit(const NewEvent& event) const;
  Result<void> write_op(BatchOp& op);
  Result<void> write_settle(BatchOp& op, const SettleOp& settle);
  Result<void> write_withdraw(BatchOp& op, const WithdrawOp& withdraw);
  Result<void> write_release(BatchOp& op, const ReleaseOp& release);
  void note_ended(std::uint64_t body_bytes);
  void apply(Pending& pending) REQUIRES(mutex_);
  void apply(BatchOp& op) REQUIRES(mutex_);
  void answer(const Error* error);
  std::uint64_t refuse_queued(const Error& error);
  void finish_flush(std::uint64_t ticket);
  void signal_ready();
  void warn(const char* message, const std::string& module, EventSeq seq);

  const Options options_;
  const std::unique_ptr<store::Store> store_;
  Reader claim_reader_, admin_reader_, key_reader_;

  // Writer's thread.
  Tables tables_;
  KeyTables keys_;
  KnownIds known_;
  Shares shares_;
  Retention retention_;
  Batch batch_;

  Mutex mutex_;
  std::condition_variable condition_;
  bool is_closed_ GUARDED_BY(mutex_) = false;
  std::deque<Pending> appends_ GUARDED_BY(mutex_);
  std::uint64_t queued_bytes_ GUARDED_BY(mutex_) = 0;  // bodies of appends_
  OpQueue ops_ GUARDED_BY(mutex_);
  Live live_ GUARDED_BY(mutex_);
  Ledger ledger_ GUARDED_BY(mutex_);
  EventSeq last_seq_ GUARDED_BY(mutex_) = 0;
  std::uint64_t duplicates_ GUARDED_BY(mutex_) = 0, conflicts_ GUARDED_BY(mutex_) = 0, stale_ GUARDED_BY(mutex_) = 0;
  std::uint64_t flush_asked_ GUARDED_BY(mutex_) = 0, flush_done_ GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const ReadyListener> listener_ GUARDED_BY(mutex_);
  std::thread::id signalling_ GUARDED_BY(mutex_);  // the thread that is inside the listener
};

}  // namespace modhost::journal
