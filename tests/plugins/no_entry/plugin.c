/* A note, and an entry that nobody can see. */
#include "../quiet.h"

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE};
#define modhost_entry_v1 hidden_entry
extern __attribute__((visibility("hidden"))) const modhost_entry hidden_entry;
MODHOST_DECLARE_PLUGIN(&plugin);
