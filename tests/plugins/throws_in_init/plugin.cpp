// An initialiser throws while the library is mapped.
#include <stdexcept>
#include <string>

#include "../throwing.hpp"

static std::string read_licence() { throw std::runtime_error("no licence file"); }
static const std::string licence = read_licence();

static const modhost_plugin plugin = quiet_plugin();
MODHOST_DECLARE_PLUGIN(&plugin);
