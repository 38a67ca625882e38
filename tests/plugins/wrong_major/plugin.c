/* Built for a plugin ABI that is still to come. */
#include "../quiet.h"

#undef MODHOST_ABI_MAJOR
#define MODHOST_ABI_MAJOR 2u

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
