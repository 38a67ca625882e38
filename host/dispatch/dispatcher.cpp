#include "dispatch/dispatcher.hpp"

#include <algorithm>
#include <utility>

#include "base/fault_point.hpp"
#include "dispatch/ending.hpp"

namespace modhost::dispatch {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kClaimsAtOnce = 64;    // per module and round: no module waits for another's whole backlog
constexpr auto kTick = 1s;                   // endings whose time has come, events past their deadline
constexpr auto kExpirySweep = 5s;            // looking for late events of a module that does not run
constexpr std::size_t kWatchedMax = 10'000;  // waiting chats: about 2 KiB each

}  // namespace

// What is kept of a claim while it runs: everything but the body.
struct Dispatcher::Attempt {
  journal::EventSeq seq = 0;
  std::uint64_t token = 0;
  unsigned number = 1;
  Event event;
  UnixMillis fresh_since{};
  config::ModulePtr module;     // as it was when the attempt began
  bool turn_completed = false;  // by an earlier attempt
  const ModuleMetrics* metrics = nullptr;
};

struct Dispatcher::ModuleMetrics {
  std::map<plugin::Outcome::Kind, telemetry::Counter> attempts;
  telemetry::Histogram handler_seconds;
  telemetry::Histogram event_seconds;
};

Dispatcher::Dispatcher(journal::Journal& journal, Runtimes runtimes, platform::HttpClient& client,
                       const config::Current& config, const Clock& clock, telemetry::Log& log,
                       telemetry::Metrics& metrics)
    : journal_(journal),
      runtimes_(std::move(runtimes)),
      config_(config),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      accept_to_on_event_(metrics.histogram("accept_to_on_event_seconds",
                                            "From the request read to the plugin called, first attempts only",
                                            telemetry::latency_bounds())),
      jitter_(std::random_device{}()),
      pauses_(*config.get(), metrics),
      ender_(journal, client, config, clock, log, metrics, [this] { wake(); }),
      stop_poller_(client, config, clock, metrics, [this](const std::string& module, journal::EventSeq seq) {
        {
          MutexLock lock(mutex_);
          stopped_by_user_.emplace_back(module, seq);
        }
        wake();
      }) {
  for (const auto& [name, module] : config.get()->modules) metrics_of(name);
  journal_.on_ready([this] { wake(); });
}

Dispatcher::~Dispatcher() {
  journal_.on_ready({});  // returns when no call of the listener is under way
  stop();
}

void Dispatcher::hold(const std::string& module) {
  log_.error(
      "module held: its plugin ended the host several times within a minute. It takes events again after a while, "
      "one at a time until it has proved itself",
      {{"module", module}, {"seconds", kHoldTime.count()}, {"successes", kHoldSuccesses}});
  module_held(module).set(1);
  MutexLock lock(mutex_);
  holds_.hold(module, clock_.steady_now());
}

bool Dispatcher::is_held(const std::string& module) const {
  MutexLock lock(mutex_);
  return holds_.is_held(module);
}

telemetry::Gauge Dispatcher::module_held(const std::string& module) {
  return metrics_.gauge("module_held", "1 while a module whose plugin ended the host proves itself",
                        {{"module", module}});
}

// Those of a module that a reload brings are made with its first attempt.
const Dispatcher::ModuleMetrics& Dispatcher::metrics_of(const std::string& module) {
  using Kind = plugin::Outcome::Kind;
  std::unique_ptr<ModuleMetrics>& entry = module_metrics_[module];
  if (entry != nullptr) return *entry;
  const telemetry::Labels label = {{"module", module}};
  entry = std::make_unique<ModuleMetrics>(
      ModuleMetrics{{},
                    metrics_.histogram("handler_seconds", "Time an attempt took", telemetry::latency_bounds(), label),
                    metrics_.histogram("event_seconds", "From accepted to ended", telemetry::latency_bounds(), label)});
  for (const Kind kind :
       {Kind::kOk, Kind::kRetry, Kind::kSnooze, Kind::kFailed, Kind::kCancelled, Kind::kDeadline, Kind::kCrashed})
    entry->attempts.emplace(kind, metrics_.counter("attempts_total", "Attempts by outcome",
                                                   {{"module", module}, {"outcome", std::string(to_string(kind))}}));
  return *entry;
}

void Dispatcher::start() {
  thread_ = std::thread([this] { loop(); });
}

void Dispatcher::pause() {
  MutexLock lock(mutex_);
  paused_ = true;
}

bool Dispatcher::wait_idle(Deadline deadline) {
  MutexLock lock(mutex_);
  while (running_ != 0) {
    if (deadline.has_passed(clock_)) return false;
    lock.wait_until(changed_, std::min(deadline.at(), std::chrono::steady_clock::now() + kTick));
  }
  return true;
}

void Dispatcher::stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    signalled_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::size_t Dispatcher::running() const {
  MutexLock lock(mutex_);
  return running_;
}

void Dispatcher::wake() {
  {
    MutexLock lock(mutex_);
    if (signalled_) return;
    signalled_ = true;
  }
  changed_.notify_all();
}

void Dispatcher::loop() {
  watch_waiting();
  SteadyTime next_look = SteadyTime::max();
  for (;;) {
    bool is_paused = false;
    {
      MutexLock lock(mutex_);
      const SteadyTime tick =
          std::chrono::steady_clock::now() + std::min<std::chrono::nanoseconds>(kTick, next_look - clock_.steady_now());
      while (!signalled_ && lock.wait_until(changed_, tick) != std::cv_status::timeout) {
      }
      signalled_ = false;
      if (stopping_) return;
      is_paused = paused_;
    }
    for (bool has_more = !is_paused; has_more;) {
      has_more = claim_round();
      // A long backlog keeps no chat waiting for its ending or for its stop button.
      ender_.pump();
      cancel_stopped();
      stop_poller_.pump();
      MutexLock lock(mutex_);
      has_more = has_more && !paused_ && !stopping_;
    }
    ender_.pump();
    cancel_stopped();
    next_look = stop_poller_.pump();
  }
}

void Dispatcher::cancel_stopped() {
  std::vector<std::pair<std::string, journal::EventSeq>> stopped;
  {
    MutexLock lock(mutex_);
    stopped.swap(stopped_by_user_);
  }
  for (const auto& [module, seq] : stopped) {
    if (plugin::PluginRuntime* const runtime = runtimes_(module); runtime != nullptr)
      runtime->cancel(seq, plugin::CancelReason::kUser);
    withdraw(seq, kStoppedByUser);
  }
}

// A newer event of the chat waits for these to end.
void Dispatcher::cancel_superseded(const std::string& module, plugin::PluginRuntime& runtime) {
  for (const journal::EventSeq seq : journal_.take_superseded(module)) {
    runtime.cancel(seq, plugin::CancelReason::kSuperseded);
    withdraw(seq, kSuperseded);
  }
}

// Those of an earlier run have a stop button, too.
void Dispatcher::watch_waiting() {
  for (journal::Claim& claim : journal_.waiting(kWatchedMax)) {
    const config::ModulePtr module = config::module_of(config_.get(), claim.module);
    if (module == nullptr || !StopPoller::has_button(claim.event)) continue;
    const auto attempt = std::make_shared<const Attempt>(Attempt{claim.seq, claim.token, claim.attempt,
                                                                 std::move(claim.event), claim.fresh_since, module,
                                                                 claim.turn_completed, &metrics_of(module->name)});
    {
      MutexLock lock(mutex_);
      waiting_[claim.seq] = {attempt, claim.turn_completed, {}};
    }
    stop_poller_.watch(claim.seq, std::shared_ptr<const Event>(attempt, &attempt->event), module->name);
    stop_poller_.rest(claim.seq);
  }
}

// Nobody wants the answer of an event that waits for its next attempt: there will be none. One that began meanwhile is
// cancelled as a running one, by a later look or as its claim says.
void Dispatcher::withdraw(journal::EventSeq seq, const char* reason) {
  Waiting waiting;
  {
    MutexLock lock(mutex_);
    const auto found = waiting_.find(seq);
    if (found == waiting_.end()) return;
    waiting = found->second;
  }
  const Attempt& last = *waiting.last;
  const UnixMillis now = clock_.unix_now();
  plugin::Outcome outcome;
  outcome.kind = plugin::Outcome::Kind::kCancelled;
  outcome.turn_completed = waiting.turn_completed;
  outcome.shown_answer = waiting.shown_answer;
  journal::Settlement end;
  end.seq = seq;
  end.state = journal::State::kCancelled;
  end.reason = reason;
  end.detail = "while it waited for its next attempt";
  end.ending = ending_for(*last.module, last.event, end.state, outcome, now);
  if (!journal_.withdraw(end)) return;
  note_end(last, end, now);
  stop_poller_.forget(seq);
  MutexLock lock(mutex_);
  waiting_.erase(seq);
}

void Dispatcher::forget(journal::EventSeq seq) {
  stop_poller_.forget(seq);
  MutexLock lock(mutex_);
  waiting_.erase(seq);
}

bool Dispatcher::claim_round() {
  bool has_more = false;
  for (const std::string& name : journal_.modules_ready()) {
    const config::ModulePtr module = config::module_of(config_.get(), name);
    plugin::PluginRuntime* const runtime = module == nullptr || pauses_.is_paused(name) ? nullptr : runtimes_(name);
    if (runtime == nullptr) {
      if (!expire_waiting(name)) journal_.release_unstarted(name);
      continue;
    }
    const std::size_t places = places_of(name, *runtime);
    if (places == 0) {  // perhaps for good: a plugin may hold its events and never finish one
      expire_waiting(name);
      continue;
    }
    const config::Order order = module->order;
    std::vector<journal::Claim> claims = journal_.claim(name, places, claim_order(order));
    if (order == config::Order::kCancelPrevious) cancel_superseded(name, *runtime);
    has_more = has_more || claims.size() == places;
    for (journal::Claim& claim : claims) run(std::move(claim), module, *runtime);
  }
  return has_more;
}

std::size_t Dispatcher::places_of(const std::string& module, const plugin::PluginRuntime& runtime) const {
  const std::size_t free = std::min<std::size_t>(runtime.free_slots(), kClaimsAtOnce);
  MutexLock lock(mutex_);
  return holds_.places(module, free, clock_.steady_now());
}

void Dispatcher::run(journal::Claim claim, const config::ModulePtr& configured, plugin::PluginRuntime& runtime) {
  const config::ModuleConfig& module = *configured;
  plugin::AttemptInput input;
  input.attempt = claim.attempt;
  input.attempts_max = module.attempts_max();
  input.prior_run = claim.prior_run;
  input.replay = claim.generation > 0;
  input.checkpoint = std::move(claim.checkpoint);
  input.first_received = claim.first_received;
  input.journal_seq = claim.seq;
  input.idempotency_key = claim.event.app + "/" + claim.event.id + "/" + std::to_string(claim.generation);

  const auto left = claim.fresh_since + module.event_deadline - clock_.unix_now();
  input.deadline = Deadline::after(clock_, std::min<std::chrono::milliseconds>(module.attempt_deadline, left));

  std::string body = std::move(claim.event.body);
  claim.event.body.clear();
  const auto attempt =
      std::make_shared<const Attempt>(Attempt{claim.seq, claim.token, claim.attempt, claim.event, claim.fresh_since,
                                              configured, claim.turn_completed, &metrics_of(module.name)});
  {
    MutexLock lock(mutex_);
    ++running_;
    holds_.began(module.name);
    if (const auto found = waiting_.find(claim.seq); found != waiting_.end()) {
      input.shown_answer = std::move(found->second.shown_answer);
      waiting_.erase(found);
    }
  }
  if (left.count() <= 0) {  // waited too long, e.g. while the host was down: an answer now would only surprise
    plugin::Outcome outcome;
    outcome.kind = plugin::Outcome::Kind::kDeadline;
    outcome.detail = "the event's deadline passed before an attempt could begin";
    settle(attempt, {journal::State::kExpired, "event_deadline", {}, false}, outcome);
    return;
  }
  if (claim.superseded) {
    plugin::Outcome outcome;
    outcome.kind = plugin::Outcome::Kind::kCancelled;
    outcome.detail = "a newer event of its chat came before it ran";
    settle(attempt, {journal::State::kCancelled, kSuperseded, {}, false}, outcome);
    return;
  }
  if (claim.attempt > module.attempts_max()) {  // every attempt was cut short by the end of a host
    plugin::Outcome outcome;
    outcome.kind = plugin::Outcome::Kind::kCrashed;
    outcome.detail = "the host ended during each of its attempts";
    settle(attempt, {journal::State::kDead, "exhausted", {}, false}, outcome);
    return;
  }
  input.event = std::move(claim.event);
  input.event.body = std::move(body);
  stop_poller_.watch(attempt->seq, std::shared_ptr<const Event>(attempt, &attempt->event), module.name);
  fault_point("dispatch.before_submit");
  runtime.submit(std::move(input), [this, attempt](const plugin::Outcome& outcome) { finish(attempt, outcome); });
}

// The module takes no events now: they wait until it does, but none past its deadline. Only a late event is claimed,
// for a claim is an attempt if the host dies.
bool Dispatcher::expire_waiting(const std::string& name) {
  SteadyTime& next_sweep = next_expiry_[name];
  if (clock_.steady_now() < next_sweep) return false;
  next_sweep = clock_.steady_now() + kExpirySweep;
  config::ModulePtr module = config::module_of(config_.get(), name);
  if (module == nullptr) {
    config::ModuleConfig unknown;
    unknown.name = name;
    module = std::make_shared<const config::ModuleConfig>(std::move(unknown));
  }
  const auto is_late = [&](UnixMillis received) { return clock_.unix_now() >= received + module->event_deadline; };
  for (std::size_t i = 0; i < kClaimsAtOnce; ++i) {
    const std::optional<UnixMillis> oldest = journal_.oldest_ready(name);
    if (!oldest || !is_late(*oldest)) return false;
    std::vector<journal::Claim> claims = journal_.claim(name, 1, claim_order(module->order));
    if (claims.empty()) {  // it comes when it is marked, which wakes us
      next_sweep = {};
      return true;
    }
    const journal::Claim& claim = claims.front();
    if (is_late(claim.fresh_since)) {
      expire(claim, module);
      continue;
    }
    give_back(claim);  // the late one stands behind it, in its chat or after a replay: at another sweep
    return false;
  }
  next_sweep = {};  // a backlog that is late as a whole goes on at the next turn
  wake();
  return true;
}

void Dispatcher::expire(const journal::Claim& claim, const config::ModulePtr& module) {
  {
    MutexLock lock(mutex_);
    ++running_;
    holds_.began(module->name);
  }
  plugin::Outcome outcome;
  outcome.kind = plugin::Outcome::Kind::kDeadline;
  outcome.detail = "the module took no events before the event's deadline";
  const auto known = module_metrics_.find(module->name);
  settle(std::make_shared<const Attempt>(Attempt{claim.seq, claim.token, claim.attempt, claim.event, claim.fresh_since,
                                                 module, claim.turn_completed,
                                                 known == module_metrics_.end() ? nullptr : known->second.get()}),
         {journal::State::kExpired, "event_deadline", {}, false}, outcome);
}

void Dispatcher::give_back(const journal::Claim& claim) {
  journal::Settlement release;
  release.seq = claim.seq;
  release.token = claim.token;
  release.state = journal::State::kReady;
  release.consumes_attempt = false;
  release.reason = "module_not_running";
  journal_.settle(std::move(release));
}

void Dispatcher::finish(const std::shared_ptr<const Attempt>& ended, const plugin::Outcome& outcome) {
  const Attempt& attempt = *ended;
  AttemptFacts facts;
  facts.attempt = attempt.number;
  facts.first_received = attempt.fresh_since;
  facts.now = clock_.unix_now();
  {
    MutexLock lock(mutex_);
    facts.jitter = std::uniform_real_distribution<double>(-1, 1)(jitter_);
    facts.is_stopping = paused_ || stopping_;
  }
  if (attempt.metrics != nullptr) {
    const ModuleMetrics& metrics = *attempt.metrics;
    metrics.attempts.at(outcome.kind).add();
    if (outcome.started_at != SteadyTime{}) {
      metrics.handler_seconds.observe(std::chrono::duration<double>(clock_.steady_now() - outcome.started_at).count());
      if (attempt.number == 1 && attempt.event.received_steady != SteadyTime{})
        accept_to_on_event_.observe(
            std::chrono::duration<double>(outcome.started_at - attempt.event.received_steady).count());
    }
  }
  settle(ended, decide(*attempt.module, outcome, facts), outcome);
}

void Dispatcher::settle(const std::shared_ptr<const Attempt>& ended, const Decision& decision,
                        plugin::Outcome outcome) {
  const Attempt& attempt = *ended;
  const UnixMillis now = clock_.unix_now();
  outcome.turn_completed = outcome.turn_completed || attempt.turn_completed;
  const bool is_waiting = decision.state == journal::State::kWaiting;
  journal::Settlement settlement;
  settlement.seq = attempt.seq;
  settlement.token = attempt.token;
  settlement.state = decision.state;
  settlement.reason = decision.reason;
  settlement.detail = outcome.detail;
  settlement.not_before = decision.not_before;
  settlement.consumes_attempt = decision.consumes_attempt;
  settlement.leaves_steps_open =
      decision.state == journal::State::kCompleted && (outcome.leave_turn_open || !attempt.module->complete_turn);
  settlement.ending = ending_for(*attempt.module, attempt.event, decision.state, outcome, now);
  fault_point("dispatch.before_settle");
  note_end(attempt, settlement, now);
  bool is_watched = is_waiting && StopPoller::has_button(attempt.event);
  {
    MutexLock lock(mutex_);
    is_watched = is_watched && waiting_.size() < kWatchedMax;
    if (is_watched)
      waiting_[attempt.seq] = {ended, outcome.turn_completed, std::move(outcome.shown_answer)};
    else
      waiting_.erase(attempt.seq);
  }
  is_watched ? stop_poller_.rest(attempt.seq) : stop_poller_.forget(attempt.seq);
  journal_.settle(std::move(settlement));
  bool is_proved = false;
  {
    MutexLock lock(mutex_);
    --running_;
    signalled_ = true;
    is_proved = holds_.ended(attempt.module->name, outcome.kind == plugin::Outcome::Kind::kOk);
  }
  changed_.notify_all();
  if (!is_proved) return;
  module_held(attempt.module->name).set(0);
  log_.info("module no longer held", {{"module", attempt.module->name}});
}

void Dispatcher::note_end(const Attempt& attempt, const journal::Settlement& end, UnixMillis now) {
  const auto took = now - attempt.fresh_since;
  if (journal::is_terminal(end.state) && attempt.metrics != nullptr)
    attempt.metrics->event_seconds.observe(std::chrono::duration<double>(took).count());
  const bool is_well = end.state == journal::State::kCompleted || end.state == journal::State::kReady;
  log_.write(is_well ? telemetry::LogLevel::kInfo : telemetry::LogLevel::kWarn,
             journal::is_terminal(end.state) ? "event ended" : "attempt ended",
             {{"event_id", attempt.event.id},
              {"module", attempt.module->name},
              {"state", journal::to_string(end.state)},
              {"reason", end.reason},
              {"attempt", attempt.number},
              {"ms", took.count()},
              {"detail", end.detail}});
}

}  // namespace modhost::dispatch
