// An initialiser throws something that is no std::exception.
#include "../throwing.hpp"

static int fail() { throw 42; }
static const int failed = fail();

static const modhost_plugin plugin = quiet_plugin();
MODHOST_DECLARE_PLUGIN(&plugin);
