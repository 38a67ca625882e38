// MODHOST_PLUGIN: from a class to a plugin. The functions below are the barrier: nothing thrown by the class crosses
// into the host, it becomes a status with its words.
//
// The class has   Outcome on_event(Event& event);
// and may have    a constructor from Host, Outcome start(), void stop(std::chrono::steady_clock::time_point deadline),
//                 void on_cancel(modhost_event_id, std::int32_t reason), static constexpr unsigned kThreadsMax.
#pragma once

#include <modhost/plugin.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>

#include "modhost/sdk/event.hpp"

namespace modhost {

inline constexpr unsigned kAnyThreads = 0;  // for kThreadsMax of a class that is safe from any number of threads

namespace detail {

// Runs plugin code; whatever it throws becomes a Failure.
template <class Function>
Outcome guarded(Function&& function) noexcept {
  try {
    try {
      return function();
    } catch (const Error& error) {
      return error.failure();
    } catch (const std::exception& error) {
      return failed(error.what());
    } catch (...) {
      return failed("something other than a std::exception was thrown");
    }
  } catch (...) {  // no memory left for the words
    return Failure{};
  }
}

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
  static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* raw) noexcept {
    bool deferred = false;
    const Outcome outcome = guarded([&]() -> Outcome {
      Event event(of(self).host, id, raw);
      Outcome ended = guarded([&] { return Outcome(of(self).plugin.on_event(event)); });
      deferred = is_deferred(event);
      return ended;
    });
    if (deferred) return MODHOST_PENDING;
    if (outcome) return MODHOST_OK;
    const Failure& failure = outcome.failure();
    if (failure.detail.empty() && failure.retry_after.count() == 0) return failure.status;
    Completion(of(self).host, id).finish(outcome);  // the way that carries words
    return MODHOST_PENDING;
  }
  static void on_cancel(modhost_instance* self, modhost_event_id id, std::int32_t reason) noexcept {
    static_cast<void>(guarded([&]() -> Outcome {
      of(self).plugin.on_cancel(id, reason);
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

  Host host;
  Plugin plugin;
};

template <class Plugin>
constexpr modhost_plugin make_table(const char* id, const char* version, const char* summary = nullptr,
                                    const char* config_schema = nullptr) {
  modhost_plugin table{};
  table.struct_size = sizeof table;
  table.threads_max = 1;  // a class that says nothing need not be thread-safe
  if constexpr (requires { Plugin::kThreadsMax; }) table.threads_max = Plugin::kThreadsMax;
  table.id = id;
  table.version = version;
  table.summary = summary;
  table.config_schema = config_schema;
  table.create = Instance<Plugin>::create;
  if constexpr (requires(Plugin & plugin) { plugin.start(); }) table.start = Instance<Plugin>::start;
  table.on_event = Instance<Plugin>::on_event;
  if constexpr (requires(Plugin & plugin) { plugin.on_cancel(modhost_event_id{}, std::int32_t{}); })
    table.on_cancel = Instance<Plugin>::on_cancel;
  if constexpr (requires(Plugin & plugin) { plugin.stop(std::chrono::steady_clock::time_point{}); })
    table.stop = Instance<Plugin>::stop;
  table.destroy = Instance<Plugin>::destroy;
  return table;
}

}  // namespace detail
}  // namespace modhost

// Once per plugin, at file scope: MODHOST_PLUGIN(Class, "com.acme.summary", "1.0.0"[, summary[, config schema]])
#define MODHOST_PLUGIN(Class, ...)                                                                          \
  static constexpr modhost_plugin modhost_plugin_table = ::modhost::detail::make_table<Class>(__VA_ARGS__); \
  MODHOST_DECLARE_PLUGIN(&modhost_plugin_table)
