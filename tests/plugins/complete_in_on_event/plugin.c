/* Completes while on_event still runs, which is allowed, then returns something else than MODHOST_PENDING when
 * `returns` says so, which is not. */
#include "../fault.h"

static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  (void)event;
  fault_log(self, "complete", fault_complete(self, id, MODHOST_OK, 0, "early"));
  return (modhost_status)fault_config(self, "/returns", MODHOST_PENDING);
}

static const modhost_plugin plugin = {FAULT_HEAD, .create = fault_create, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
