#include "journal/live.hpp"

#include <algorithm>
#include <iterator>

namespace modhost::journal {

Live::Live(const Clock& clock, std::set<std::string> once_modules, std::uint64_t epoch, bool has_run_record)
    : clock_(clock),
      once_modules_(std::move(once_modules)),
      once_wanted_(once_modules_),
      next_token_(epoch << 40),
      has_run_record_(has_run_record) {}

void Live::take_over(const Recovered& recovered) {
  for (const Recovered::Module& module : recovered.modules) {
    modules_[module.name].counts = module.live;
    ready_.found(module.name, module.live[static_cast<std::size_t>(State::kReady)], recovered.last_seq);
  }
  for (const Recovered::Waiting& waiting : recovered.waiting) {
    const std::string& module = name_of(waiting.module);
    timers_.push({steady_at(waiting.waits_until), waiting.seq, &module, waiting.not_before});
    chats_.waits(waiting.seq, ChatOrder::chat_of(module, waiting.ids), module, clock_.steady_now());
  }
  for (const Recovered::Ending& ending : recovered.outbox)
    ending_timers_.push({steady_at(ending.not_before), ending.id});
  for (const Recovered::Steps& steps : recovered.steps) steps_[steps.seq] = steps.count;
  should_signal_ = true;
}

// Unix time is what is stored, the steady clock is what is waited for: a step of the wall clock moves no timer.
SteadyTime Live::steady_at(UnixMillis time) const {
  const auto delay = std::clamp(time - clock_.unix_now(), std::chrono::milliseconds(0),
                                std::chrono::milliseconds(std::chrono::hours(24 * 365)));
  return clock_.steady_now() + delay;
}

void Live::count(const std::string& module, State state, int by) {
  std::uint64_t& counter = modules_[module].counts.at(static_cast<std::size_t>(state));
  counter = by < 0 ? counter - std::min<std::uint64_t>(counter, 1) : counter + 1;
}

Live::Taken Live::take(const std::string& module, std::size_t max) {
  Taken taken;
  // No claim is under way, no page is being read: what the file says has ended is in the ready set or nowhere.
  for (const auto& [owner, seq] : std::exchange(withdrawn_, {})) {
    ready_.forget(owner, seq);
    withdrawing_.erase(seq);
  }
  Module& state = modules_[module];
  for (const EventSeq seq : std::exchange(state.replayed, {})) ready_.returned(module, seq);
  while (!state.granted.empty() && taken.granted.size() < max) {
    taken.granted.push_back(std::move(state.granted.front()));
    taken.granted.back().superseded = chats_.is_superseded(taken.granted.back().seq);
    state.granted.pop_front();
  }
  const std::size_t claimed = taken.granted.size() + state.granted.size() + state.marking.size();
  const bool is_behind = chats_.kept_back(module) >= limits::kKeptBackMax;
  if (max > claimed) taken.ready = ready_.take(module, max - claimed, is_behind);
  return taken;
}

// A page may hold what was replayed while it was read: it is in the ready set once, and counted once.
std::vector<Claim> Live::page_read(const std::string& module, std::vector<Claim> rows, std::size_t max,
                                   ReadySet::Read outcome) {
  std::set<EventSeq>& replayed = modules_[module].replayed;
  const bool had_rows = !rows.empty();
  std::erase_if(rows, [&](const Claim& row) {
    if (!replayed.contains(row.seq)) return false;
    if (withdrawing_.contains(row.seq)) return true;  // the next take() knows what it is
    replayed.erase(row.seq);
    ready_.returned(module, row.seq);
    return false;
  });
  if (had_rows && rows.empty()) outcome = ReadySet::Read::kFailed;  // not the end of what is there
  return ready_.page_read(module, std::move(rows), max, outcome);
}

void Live::put_back(const std::string& module, const std::vector<EventSeq>& seqs) {
  for (const EventSeq seq : seqs) ready_.returned(module, seq);
}

bool Live::start(const std::string& module, std::vector<Claim> claims, ClaimOrder order, OpQueue& ops,
                 std::vector<Claim>& at_once) {
  std::erase_if(
      claims, [this](const Claim& claim) { return withdrawing_.contains(claim.seq) || running_.contains(claim.seq); });
  if (claims.empty()) return false;
  const bool is_once = once_modules_.contains(module);
  const std::string& name = name_of(module);
  const UnixMillis now = clock_.unix_now();
  const SteadyTime steady_now = clock_.steady_now();
  bool has_kept_back = false;
  for (Claim& claim : claims) {
    const auto chat = ChatOrder::chat_of(module, claim.event);
    const auto admitted = chats_.admit(claim.seq, chat, name, order, steady_now);
    claim.superseded = admitted == ChatOrder::Admitted::kSuperseded;
    if (admitted == ChatOrder::Admitted::kKeptBack) {
      has_kept_back = true;
      continue;
    }
    claim.token = ++next_token_;
    count(name, State::kReady, -1);
    count(name, State::kRunning, +1);
    const std::uint64_t place = ops.push(RunOp{claim.seq, name, now});
    running_[claim.seq] =
        Running{claim.token, &name, claim.attempt, claim.generation, claim.event.body.size(), now, place};
    if (is_once || (claim.prior_run && !has_run_record_)) {
      modules_[name].marking.emplace(claim.seq, std::move(claim));
    } else {
      ready_.handed_out_unmarked(name);
      at_once.push_back(std::move(claim));
    }
  }
  // One that was kept back may supersede one that was let through before it.
  for (Claim& claim : at_once) claim.superseded = claim.superseded || chats_.is_superseded(claim.seq);
  if (has_kept_back) chat_goes_on();
  return has_kept_back;
}

void Live::chat_goes_on() {
  for (const ChatOrder::Turn& turn : chats_.take_turns()) {
    ready_.returned(*turn.module, turn.seq);
    should_signal_ = true;
  }
}

void Live::once_modules_change(const std::set<std::string>& next) {
  once_wanted_ = next;
  once_modules_.insert(next.begin(), next.end());
}

void Live::applied(const OnceModulesOp& op) {
  once_modules_ = op.modules;
  once_modules_.insert(once_wanted_.begin(), once_wanted_.end());
}

void Live::release_unstarted(OpQueue& ops) {
  for (const auto& [name, module] : modules_) release_unstarted(name, ops);
}

void Live::release_unstarted(const std::string& module, OpQueue& ops) {
  Module& state = modules_[module];
  const auto give_back = [&](const Claim& claim) {
    Settlement unused;
    unused.seq = claim.seq;
    unused.token = claim.token;
    unused.state = State::kReady;
    unused.consumes_attempt = false;
    unused.reason = "stopped";
    settle(std::move(unused), ops);
  };
  for (const auto& [seq, claim] : std::exchange(state.marking, {})) give_back(claim);
  for (const Claim& claim : std::exchange(state.granted, {})) give_back(claim);
}

Result<void> Live::may_open_step(EventSeq seq) {
  if (!is_running(seq)) return Error{Code::kGone, "this event is not running"};
  unsigned& opened = steps_[seq];
  if (opened >= kOpenStepsMax)  // for good: another attempt would find the same
    return Error{Code::kDenied, "one event may open " + std::to_string(kOpenStepsMax) + " log steps"};
  ++opened;
  return {};
}

bool Live::settle(Settlement settlement, OpQueue& ops) {
  const auto found = running_.find(settlement.seq);
  if (found == running_.end() || found->second.token != settlement.token) return false;
  const Running run = found->second;
  running_.erase(found);
  const bool overtook = ops.drop(run.run_place);
  const bool has_steps = steps_.contains(settlement.seq);
  if (has_steps && is_terminal(settlement.state)) steps_.erase(settlement.seq);
  ops.push(SettleOp{std::move(settlement), *run.module, run.attempt, run.generation, run.body_bytes, overtook,
                    has_steps, run.started_at, clock_.unix_now()});
  return true;
}

bool Live::withdraw(Settlement settlement, OpQueue& ops) {
  if (running_.contains(settlement.seq)) return false;
  bool is_new = withdrawing_.insert(settlement.seq).second;
  for (auto& [name, module] : modules_) is_new = module.replayed.erase(settlement.seq) > 0 || is_new;
  if (is_new) ops.push(WithdrawOp{std::move(settlement), clock_.unix_now()});
  return true;
}

void Live::ring(OpQueue& ops) {
  const SteadyTime now = clock_.steady_now();
  chats_.ring(now);
  chat_goes_on();
  for (; !timers_.empty() && timers_.top().at <= now; timers_.pop())
    ops.push(ReleaseOp{timers_.top().seq, *timers_.top().module, clock_.unix_now(), timers_.top().not_before});
  for (; !ending_timers_.empty() && ending_timers_.top().first <= now; ending_timers_.pop()) {
    endings_due_.push_back(ending_timers_.top().second);
    should_signal_ = true;
  }
  if (nudge_at_ && *nudge_at_ <= now) {
    nudge_at_.reset();
    should_signal_ = true;
  }
}

std::optional<SteadyTime> Live::next_ring() const {
  std::optional<SteadyTime> next = nudge_at_;
  const auto consider = [&next](SteadyTime at) { next = next ? std::min(*next, at) : at; };
  if (!timers_.empty()) consider(timers_.top().at);
  if (const auto chats = chats_.next_ring()) consider(*chats);
  if (!ending_timers_.empty()) consider(ending_timers_.top().first);
  return next;
}

std::vector<std::int64_t> Live::take_endings(std::size_t max) {
  const SteadyTime now = clock_.steady_now();
  for (; !ending_timers_.empty() && ending_timers_.top().first <= now; ending_timers_.pop())
    endings_due_.push_back(ending_timers_.top().second);
  const auto end = endings_due_.begin() + static_cast<std::ptrdiff_t>(std::min(max, endings_due_.size()));
  std::vector<std::int64_t> taken(endings_due_.begin(), end);
  endings_due_.erase(endings_due_.begin(), end);
  return taken;
}

void Live::put_back_endings(const std::vector<std::int64_t>& ids) {
  endings_due_.insert(endings_due_.begin(), ids.begin(), ids.end());
}

void Live::stored(Claim claim) {
  count(claim.module, State::kReady, +1);
  ready_.stored(std::move(claim));
  should_signal_ = true;
}

void Live::applied(const RunOp& op) {
  Module& state = modules_[op.module];
  const auto claim = state.marking.find(op.seq);
  if (claim == state.marking.end()) {
    if (ready_.became_marked(op.module)) should_signal_ = true;
    return;
  }
  state.granted.push_back(std::move(claim->second));
  state.marking.erase(claim);
  should_signal_ = true;
}

void Live::applied(const SettleOp& op, const std::vector<std::int64_t>& endings) {
  const Settlement& end = op.settlement;
  count(op.module, State::kRunning, -1);
  if (op.is_first_mark && ready_.became_marked(op.module)) should_signal_ = true;
  if (is_terminal(end.state)) {
    chats_.ended(end.seq);
    chat_goes_on();
  }
  if (end.state == State::kWaiting) {
    chats_.waits(end.seq, clock_.steady_now());
    count(op.module, State::kWaiting, +1);
    timers_.push({steady_at(end.not_before), end.seq, &name_of(op.module), end.not_before});
  } else if (end.state == State::kReady) {
    count(op.module, State::kReady, +1);
    ready_.returned(op.module, end.seq);
    should_signal_ = true;
  }
  for (const std::int64_t id : endings) ending_due(id);
}

void Live::ending_due(std::int64_t id) {
  endings_due_.push_back(id);
  should_signal_ = true;
}

void Live::lost(const SettleOp& op) {
  count(op.module, State::kRunning, -1);
  chats_.ended(op.settlement.seq);
  chat_goes_on();
}

void Live::applied(const WithdrawOp& op, const Tables::Withdrawn& withdrawn) {
  withdrawn_.emplace_back(withdrawn.module, op.settlement.seq);
  modules_[withdrawn.module].replayed.erase(op.settlement.seq);
  steps_.erase(op.settlement.seq);
  count(withdrawn.module, withdrawn.before, -1);
  chats_.ended(op.settlement.seq);
  chat_goes_on();
  for (const std::int64_t id : withdrawn.endings) ending_due(id);
}

void Live::applied(const ReleaseOp& op) {
  count(op.module, State::kWaiting, -1);
  count(op.module, State::kReady, +1);
  ready_.returned(op.module, op.seq);
  should_signal_ = true;
}

void Live::replayed(const std::string& module, EventSeq seq) {
  count(module, State::kReady, +1);
  modules_[module].replayed.insert(seq);
  should_signal_ = true;
}

void Live::applied(const OutboxLaterOp& op) { ending_timers_.push({steady_at(op.not_before), op.id}); }

std::vector<std::string> Live::modules_ready() const {
  std::vector<std::string> names;
  for (const auto& [name, module] : modules_)
    if (!module.granted.empty() || !module.replayed.empty() || ready_.has(name)) names.push_back(name);
  return names;
}

std::optional<UnixMillis> Live::oldest_granted(const std::string& module) const {
  const auto found = modules_.find(module);
  if (found == modules_.end() || found->second.granted.empty()) return std::nullopt;
  return found->second.granted.front().fresh_since;
}

std::map<std::string, std::map<State, std::uint64_t>> Live::counts() const {
  std::map<std::string, std::map<State, std::uint64_t>> result;
  for (const auto& [name, module] : modules_)
    for (std::size_t state = 0; state < module.counts.size(); ++state)
      if (module.counts[state] > 0) result[name][static_cast<State>(state)] = module.counts[state];
  return result;
}

}  // namespace modhost::journal
