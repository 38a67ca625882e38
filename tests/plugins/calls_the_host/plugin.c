/* Expects the host to export a function, as other plugin systems do. */
#include "../quiet.h"

extern modhost_status modhost_send_message(const char* text);

static modhost_status start(modhost_instance* self, modhost_error* error) {
  (void)self, (void)error;
  return modhost_send_message("hello");
}

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE, .start = start};
MODHOST_DECLARE_PLUGIN(&plugin);
