/* An initialiser ends the process. */
#include "../quiet.h"

__attribute__((constructor)) static void init(void) {
  fputs("licence expired\n", stderr);
  exit(7);
}

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
