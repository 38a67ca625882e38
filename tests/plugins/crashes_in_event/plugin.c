/* Writes where nothing is, when an event's id begins with evt_crash; others are done well. */
#include "../fault.h"

static int* volatile nowhere = (int*)16;

static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  static const char kCrash[] = "evt_crash";
  (void)self;
  (void)id;
  if (event->event_id.len >= sizeof kCrash - 1 && memcmp(event->event_id.ptr, kCrash, sizeof kCrash - 1) == 0)
    *nowhere = 1;
  return MODHOST_OK;
}

static const modhost_plugin plugin = {FAULT_HEAD, .create = fault_create, .on_event = on_event,
                                      .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
