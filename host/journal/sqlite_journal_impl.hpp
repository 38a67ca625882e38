// Inside of SqliteJournal. Calls come from any thread, those of store::Client from the writer's thread only; they meet
// in two queues and the picture of what is live, guarded by one mutex.
#pragma once

#include <condition_variable>
#include <deque>
#include <thread>

#include "base/mutex.hpp"
#include "journal/batch.hpp"
#include "journal/key_tables.hpp"
#include "journal/live.hpp"
#include "journal/op_queue.hpp"
#include "journal/operator_reader.hpp"
#include "journal/operator_tables.hpp"
#include "journal/reader.hpp"
#include "journal/retention.hpp"
#include "journal/shares.hpp"
#include "journal/sqlite_journal.hpp"
#include "journal/tables.hpp"
#include "store/store.hpp"

namespace modhost::journal {

class SqliteJournal::Impl final : public store::Client, public Operations {
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
  void opening(EventSeq seq, OpenSteps::Recorded done);
  void change(KeyChange change, KeyValues::Changed done);
  Result<KeyValue> get(const std::string& module, const std::string& key);
  Result<std::vector<KeyValue>> keys(const std::string& module, const std::string& prefix);
  Result<std::vector<Row>> query(const Filter& filter);
  Result<std::vector<Attempt>> attempts(EventSeq seq) { return operator_reader_.attempts(seq); }
  Stats stats();
  void flush();
  void release_unstarted();
  void release_unstarted(const std::string& module);
  void set_once_modules(std::set<std::string> modules);

  Result<Page> page(const Filter& filter) override { return operator_reader_.page(filter); }
  Result<Details> details(EventSeq seq) override { return operator_reader_.details(seq); }
  Result<std::string> body(EventSeq seq) override { return operator_reader_.body(seq); }
  Result<Plan> plan(Change change, const ChangeRequest& request) override;
  Result<ChangeResult> change(Change change, const ChangeRequest& request) override;
  Result<void> pause(const std::string& module, const std::string& actor) override;
  Result<void> resume(const std::string& module, const std::string& actor) override;
  Result<std::vector<PausedModule>> paused() override { return operator_reader_.paused(); }
  Result<void> audit(AuditEntry entry) override;
  Result<std::vector<AuditEntry>> audited(std::int64_t before, std::size_t limit) override;
  Result<BackupMade> backup(const std::filesystem::path& file, const std::string& actor,
                            const std::atomic<bool>& stop) override;

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
  std::vector<Pending> take_appends(std::size_t count_max, std::size_t bytes_max) REQUIRES(mutex_);
  std::vector<Claim> read_taken(const std::string& module, Live::Taken& taken);
  Result<void> write_append(Pending& pending);
  Result<void> admit(const NewEvent& event) const;
  Result<void> write_op(BatchOp& op);
  Result<void> write_settle(BatchOp& op, const SettleOp& settle);
  Result<void> write_withdraw(BatchOp& op, const WithdrawOp& withdraw);
  Result<void> write_release(BatchOp& op, const ReleaseOp& release);
  Result<void> write_operator(BatchOp& op, const OperatorOp& change);
  void note_ended(std::uint64_t body_bytes);
  Result<OperatorOutcome> operate(OperatorOp op);
  std::vector<EventSeq> withdraw_all(const std::vector<EventSeq>& seqs);
  void apply(Pending& pending) REQUIRES(mutex_);
  void apply(BatchOp& op) REQUIRES(mutex_);
  void answer(const Error* error);
  void look_at_disk();
  std::uint64_t refuse_queued(const Error& error);
  void finish_flush(std::uint64_t ticket);
  void signal_ready();
  void warn(const char* message, const std::string& module, EventSeq seq);

  const Options options_;
  const std::unique_ptr<store::Store> store_;
  Reader claim_reader_, key_reader_;
  OperatorReader operator_reader_, change_reader_;

  // Writer's thread.
  Tables tables_;
  KeyTables keys_;
  KnownIds known_;
  Shares shares_;
  DiskWatch disk_;
  Bodies bodies_;
  OperatorTables operators_{bodies_};
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
  std::uint64_t disk_free_ GUARDED_BY(mutex_) = 0;
  std::uint64_t flush_asked_ GUARDED_BY(mutex_) = 0, flush_done_ GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const ReadyListener> listener_ GUARDED_BY(mutex_);
  std::thread::id signalling_ GUARDED_BY(mutex_);  // the thread that is inside the listener
};

}  // namespace modhost::journal
