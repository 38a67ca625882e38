/* No fault: built against a later minor, whose table has fields this host does not know. */
#include "../quiet.h"

static const struct {
  modhost_plugin known;
  void* later[8];
} table = {.known = {.struct_size = sizeof table, .id = "org.modhost.test", .version = "1.7.0", QUIET_LIFE},
           .later = {0, (void*)1, (void*)2}};
MODHOST_DECLARE_PLUGIN(&table.known);
