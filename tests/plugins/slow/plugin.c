/* Takes `delay_ms` (200) for each event and stops early when cancelled. */
#include "../fault.h"

static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  int64_t left = fault_config(self, "/delay_ms", 200);
  (void)event;
  for (; left > 0; --left) {
    if (self->events->cancelled(self->host, id)) return MODHOST_E_CANCELLED;
    fault_sleep_ms(1);
  }
  return MODHOST_OK;
}

static const modhost_plugin plugin = {FAULT_HEAD, .create = fault_create, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
