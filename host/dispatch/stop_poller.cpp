#include "dispatch/stop_poller.hpp"

#include <algorithm>
#include <deque>
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

  void watch(EventSeq seq, std::shared_ptr<const Event> event, const std::string& module, SteadyTime now) {
    MutexLock lock(mutex_);
    App& app = apps_.try_emplace(event->app, App{metrics_, event->app}).first->second;
    ++app.watched;
    app.queue.push_back({seq, ++last_watch_, now + kStopPollInterval});
    watched_[seq] = {std::move(event), &module, &app, last_watch_};
  }

  void forget(EventSeq seq) {
    MutexLock lock(mutex_);
    const auto found = watched_.find(seq);
    if (found == watched_.end()) return;
    --found->second.app->watched;
    watched_.erase(found);
  }

  std::vector<Look> take_due(SteadyTime now, SteadyTime& next) {
    MutexLock lock(mutex_);
    std::vector<Look> due;
    for (auto& [id, app] : apps_) {
      app.next_look = std::max(app.next_look, now - kCatchUp);
      while (!app.queue.empty()) {
        const Turn turn = app.queue.front();
        const auto found = watched_.find(turn.seq);
        const bool is_gone = found == watched_.end() || found->second.number != turn.watch;
        if (!is_gone && std::max(turn.due, app.next_look) > now) break;
        app.queue.pop_front();
        if (is_gone) continue;
        app.next_look += kLookGap;
        due.push_back({turn.seq, turn.watch, found->second.event});
      }
      if (!app.queue.empty()) next = std::min(next, std::max(app.queue.front().due, app.next_look));
      app.interval.set(
          std::chrono::duration<double>(std::max<std::chrono::milliseconds>(kStopPollInterval, kLookGap * app.watched))
              .count());
    }
    return due;
  }

  // A look has ended, and the next one follows: until forget() nobody has heard of the button for certain.
  void looked(EventSeq seq, std::uint64_t watch, const Result<platform::HttpResponse>& answer, SteadyTime next) {
    // Held while the listener is told: close() then knows that no call of it is under way.
    MutexLock reporting(open_mutex_);
    if (!open_) return;
    const bool is_pressed = answer && answer->status == 200 && is_stopped(answer->body);
    const std::string* module = nullptr;
    {
      MutexLock lock(mutex_);
      const auto found = watched_.find(seq);
      if (found == watched_.end() || found->second.number != watch) return;
      module = found->second.module;
      found->second.app->queue.push_back({seq, watch, next});
    }
    if (is_pressed) pressed_(*module, seq);
  }

  void close() {
    MutexLock reporting(open_mutex_);
    open_ = false;
  }

 private:
  struct Turn {
    EventSeq seq = 0;
    std::uint64_t watch = 0;  // another one of the same event has turns of its own
    SteadyTime due{};
  };
  struct App {
    App(telemetry::Metrics& metrics, const std::string& id)
        : interval(metrics.gauge("stop_poll_interval_seconds", "Time between two looks for the stop button of a chat",
                                 {{"app", id}})) {}
    std::deque<Turn> queue;  // in the order of their turns; may name events that have ended
    std::size_t watched = 0;
    SteadyTime next_look{};
    telemetry::Gauge interval;
  };
  struct Watched {
    std::shared_ptr<const Event> event;
    const std::string* module = nullptr;
    App* app = nullptr;  // apps_ never shrinks
    std::uint64_t number = 0;
  };

  telemetry::Metrics& metrics_;
  const Pressed pressed_;
  Mutex open_mutex_;
  bool open_ GUARDED_BY(open_mutex_) = true;
  Mutex mutex_;
  std::map<std::string, App> apps_ GUARDED_BY(mutex_);
  std::unordered_map<EventSeq, Watched> watched_ GUARDED_BY(mutex_);
  std::uint64_t last_watch_ GUARDED_BY(mutex_) = 0;
};

StopPoller::StopPoller(platform::HttpClient& client, const config::Config& config, const Clock& clock,
                       telemetry::Metrics& metrics, Pressed pressed)
    : client_(client), config_(config), clock_(clock), state_(std::make_shared<State>(metrics, std::move(pressed))) {}

StopPoller::~StopPoller() { state_->close(); }

bool StopPoller::has_button(const Event& event) {
  return event.name == kExternalModuleChosen && !event.chat_id.empty() && !event.assistant_message_id.empty();
}

void StopPoller::watch(EventSeq seq, std::shared_ptr<const Event> event, const std::string& module) {
  if (has_button(*event)) state_->watch(seq, std::move(event), module, clock_.steady_now());
}

void StopPoller::forget(EventSeq seq) { state_->forget(seq); }

SteadyTime StopPoller::pump() {
  SteadyTime next = SteadyTime::max();
  for (const State::Look& look_at : state_->take_due(clock_.steady_now(), next))
    look(look_at.seq, look_at.watch, *look_at.event);
  return next;
}

// What goes wrong is no answer, and the next look may have one.
void StopPoller::look(EventSeq seq, std::uint64_t watch, const Event& event) {
  const SteadyTime next = clock_.steady_now() + kStopPollInterval;
  const config::App* const app = config_.app(event.app);
  if (app == nullptr) return;
  platform::UniqueCall call;
  call.target = message_target(event) + "?chatId=" + percent_encoded(event.chat_id);
  call.user_id = event.user_id;
  call.company_id = event.company_id;
  Result<platform::HttpRequest> request = platform::build_request(*app, std::move(call));
  if (!request) return;
  request->deadline = Deadline::after(clock_, kLookTimeout);
  request->attempts_max = 1;
  request->response_bytes_max = kMessageBytesMax;
  const auto started =
      client_.start(std::move(*request),
                    platform::collect([state = state_, seq, watch, next](const Result<platform::HttpResponse>& answer) {
                      state->looked(seq, watch, answer, next);
                    }));
  if (!started) state_->looked(seq, watch, started.error(), next);
}

}  // namespace modhost::dispatch
