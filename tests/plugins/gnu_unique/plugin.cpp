// Loads, with a warning: a variable that all copies of the library share.
#include "../throwing.hpp"

template <class T>
struct __attribute__((visibility("default"))) Shared {
  static inline int count = 0;
};

static modhost_status on_event(modhost_instance*, modhost_event_id, const modhost_event*) noexcept {
  return ++Shared<int>::count > 0 ? MODHOST_OK : MODHOST_E_INTERNAL;
}

static const modhost_plugin plugin = [] {
  modhost_plugin table = quiet_plugin();
  table.on_event = on_event;
  return table;
}();
MODHOST_DECLARE_PLUGIN(&plugin);
