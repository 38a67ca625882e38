// on_event throws: an exception, or an int when the body asks for one.
#include <string_view>

#include "../throwing.hpp"

static modhost_status on_event(modhost_instance*, modhost_event_id, const modhost_event* event) {
  if (std::string_view(event->body.ptr, event->body.len).find("throw an int") != std::string_view::npos) throw 42;
  throw std::runtime_error("on_event threw");
}

static const modhost_plugin plugin = [] {
  modhost_plugin table = quiet_plugin();
  table.on_event = promise_nothing(on_event);
  return table;
}();
MODHOST_DECLARE_PLUGIN(&plugin);
