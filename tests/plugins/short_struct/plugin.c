/* Its table claims fewer bytes than version 1.0 has. */
#include "../quiet.h"

static const modhost_plugin plugin = {.struct_size = 40, .id = "org.modhost.test", .version = "1.0.0", QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
