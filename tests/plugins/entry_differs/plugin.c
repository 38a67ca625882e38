/* Its note and its entry disagree about the ABI. */
#include "../quiet.h"

static const modhost_plugin plugin = {FAULT_HEAD, QUIET_LIFE};
__attribute__((section(".note.modhost"), used, aligned(4))) static const modhost_note note = {
    8u, 16u, 1u, "modhost", MODHOST_ABI_MAJOR, MODHOST_ABI_MINOR, 0u, 0u};
const modhost_entry modhost_entry_v1 = {sizeof(modhost_entry), 7u, MODHOST_ABI_MINOR, 0u, &plugin};
