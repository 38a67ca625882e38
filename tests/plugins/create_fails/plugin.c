/* create() refuses its configuration. */
#include "../fault.h"

static modhost_status create(const modhost_host* host, const modhost_settings* settings, modhost_instance** out,
                             modhost_error* error) {
  (void)host, (void)settings, (void)out;
  return fault_fail(error, MODHOST_E_CONFIG, "colour \"mauve\" is unknown; use red or blue");
}
static modhost_status on_event(modhost_instance* self, modhost_event_id id, const modhost_event* event) {
  (void)self, (void)id, (void)event;
  return MODHOST_OK;
}

static const modhost_plugin plugin = {FAULT_HEAD, .create = create, .on_event = on_event, .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
