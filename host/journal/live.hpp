// The picture in memory of everything that has not ended: what is ready, running and waiting, whose time comes when,
// and which endings are due. It changes when a commit has succeeded, never before. Not thread-safe: guarded by its
// owner.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "journal/chat_order.hpp"
#include "journal/op_queue.hpp"
#include "journal/ready_set.hpp"
#include "journal/recovery.hpp"

namespace modhost::journal {

class Live {
 public:
  Live(const Clock& clock, std::set<std::string> once_modules, std::uint64_t epoch, bool has_run_record);

  void take_over(const Recovered& recovered);

  // A claim takes two calls, because bodies may have to be read between them: take(), then start() with what was taken.
  // One claim is made at a time.
  struct Taken {
    std::vector<Claim> granted;  // to hand out as they are
    ReadySet::Taken ready;       // for start()
  };
  Taken take(const std::string& module, std::size_t max);
  std::vector<Claim> page_read(const std::string& module, std::vector<Claim> rows, std::size_t max,
                               ReadySet::Read outcome);
  // Could not be read after all.
  void put_back(const std::string& module, const std::vector<EventSeq>& seqs);
  // The names of `side_effects: once`. Those that are new count at once, those that are none any more when the file
  // says so, too: what was handed out unmarked is never taken for marked.
  void once_modules_change(const std::set<std::string>& next);

  // Each claim runs now, unless its chat's order keeps it back. What may be handed out at once is added to `at_once`.
  // Claims of a `once` module come back from a later take(), when their mark is durable. Without a run record so do
  // those that an earlier attempt may have run: an event that takes the host down with it uses up its attempts.
  // True: some were kept back, others may be ready.
  bool start(const std::string& module, std::vector<Claim> claims, ClaimOrder order, OpQueue& ops,
             std::vector<Claim>& at_once);
  std::vector<EventSeq> take_superseded(const std::string& module) { return chats_.take_superseded(module); }

  [[nodiscard]] bool is_running(EventSeq seq) const { return running_.contains(seq); }
  // Gives back what is marked and was never handed out.
  void release_unstarted(OpQueue& ops);
  void release_unstarted(const std::string& module, OpQueue& ops);
  // kGone when it does not run, kDenied when it has opened too many.
  Result<void> may_open_step(EventSeq seq);
  // Ends the run if the token is the right one.
  bool settle(Settlement settlement, OpQueue& ops);

  // False: it runs.
  bool withdraw(Settlement settlement, OpQueue& ops);

  // Moves what is due: waiting events into the queue, endings to the due ones.
  void ring(OpQueue& ops);
  [[nodiscard]] std::optional<SteadyTime> next_ring() const;
  // At most `max` endings that are due, oldest first; each once until applied(OutboxLaterOp).
  std::vector<std::int64_t> take_endings(std::size_t max);
  void put_back_endings(const std::vector<std::int64_t>& ids);
  // The listener is called then, at the latest.
  void nudge_at(SteadyTime at) { nudge_at_ = nudge_at_ ? std::min(*nudge_at_, at) : at; }

  // Committed.
  void stored(Claim claim);
  void applied(const OnceModulesOp& op);
  void applied(const RunOp& op);
  void applied(const SettleOp& op, const std::vector<std::int64_t>& endings);
  void applied(const WithdrawOp& op, const Tables::Withdrawn& withdrawn);
  void applied(const ReleaseOp& op);
  // Ended once and ready again.
  void replayed(const std::string& module, EventSeq seq);
  void applied(const OutboxLaterOp& op);
  void ending_due(std::int64_t id);
  // Had nothing to change: another hand was in the file. The event is no longer ours.
  void lost(const SettleOp& op);
  void lost(const WithdrawOp& op) { withdrawing_.erase(op.settlement.seq); }

  // True once after something became ready or due.
  bool take_signal() { return std::exchange(should_signal_, false); }
  [[nodiscard]] std::vector<std::string> modules_ready() const;
  // Of the claims that are marked and not handed out yet.
  [[nodiscard]] std::optional<UnixMillis> oldest_granted(const std::string& module) const;
  [[nodiscard]] std::map<std::string, std::map<State, std::uint64_t>> counts() const;

 private:
  struct Running {
    std::uint64_t token = 0;
    const std::string* module = nullptr;
    unsigned attempt = 1, generation = 0;
    std::size_t body_bytes = 0;
    UnixMillis started_at{};
    std::uint64_t run_place = 0;  // of its RunOp in the queue
  };
  struct Timer {
    SteadyTime at;
    EventSeq seq = 0;
    const std::string* module = nullptr;
    UnixMillis not_before{};
    bool operator>(const Timer& other) const { return std::tie(at, seq) > std::tie(other.at, other.seq); }
  };
  struct Module {
    std::array<std::uint64_t, 3> counts{};  // by live state
    std::map<EventSeq, Claim> marking;      // running, the mark is not durable yet
    std::deque<Claim> granted;              // durably running, to be handed out
    std::set<EventSeq> replayed;            // for the ready set, once it has forgotten those withdrawn
  };
  template <class T>
  using MinHeap = std::priority_queue<T, std::vector<T>, std::greater<>>;

  SteadyTime steady_at(UnixMillis time) const;
  const std::string& name_of(const std::string& module) { return modules_.try_emplace(module).first->first; }
  void count(const std::string& module, State state, int by);
  void chat_goes_on();

  const Clock& clock_;
  std::set<std::string> once_modules_, once_wanted_;
  std::uint64_t next_token_;
  const bool has_run_record_;
  ReadySet ready_;
  ChatOrder chats_{limits::kOrderWaitMax};
  std::map<std::string, Module> modules_;  // never shrinks: names are borrowed
  std::unordered_map<EventSeq, Running> running_;
  std::unordered_set<EventSeq> withdrawing_;  // not to be started; until the ready set can not hold them any more
  std::vector<std::pair<std::string, EventSeq>> withdrawn_;  // of them, by module: in the file
  std::unordered_map<EventSeq, unsigned> steps_;             // opened by live events that opened any
  MinHeap<Timer> timers_;
  MinHeap<std::pair<SteadyTime, std::int64_t>> ending_timers_;
  std::deque<std::int64_t> endings_due_;
  std::optional<SteadyTime> nudge_at_;
  bool should_signal_ = false;
};

}  // namespace modhost::journal
