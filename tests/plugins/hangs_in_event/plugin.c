/* on_event never comes back. */
#include <unistd.h>

#include "../fault.h"

static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  (void)self, (void)id, (void)event;
  for (;;) pause();
  return MODHOST_OK;
}

static const modhost_plugin plugin = {FAULT_HEAD, .create = fault_create, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
