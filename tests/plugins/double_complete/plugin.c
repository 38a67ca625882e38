/* Completes each event twice with different results; the second must change nothing. */
#include "../fault.h"

static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  (void)event;
  fault_log(self, "first complete", fault_complete(self, id, MODHOST_OK, 0, "first"));
  fault_log(self, "second complete", fault_complete(self, id, MODHOST_E_INTERNAL, 0, "second"));
  return MODHOST_PENDING;
}

static const modhost_plugin plugin = {FAULT_HEAD, .create = fault_create, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
