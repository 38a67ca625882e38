// One attempt at one event, as plugin code sees it.
#pragma once

#include <modhost/plugin.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "modhost/sdk/host.hpp"
#include "modhost/sdk/http.hpp"
#include "modhost/sdk/timer.hpp"

namespace modhost {

inline constexpr std::string_view kExternalModuleChosen = "unique.chat.external-module.chosen";

class Completion;

// A cheap handle to copy; what it points to is lent until the event is finished. Thread-safe.
class Event {
 public:
  Event(Host host, std::shared_ptr<detail::Scope> scope, const modhost_event* raw)
      : host_(host), handle_(scope->event()), raw_(raw), shared_(std::make_shared<Shared>(std::move(scope))) {}

  [[nodiscard]] std::string_view name() const { return to_view(raw_->name); }
  [[nodiscard]] std::string_view module() const { return to_view(raw_->module_name); }
  [[nodiscard]] std::string_view id() const { return to_view(raw_->event_id); }
  // Equal in all attempts at this event.
  [[nodiscard]] std::string_view idempotency_key() const { return to_view(raw_->idempotency_key); }
  [[nodiscard]] std::string_view app_id() const { return to_view(raw_->app_id); }
  [[nodiscard]] std::string_view company_id() const { return to_view(raw_->company_id); }
  [[nodiscard]] std::string_view user_id() const { return to_view(raw_->user_id); }
  [[nodiscard]] std::string_view chat_id() const { return to_view(raw_->chat_id); }
  [[nodiscard]] std::string_view assistant_id() const { return to_view(raw_->assistant_id); }
  [[nodiscard]] std::string_view assistant_message_id() const { return to_view(raw_->assistant_message_id); }
  [[nodiscard]] std::string_view user_message_id() const { return to_view(raw_->user_message_id); }
  [[nodiscard]] std::string_view traceparent() const { return to_view(raw_->traceparent); }
  [[nodiscard]] std::string_view checkpoint() const {
    return {static_cast<const char*>(raw_->checkpoint.ptr), raw_->checkpoint.len};
  }

  // The signed document as it came, and parsed on first use.
  [[nodiscard]] std::string_view body() const { return to_view(raw_->body); }
  [[nodiscard]] Json document() const {
    std::call_once(shared_->parsed, [this] { shared_->document = JsonDocument::parse(body()).value(); });
    return shared_->document.root();
  }
  [[nodiscard]] Json payload() const { return document()["payload"]; }

  [[nodiscard]] unsigned attempt() const { return raw_->attempt; }
  [[nodiscard]] bool is_last_attempt() const { return raw_->attempt >= raw_->max_attempts; }
  // An earlier attempt may have reached the outside world.
  [[nodiscard]] bool has_prior_run() const { return (raw_->flags & MODHOST_EVENT_PRIOR_RUN) != 0; }
  [[nodiscard]] bool is_replay() const { return (raw_->flags & MODHOST_EVENT_REPLAY) != 0; }
  // The end of this attempt; max() when there is none.
  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const {
    using Time = std::chrono::steady_clock::time_point;
    return raw_->deadline_mono_ns == 0 ? Time::max() : Time(std::chrono::nanoseconds(raw_->deadline_mono_ns));
  }
  // The host no longer wants the result: return soon, `return modhost::cancelled();`.
  [[nodiscard]] bool is_cancelled() const { return events().cancelled(services().host, handle_) != 0; }

  // Asks for more time; the end of the attempt as it holds now. The event's own deadline bounds it.
  [[nodiscard]] Result<std::chrono::steady_clock::time_point> extend(std::chrono::milliseconds more) const {
    std::int64_t now = 0;
    const modhost_status status = events().extend(services().host, handle_, more.count(), &now);
    if (status < 0) return Failure{status, "no more time is granted"};
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(now));
  }

  // What the next attempt finds as checkpoint(), durable on return: a mark to go on from, at most 64 KiB.
  [[nodiscard]] Result<void> save_checkpoint(std::string_view mark) const {
    const modhost_status status = services().checkpoint->save(services().host, handle_, {mark.data(), mark.size()});
    if (status < 0) return Failure{status, "the checkpoint is not saved"};
    return {};
  }

  // Calls for this event; they end with it.
  [[nodiscard]] Api api() const { return Api(shared_->scope); }
  [[nodiscard]] Http http() const { return Http(shared_->scope); }
  [[nodiscard]] Sleep sleep(std::chrono::milliseconds time) const { return {shared_->scope, time}; }
  [[nodiscard]] Log log() const { return {services(), handle_}; }
  [[nodiscard]] const Host& host() const { return host_; }

  // The chat's input stays locked after this event: the module, or a later event, completes the turn.
  void leave_turn_open() const { events().leave_turn_open(services().host, handle_); }

  // The event goes on after on_event has returned; what on_event returns then counts no more. Once per event.
  [[nodiscard]] Completion later();

  [[nodiscard]] modhost_event_id handle() const { return handle_; }
  // Its on_event returns an Outcome: what is awaited for it is done on the thread that asks.
  [[nodiscard]] bool is_blocking() const { return shared_->scope->is_blocking(); }

 private:
  friend class Completion;
  friend bool is_deferred(const Event& event);
  struct Shared {
    explicit Shared(std::shared_ptr<detail::Scope> attempt) : scope(std::move(attempt)) {}
    const std::shared_ptr<detail::Scope> scope;
    std::once_flag parsed;
    JsonDocument document;
    bool is_deferred = false;
  };
  [[nodiscard]] const detail::Services& services() const { return host_.services(); }
  [[nodiscard]] const modhost_event_service& events() const { return *services().event; }

  Host host_;
  modhost_event_id handle_;
  const modhost_event* raw_;
  std::shared_ptr<Shared> shared_;
};

inline bool is_deferred(const Event& event) { return event.shared_->is_deferred; }

// The right, and the duty, to finish an event once, from any thread. Dropped unfinished, the event fails.
class Completion {
 public:
  Completion(Host host, modhost_event_id handle) : host_(host), handle_(handle) {}
  Completion(Completion&& other) noexcept : host_(other.host_), handle_(std::exchange(other.handle_, 0)) {}
  Completion& operator=(Completion&&) = delete;
  ~Completion() {
    if (handle_ != 0) finish(Failure{MODHOST_E_INTERNAL, "the plugin dropped the event"});
  }
  // Ends the loan of the event's memory. False when the host had given up or the event was finished before.
  bool finish(const Outcome& outcome) {
    const Failure& failure = outcome.failure();
    modhost_outcome raw{};
    raw.struct_size = sizeof raw;
    raw.status = outcome ? MODHOST_OK : failure.status;
    raw.retry_after_ms = failure.retry_after.count();
    raw.detail = to_str(failure.detail);
    const auto& services = host_.services();
    return services.event->complete(services.host, std::exchange(handle_, 0), &raw) == MODHOST_OK;
  }

 private:
  Host host_;
  modhost_event_id handle_;
};

inline Completion Event::later() {
  shared_->is_deferred = true;
  return {host_, handle_};
}

}  // namespace modhost
