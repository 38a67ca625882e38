/* Works on for `hold_ms` (300) whatever the host asks for, then answers MODHOST_OK. */
#include "../fault.h"

static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  (void)event;
  self->current = id;
  fault_sleep_ms(fault_config(self, "/hold_ms", 300));
  fault_log(self, "cancelled", self->events->cancelled(self->host, id));
  return MODHOST_OK;
}

static const modhost_plugin plugin = {FAULT_HEAD, .threads_max = 1, .create = fault_create, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
