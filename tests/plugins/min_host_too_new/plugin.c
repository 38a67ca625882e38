/* Works only on hosts newer than this one. */
#define MODHOST_MIN_HOST_MINOR 9999u
#include "../quiet.h"

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
