/* A configuration schema with a comma too many. */
#include "../quiet.h"

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE, .config_schema = "{\"type\": \"object\",}"};
MODHOST_DECLARE_PLUGIN(&plugin);
