/* An entry that leads into the void: whoever reads it dies, which must not be the host. */
#include <modhost/plugin.h>

MODHOST_DECLARE_PLUGIN((const modhost_plugin*)64);
