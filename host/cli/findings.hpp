// What `modhost check` found: one line each, what, where and how to mend it.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace modhost::cli {

enum class Level { kOk, kWarning, kError };

struct Finding {
  Level level = Level::kOk;
  std::string about;  // "config", "app app_1", "plugin demo_app", "port", "disk", "clock"
  std::string what;
};

using Findings = std::vector<Finding>;

// Each app's base and its endpoint secrets, which have dates.
void check_apps(const config::Config& config, UnixMillis now, Findings& out);

// The machine: can the ports be had, can state_dir be written and how fast, does the clock tell the time.
void check_ports(const config::Config& config, Findings& out);
void check_state(const config::Config& config, Findings& out);
void check_clock(Findings& out);
void check_descriptors(const config::Config& config, Findings& out);

// Each module's plugin, mapped by a child first; and the files that no module names.
void check_plugins(const config::Config& config, Findings& out);

}  // namespace modhost::cli
