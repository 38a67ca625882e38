/* Completes `late_ms` (50) after it was told to stop, then logs the answer: MODHOST_E_GONE once the host gave up. Reads
 * the event's memory to the end: it stays lent that long. */
#include "../fault.h"

static void* run(void* user) {
  modhost_instance* self = (modhost_instance*)user;
  unsigned sum = 0;
  size_t i;
  while (!self->events->cancelled(self->host, self->current)) fault_sleep_ms(1);
  fault_sleep_ms(fault_config(self, "/late_ms", 50));
  for (i = 0; i < self->event->body.len; ++i) sum += (unsigned char)self->event->body.ptr[i];
  fault_log(self, "late body sum", sum);
  fault_log(self, "late complete", fault_complete(self, self->current, MODHOST_OK, 0, "late"));
  return NULL;
}
static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  return fault_thread(self, id, event, run);
}

static const modhost_plugin plugin = {FAULT_HEAD, .threads_max = 1, .create = fault_create, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
