/* Loads, with a warning: it exports what nobody asked for. */
#include "../quiet.h"

__attribute__((visibility("default"))) int acme_helper(void);
int acme_helper(void) { return 1; }

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
