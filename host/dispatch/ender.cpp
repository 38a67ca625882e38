#include "dispatch/ender.hpp"

#include <algorithm>
#include <utility>

#include "base/fault_point.hpp"
#include "dispatch/ending.hpp"
#include "platform/unique_request.hpp"

namespace modhost::dispatch {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kEndingsInFlightMax = 64;
constexpr auto kEndingTimeout = 30s;
constexpr auto kEndingRetryMax = 60s;
constexpr char kWhatIsCounted[] = "Endings of answers and log steps that the host sent";

std::chrono::milliseconds backoff(unsigned tries) {
  return std::min<std::chrono::milliseconds>(1000ms * (1u << std::min(tries, 6u)), kEndingRetryMax);
}

// The key is refused: an operator mends that, not the next try.
bool is_unauthorised(int status) { return status == 401 || status == 403; }
// An answer that the same call can never better, e.g. the message is gone.
bool is_final(int status) {
  return status >= 400 && status < 500 && status != 408 && status != 429 && !is_unauthorised(status);
}

}  // namespace

// What a call in flight needs to report back. Closed by the Ender's destructor: later reports touch nothing.
class Ender::State {
 public:
  State(journal::Journal& journal, const Clock& clock, telemetry::Log& log, telemetry::Metrics& metrics,
        std::function<void()> wake)
      : journal_(journal),
        clock_(clock),
        log_(log),
        wake_(std::move(wake)),
        sent_(metrics.counter("endings_total", kWhatIsCounted, {{"outcome", "sent"}})),
        refused_(metrics.counter("endings_total", kWhatIsCounted, {{"outcome", "refused"}})),
        delayed_(metrics.counter("endings_total", kWhatIsCounted, {{"outcome", "delayed"}})) {}

  bool claim(std::int64_t id) {
    MutexLock lock(mutex_);
    return in_flight_.insert(id).second;
  }

  [[nodiscard]] std::size_t free_places() {
    MutexLock lock(mutex_);
    return kEndingsInFlightMax - std::min(in_flight_.size(), kEndingsInFlightMax);
  }

  // `target` names what was to be ended.
  void finish(const journal::OutboxItem& item, std::string_view target,
              const Result<platform::HttpResponse>& response) {
    {
      // Held while the journal is told: close() then knows that no report is under way.
      MutexLock reporting(open_mutex_);
      if (!open_) return;
      fault_point("dispatch.ending_answered");
      if (response && response->status >= 200 && response->status < 300) {
        sent_.add();
        journal_.outbox_done(item.id);
      } else if (response && is_final(response->status)) {
        refused_.add();
        log_.error("the platform refuses the ending of an answer or a log step: given up",
                   {{"event_id", item.event.id},
                    {"chat_id", item.event.chat_id},
                    {"target", target},
                    {"status", response->status}});
        journal_.outbox_done(item.id);
      } else {
        delayed_.add();
        const bool is_key_refused = response && is_unauthorised(response->status);
        const std::string problem =
            is_key_refused ? "it answers " + std::to_string(response->status) + ": check api_key and id of the app"
            : response     ? "it answers " + std::to_string(response->status)
                           : response.error().message;
        log_.warn("the platform did not take the ending of an answer or a log step, trying again: " + problem,
                  {{"event_id", item.event.id}, {"target", target}, {"tries", item.tries + 1}});
        journal_.outbox_later(item.id, clock_.unix_now() + (is_key_refused ? kEndingRetryMax : backoff(item.tries)));
      }
      {
        MutexLock lock(mutex_);
        in_flight_.erase(item.id);
      }
      wake_();
    }
    idle_.notify_all();
  }

  void close() {
    MutexLock reporting(open_mutex_);
    open_ = false;
  }

  void wait_idle(Deadline deadline) {
    MutexLock lock(mutex_);
    while (!in_flight_.empty() && !deadline.has_passed(clock_))
      lock.wait_until(idle_, std::min(deadline.at(), std::chrono::steady_clock::now() + 1s));
  }

 private:
  journal::Journal& journal_;
  const Clock& clock_;
  telemetry::Log& log_;
  const std::function<void()> wake_;
  telemetry::Counter sent_, refused_, delayed_;
  Mutex open_mutex_;
  bool open_ GUARDED_BY(open_mutex_) = true;
  Mutex mutex_;
  std::condition_variable idle_;
  std::set<std::int64_t> in_flight_ GUARDED_BY(mutex_);
};

Ender::Ender(journal::Journal& journal, platform::HttpClient& client, const config::Current& config, const Clock& clock,
             telemetry::Log& log, telemetry::Metrics& metrics, std::function<void()> wake)
    : config_(config),
      client_(client),
      clock_(clock),
      journal_(journal),
      state_(std::make_shared<State>(journal, clock, log, metrics, std::move(wake))) {}

Ender::~Ender() { state_->close(); }

void Ender::pump() {
  const std::size_t places = state_->free_places();
  if (places == 0) return;
  for (journal::OutboxItem& item : journal_.outbox_due(places))
    if (state_->claim(item.id)) send(std::move(item));
}

void Ender::wait_idle(Deadline deadline) { state_->wait_idle(deadline); }

void Ender::send(journal::OutboxItem item) {
  const auto shared = std::make_shared<const journal::OutboxItem>(std::move(item));
  const config::Snapshot config = config_.get();
  const config::App* const app = config->app(shared->event.app);
  if (app == nullptr) {
    state_->finish(*shared, {}, unavailable("app " + shared->event.app + " is no longer in modules.yaml"));
    return;
  }
  Result<EndingCall> ending = ending_call(shared->event, shared->ending);
  if (!ending) return state_->finish(*shared, {}, ending.error());
  const std::string target = ending->target;
  platform::UniqueCall call;
  call.method = ending->method;
  call.target = std::move(ending->target);
  call.body = std::move(ending->body);
  call.user_id = shared->event.user_id;
  call.company_id = shared->event.company_id;
  call.traceparent = shared->event.traceparent;
  Result<platform::HttpRequest> request = platform::build_request(*app, std::move(call));
  if (!request) return state_->finish(*shared, target, request.error());
  request->deadline = Deadline::after(clock_, kEndingTimeout);
  fault_point("dispatch.before_ending");
  const auto started =
      client_.start(std::move(*request),
                    platform::collect([state = state_, shared, target](const Result<platform::HttpResponse>& response) {
                      state->finish(*shared, target, response);
                    }));
  fault_point("dispatch.ending_started");
  if (!started) state_->finish(*shared, target, started.error());
}

}  // namespace modhost::dispatch
