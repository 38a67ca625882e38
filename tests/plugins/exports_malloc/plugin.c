/* Exports a function of its own under a name that the host's libraries have too. */
#include "../quiet.h"

__attribute__((visibility("default"))) void* malloc(size_t size) {
  (void)size;
  return NULL;
}

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
