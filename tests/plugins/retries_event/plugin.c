/* Asks for another run until the attempt of `succeed_at` (0: never). */
#include "../fault.h"

static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  const int64_t succeed_at = fault_config(self, "/succeed_at", 0);
  self->current = id;
  fault_log(self, "attempt", event->attempt);
  return succeed_at != 0 && event->attempt >= succeed_at ? MODHOST_OK : MODHOST_E_RETRY;
}

static const modhost_plugin plugin = {FAULT_HEAD, .threads_max = 1, .create = fault_create, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
