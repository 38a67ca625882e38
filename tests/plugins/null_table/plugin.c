/* An entry that leads nowhere. */
#include <modhost/plugin.h>

MODHOST_DECLARE_PLUGIN(NULL);
