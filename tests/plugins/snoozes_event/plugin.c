/* Not now: the instance's first `times` (1) runs are put off by 20 ms, the others succeed. */
#include "../fault.h"

static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  (void)event;
  if (self->seen++ >= (uint64_t)fault_config(self, "/times", 1)) return MODHOST_OK;
  fault_complete(self, id, MODHOST_E_SNOOZE, 20, "not before noon");
  return MODHOST_PENDING;
}

static const modhost_plugin plugin = {FAULT_HEAD, .threads_max = 1, .create = fault_create, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
