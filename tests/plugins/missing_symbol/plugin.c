/* Calls a function that no library it links has. */
#include "../quiet.h"

extern modhost_status acme_missing_function(void);

static modhost_status start(modhost_instance* self, modhost_error* error) {
  (void)self, (void)error;
  return acme_missing_function();
}

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE, .start = start};
MODHOST_DECLARE_PLUGIN(&plugin);
