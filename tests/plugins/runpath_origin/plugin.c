/* Loads, with a warning: it looks for libraries beside itself, where its copy is not. */
#include "../quiet.h"

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
