/* Loads, with a warning: a thread-local variable in the process's small static reserve. */
#include "../quiet.h"

static __thread int runs __attribute__((tls_model("initial-exec")));

static modhost_status start(modhost_instance* self, modhost_error* error) {
  (void)self, (void)error;
  return ++runs > 0 ? MODHOST_OK : MODHOST_E_INTERNAL;
}

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE, .start = start};
MODHOST_DECLARE_PLUGIN(&plugin);
