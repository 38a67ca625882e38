/* stop() never comes back. */
#include <unistd.h>

#include "../fault.h"

static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  (void)self, (void)id, (void)event;
  return MODHOST_OK;
}
static void stop(modhost_instance* self, int64_t deadline_mono_ns) {
  (void)self, (void)deadline_mono_ns;
  for (;;) pause();
}

static const modhost_plugin plugin = {FAULT_HEAD, .create = fault_create, .on_event = on_event, .stop = stop,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
