/* A function that must be there is not. */
#include "../quiet.h"

static const modhost_plugin plugin = {FAULT_HEAD, .create = fault_create, .destroy = fault_destroy};
MODHOST_DECLARE_PLUGIN(&plugin);
