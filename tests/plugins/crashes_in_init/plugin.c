/* An initialiser writes where nothing is. */
#include "../quiet.h"

static int* volatile nowhere = (int*)16;
__attribute__((constructor)) static void init(void) { *nowhere = 1; }

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE};
MODHOST_DECLARE_PLUGIN(&plugin);
