// MODHOST_PLUGIN: from a class to a plugin. The functions below are the barrier: nothing thrown by the class crosses
// into the host, it becomes a status with its words.
//
// The class has   Async<Outcome> on_event(Event event);   a coroutine: thousands of events share a thread, or
//                 Outcome on_event(const Event& event);   which keeps its thread until it returns.
// and may have    a constructor from Host, Outcome start(), void stop(std::chrono::steady_clock::time_point deadline),
//                 void on_cancel(modhost_event_id, std::int32_t reason), static constexpr unsigned kThreadsMax.
#pragma once

#include "modhost/sdk/instance.hpp"

namespace modhost {
namespace detail {

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
