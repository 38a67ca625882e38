#include "app.hpp"

namespace modhost {

int run_app(config::Config, AppOptions) { return 1; }

}  // namespace modhost
