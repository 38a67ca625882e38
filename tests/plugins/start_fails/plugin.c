/* start() fails; destroy() must follow. */
#include "../fault.h"

static modhost_status start(modhost_instance* self, modhost_error* error) {
  (void)self;
  return fault_fail(error, MODHOST_E_NETWORK, "the model server does not answer");
}
static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  (void)self, (void)id, (void)event;
  return MODHOST_OK;
}

static const modhost_plugin plugin = {FAULT_HEAD, .create = fault_create, .start = start, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
