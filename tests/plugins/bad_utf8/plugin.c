/* A summary in Latin-1. */
#include "../quiet.h"

static const modhost_plugin plugin = {
    .struct_size = sizeof plugin, .id = "org.modhost.test", .version = "1.0.0", .summary = "r\xe9sum\xe9", QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
