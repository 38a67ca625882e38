/* An initialiser leaves a process behind that holds every open file, and ends its own. */
#include <unistd.h>

#include "../quiet.h"

__attribute__((constructor)) static void init(void) {
  if (fork() == 0)
    for (;;) pause();
  _exit(3);
}

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
