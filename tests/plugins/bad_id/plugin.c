/* An id that is no reverse domain. */
#include "../quiet.h"

static const modhost_plugin plugin = {.struct_size = sizeof plugin, .id = "My Plugin!", .version = "1.0.0", QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
