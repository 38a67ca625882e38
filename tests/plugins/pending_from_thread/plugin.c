/* The good citizen: completes each event once, from a thread of its own, joined in destroy(). */
#include "../fault.h"

static void* run(void* user) {
  modhost_instance* self = (modhost_instance*)user;
  fault_log(self, "complete", fault_complete(self, self->current, MODHOST_OK, 0, ""));
  return NULL;
}
static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  return fault_thread(self, id, event, run);
}

static const modhost_plugin plugin = {FAULT_HEAD, .threads_max = 1, .create = fault_create, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
