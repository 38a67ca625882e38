/* Every event fails with a detail for operators; `status` (MODHOST_E_INTERNAL) says how. */
#include "../fault.h"

static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  const modhost_status status = (modhost_status)fault_config(self, "/status", MODHOST_E_INTERNAL);
  (void)event;
  fault_complete(self, id, status, 0, "the index is empty");
  return MODHOST_PENDING;
}

static const modhost_plugin plugin = {FAULT_HEAD, .create = fault_create, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
