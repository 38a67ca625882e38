/* A version that is none. */
#include "../quiet.h"

static const modhost_plugin plugin = {
    .struct_size = sizeof plugin, .id = "org.modhost.test", .version = "v2", QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
