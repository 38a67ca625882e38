// The barrier between a plugin's class and the host: each function here is one of the table, and lets nothing out.
#pragma once

#include <modhost/plugin.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>

#include "modhost/sdk/async.hpp"
#include "modhost/sdk/barrier.hpp"
#include "modhost/sdk/event.hpp"
#include "modhost/sdk/scopes.hpp"

namespace modhost {

inline constexpr unsigned kAnyThreads = 0;  // for kThreadsMax of a class that is safe from any number of threads

namespace detail {

inline modhost_status report(const Outcome& outcome, modhost_error* error) noexcept {
  if (outcome) return MODHOST_OK;
  const Failure& failure = outcome.failure();
  error->message_len = static_cast<std::uint32_t>(std::min(failure.detail.size(), sizeof error->message));
  std::memcpy(error->message, failure.detail.data(), error->message_len);
  return failure.status;
}

template <class Plugin>
struct Instance {
  explicit Instance(const modhost_host* raw) requires std::is_constructible_v<Plugin, Host> : host(raw), plugin(host) {}
  explicit Instance(const modhost_host* raw) requires(!std::is_constructible_v<Plugin, Host>) : host(raw) {}

  static Instance& of(modhost_instance* self) { return *reinterpret_cast<Instance*>(self); }

  static modhost_status create(const modhost_host* host, const modhost_settings*, modhost_instance** out,
                               modhost_error* error) noexcept {
    const Outcome made = guarded([&]() -> Outcome {
      *out = reinterpret_cast<modhost_instance*>(std::make_unique<Instance>(host).release());
      return {};
    });
    return report(made, error);
  }
  static modhost_status start(modhost_instance* self, modhost_error* error) noexcept {
    return report(guarded([&] { return of(self).plugin.start(); }), error);
  }
  static constexpr bool kIsAsync = IsAsync<decltype(std::declval<Plugin&>().on_event(std::declval<Event&>()))>::value;

  static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* raw) noexcept {
    if constexpr (kIsAsync) {
      const Outcome begun = guarded([&]() -> Outcome {
        run(of(self), Event(of(self).host, of(self).scope_of(id, Style::kAwaits), raw));
        return {};
      });
      return begun ? MODHOST_PENDING : begun.failure().status;
    } else {
      return block(of(self), id, raw);
    }
  }

  // From the first to the last step of a coroutine; everything of it is gone when the event is finished.
  static Detached run(Instance& instance, Event event) {
    Completion completion(instance.host, event.handle());
    const Outcome outcome = co_await guard(instance, event);
    completion.finish(outcome);
  }
  static Async<Outcome> guard(Instance& instance, Event event) {
    std::exception_ptr thrown;
    try {
      co_return co_await instance.plugin.on_event(event);
    } catch (...) {
      thrown = std::current_exception();
    }
    co_return guarded([&]() -> Outcome { std::rethrow_exception(thrown); });
  }

  static modhost_status block(Instance& instance, modhost_event_id id, const modhost_event* raw) noexcept {
    bool deferred = false;
    const Outcome outcome = guarded([&]() -> Outcome {
      Event event(instance.host, instance.scope_of(id, Style::kBlocks), raw);
      Outcome ended = guarded([&] { return Outcome(instance.plugin.on_event(event)); });
      deferred = is_deferred(event);
      return ended;
    });
    if (deferred) return MODHOST_PENDING;
    if (outcome) return MODHOST_OK;
    const Failure& failure = outcome.failure();
    if (failure.detail.empty() && failure.retry_after.count() == 0) return failure.status;
    Completion(instance.host, id).finish(outcome);  // the way that carries words
    return MODHOST_PENDING;
  }
  static void on_cancel(modhost_instance* self, modhost_event_id id, std::int32_t reason) noexcept {
    static_cast<void>(guarded([&]() -> Outcome {
      of(self).scopes.cancel(id, reason);
      if constexpr (kHasOnCancel) of(self).plugin.on_cancel(id, reason);
      return {};
    }));
  }
  static void stop(modhost_instance* self, std::int64_t deadline_mono_ns) noexcept {
    static_cast<void>(guarded([&]() -> Outcome {
      of(self).plugin.stop(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(deadline_mono_ns)));
      return {};
    }));
  }
  static void destroy(modhost_instance* self) noexcept { std::unique_ptr<Instance> ends(&of(self)); }

  std::shared_ptr<Scope> scope_of(modhost_event_id id, Style style) { return scopes.open(host.services(), id, style); }

  static constexpr bool kHasOnCancel = requires(Plugin & plugin) {
    plugin.on_cancel(modhost_event_id{}, std::int32_t{});
  };

  Host host;
  Scopes scopes;
  Plugin plugin;
};

}  // namespace detail
}  // namespace modhost
