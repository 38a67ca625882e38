/* An initialiser never comes back. */
#include <unistd.h>

#include "../quiet.h"

__attribute__((constructor)) static void init(void) {
  for (;;) pause();
}

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
