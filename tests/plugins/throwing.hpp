// Functions that throw across the boundary: in a table whose pointer types forbid it, as C code or a cast would put
// them.
#pragma once

#include <modhost/plugin.h>

#include <stdexcept>

// The pointer as the table wants it. The promise is broken on purpose.
template <class R, class... A>
auto promise_nothing(R (*function)(A...)) {
  return reinterpret_cast<R (*)(A...) noexcept>(function);  // NOLINT
}

struct modhost_instance {};
inline modhost_instance the_instance;

inline modhost_status quiet_create(const modhost_host*, const modhost_settings*, modhost_instance** out,
                                   modhost_error*) noexcept {
  *out = &the_instance;
  return MODHOST_OK;
}
inline modhost_status quiet_on_event(modhost_instance*, modhost_event_id, const modhost_event*) noexcept {
  return MODHOST_OK;
}
inline void quiet_destroy(modhost_instance*) noexcept {}

inline modhost_plugin quiet_plugin() {
  modhost_plugin plugin{};
  plugin.struct_size = sizeof plugin;
  plugin.id = "org.modhost.test";
  plugin.version = "1.0.0";
  plugin.create = quiet_create;
  plugin.on_event = quiet_on_event;
  plugin.destroy = quiet_destroy;
  return plugin;
}
