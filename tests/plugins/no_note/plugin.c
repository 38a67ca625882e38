/* An entry, and no note that says which ABI it is for. */
#include "../quiet.h"

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE};
const modhost_entry modhost_entry_v1 = {sizeof(modhost_entry), MODHOST_ABI_MAJOR, MODHOST_ABI_MINOR, 0, &plugin};
