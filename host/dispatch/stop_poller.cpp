#include "dispatch/stop_poller.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "base/percent.hpp"
#include "dispatch/ending.hpp"
#include "event/json_reader.hpp"
#include "platform/unique_request.hpp"

namespace modhost::dispatch {

namespace {

using journal::EventSeq;

constexpr std::chrono::milliseconds kLookTimeout{5000};
constexpr std::size_t kMessageBytesMax = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds kLookGap{1000 / kStopPollsPerSecond};
constexpr std::uint64_t kWaitingShare = 5;          // of the looks of a busy app, one in so many is a waiting chat's
constexpr std::chrono::milliseconds kCatchUp{100};  // looks that a busy thread missed are made up for, not all at once

// A message may be large and nearly always says null: it is looked through before it is parsed.
bool may_be_stopped(std::string_view message) {
  constexpr std::string_view kName = "\"userAbortedAt\"";
  for (auto at = message.find(kName); at != std::string_view::npos; at = message.find(kName, at + 1)) {
    const auto value = message.find_first_not_of(" \t\r\n:", at + kName.size());
    if (value != std::string_view::npos && message[value] != 'n') return true;
  }
  return false;
}

bool is_stopped(std::string_view message) {
  if (!may_be_stopped(message)) return false;
  const auto document = parse_json(message);
  if (!document || !document->IsObject()) return false;
  const rapidjson::Value* aborted_at = find_member(*document, "userAbortedAt");
  return aborted_at != nullptr && !aborted_at->IsNull();
}

}  // namespace

// What is watched, and when each is due.
class StopPoller::State {
 public:
  struct Look {
    EventSeq seq = 0;
    std::uint64_t watch = 0;
    std::shared_ptr<const Event> event;
  };

  State(telemetry::Metrics& metrics, Pressed pressed) : metrics_(metrics), pressed_(std::move(pressed)) {}

  // However short its attempts and its waits are, its next look comes no later for them.
  void watch(EventSeq seq, std::shared_ptr<const Event> event, const std::string& module, SteadyTime now) {
    MutexLock lock(mutex_);
    const auto [found, is_new] = watched_.try_emplace(seq);
    Watched& watched = found->second;
    if (is_new) {
      watched.app = &apps_.try_emplace(event->app, App{metrics_, event->app}).first->second;
      watched.number = ++last_watch_;
    }
    if (is_new || watched.waits_since) ++watched.app->running;
    watched.event = std::move(event);
    watched.module = module;
    watched.waits_since.reset();
    if (is_new || watched.turn != 0) queue(seq, watched, std::min(watched.due, now + kStopPollInterval));
  }

  void rest(EventSeq seq, SteadyTime now) {
    MutexLock lock(mutex_);
    const auto found = watched_.find(seq);
    if (found == watched_.end() || found->second.waits_since) return;
    --found->second.app->running;
    found->second.waits_since = now;
    if (found->second.turn != 0) queue(seq, found->second, found->second.due);
  }

  void forget(EventSeq seq) {
    MutexLock lock(mutex_);
    const auto found = watched_.find(seq);
    if (found == watched_.end()) return;
    if (!found->second.waits_since) --found->second.app->running;
    watched_.erase(found);
  }

  std::vector<Look> take_due(SteadyTime now, SteadyTime& next) {
    MutexLock lock(mutex_);
    std::vector<Look> due;
    for (auto& [id, app] : apps_) {
      app.next_look = std::max(app.next_look, now - kCatchUp);
      while (Turns* const turns = app.next_queue(now, [this](const Turn& turn) { return is_stale(turn); })) {
        const Turn turn = turns->top();
        if (std::max(turn.due, app.next_look) > now) {
          next = std::min(next, std::max(turn.due, app.next_look));
          break;
        }
        turns->pop();
        app.next_look += kLookGap;
        ++app.looks;
        Watched& watched = watched_.at(turn.seq);
        watched.turn = 0;
        due.push_back({turn.seq, watched.number, watched.event});
      }
      app.interval.set(
          std::chrono::duration<double>(std::max<std::chrono::milliseconds>(kStopPollInterval, kLookGap * app.running))
              .count());
    }
    return due;
  }

  // A look has ended, and the next one follows: until forget() nobody has heard of the button for certain.
  void looked(EventSeq seq, std::uint64_t watch, const Result<platform::HttpResponse>& answer, SteadyTime began) {
    // Held while the listener is told: close() then knows that no call of it is under way.
    MutexLock reporting(open_mutex_);
    if (!open_) return;
    const bool is_pressed = answer && answer->status == 200 && is_stopped(answer->body);
    std::string module;
    {
      MutexLock lock(mutex_);
      const auto found = watched_.find(seq);
      if (found == watched_.end() || found->second.number != watch) return;
      Watched& watched = found->second;
      module = watched.module;
      std::chrono::milliseconds interval = kStopPollInterval;
      if (watched.waits_since) {
        const auto waited = std::chrono::floor<std::chrono::milliseconds>(began - *watched.waits_since);
        interval = std::clamp<std::chrono::milliseconds>(waited / 10, kStopPollWaiting, kStopPollWaitingMax);
      }
      queue(seq, watched, began + interval);
    }
    if (is_pressed) pressed_(module, seq);
  }

  void close() {
    MutexLock reporting(open_mutex_);
    open_ = false;
  }

 private:
  struct Turn {
    SteadyTime due{};
    std::uint64_t number = 0;
    EventSeq seq = 0;
    bool operator>(const Turn& other) const { return std::tie(due, number) > std::tie(other.due, other.number); }
  };
  using Turns = std::priority_queue<Turn, std::vector<Turn>, std::greater<>>;
  struct App {
    App(telemetry::Metrics& metrics, const std::string& id)
        : interval(metrics.gauge("stop_poll_interval_seconds", "Time between two looks for the stop button of a chat",
                                 {{"app", id}})) {}

    // Where the next look is taken from: chats that run go first, yet those that wait get one in five.
    template <class IsStale>
    Turns* next_queue(SteadyTime now, IsStale is_stale) {
      for (Turns* turns : {&of_running, &of_waiting})
        while (!turns->empty() && is_stale(turns->top())) turns->pop();
      if (of_running.empty() || of_waiting.empty())
        return !of_running.empty() ? &of_running : !of_waiting.empty() ? &of_waiting : nullptr;
      const bool is_waiting_due = of_waiting.top().due <= now;
      const bool is_running_due = of_running.top().due <= now;
      if (is_waiting_due && (!is_running_due || looks % kWaitingShare == 0)) return &of_waiting;
      return is_running_due || of_running.top().due <= of_waiting.top().due ? &of_running : &of_waiting;
    }

    Turns of_running, of_waiting;  // may name events that have ended, or turns that were moved
    std::size_t running = 0;
    std::uint64_t looks = 0;
    SteadyTime next_look{};
    telemetry::Gauge interval;
  };
  struct Watched {
    std::shared_ptr<const Event> event;
    std::string module;
    App* app = nullptr;        // apps_ never shrinks
    std::uint64_t number = 0;  // tells the answer of a look from that of an earlier watch
    std::uint64_t turn = 0;    // the one that counts; 0: a look is on its way
    SteadyTime due = SteadyTime::max();
    std::optional<SteadyTime> waits_since;
  };

  void queue(EventSeq seq, Watched& watched, SteadyTime due) REQUIRES(mutex_) {
    watched.turn = ++last_turn_;
    watched.due = due;
    (watched.waits_since ? watched.app->of_waiting : watched.app->of_running).push({due, watched.turn, seq});
  }

  [[nodiscard]] bool is_stale(const Turn& turn) const REQUIRES(mutex_) {
    const auto found = watched_.find(turn.seq);
    return found == watched_.end() || found->second.turn != turn.number;
  }

  telemetry::Metrics& metrics_;
  const Pressed pressed_;
  Mutex open_mutex_;
  bool open_ GUARDED_BY(open_mutex_) = true;
  Mutex mutex_;
  std::map<std::string, App> apps_ GUARDED_BY(mutex_);
  std::unordered_map<EventSeq, Watched> watched_ GUARDED_BY(mutex_);
  std::uint64_t last_watch_ GUARDED_BY(mutex_) = 0, last_turn_ GUARDED_BY(mutex_) = 0;
};

StopPoller::StopPoller(platform::HttpClient& client, const config::Current& config, const Clock& clock,
                       telemetry::Metrics& metrics, Pressed pressed)
    : client_(client), config_(config), clock_(clock), state_(std::make_shared<State>(metrics, std::move(pressed))) {}

StopPoller::~StopPoller() { state_->close(); }

bool StopPoller::has_button(const Event& event) {
  return event.name == kExternalModuleChosen && !event.chat_id.empty() && !event.assistant_message_id.empty();
}

void StopPoller::watch(EventSeq seq, std::shared_ptr<const Event> event, const std::string& module) {
  if (has_button(*event)) state_->watch(seq, std::move(event), module, clock_.steady_now());
}

void StopPoller::rest(EventSeq seq) { state_->rest(seq, clock_.steady_now()); }

void StopPoller::forget(EventSeq seq) { state_->forget(seq); }

SteadyTime StopPoller::pump() {
  SteadyTime next = SteadyTime::max();
  for (const State::Look& look_at : state_->take_due(clock_.steady_now(), next))
    look(look_at.seq, look_at.watch, *look_at.event);
  return next;
}

// What goes wrong is no answer, and the next look may have one.
void StopPoller::look(EventSeq seq, std::uint64_t watch, const Event& event) {
  const SteadyTime began = clock_.steady_now();
  const config::Snapshot config = config_.get();
  const config::App* const app = config->app(event.app);
  if (app == nullptr) return state_->looked(seq, watch, Error{Code::kNotFound, "its app is not configured"}, began);
  platform::UniqueCall call;
  call.target = message_target(event) + "?chatId=" + percent_encoded(event.chat_id);
  call.user_id = event.user_id;
  call.company_id = event.company_id;
  Result<platform::HttpRequest> request = platform::build_request(*app, std::move(call));
  if (!request) return state_->looked(seq, watch, request.error(), began);
  request->deadline = Deadline::after(clock_, kLookTimeout);
  request->attempts_max = 1;
  request->response_bytes_max = kMessageBytesMax;
  const auto started = client_.start(
      std::move(*request),
      platform::collect([state = state_, seq, watch, began](const Result<platform::HttpResponse>& answer) {
        state->looked(seq, watch, answer, began);
      }));
  if (!started) state_->looked(seq, watch, started.error(), began);
}

}  // namespace modhost::dispatch
