// create() throws.
#include "../throwing.hpp"

static modhost_status create(const modhost_host*, const modhost_settings*, modhost_instance**, modhost_error*) {
  throw std::runtime_error("create threw");
}

static const modhost_plugin plugin = [] {
  modhost_plugin table = quiet_plugin();
  table.create = promise_nothing(create);
  return table;
}();
MODHOST_DECLARE_PLUGIN(&plugin);
