// The larger sections of the file: who may send (apps) and what runs (modules, subscriptions).
#pragma once

#include "config/config.hpp"
#include "config/load.hpp"
#include "config/reader.hpp"

namespace modhost::config {

// `apps:` or `app:`, or the platform's variables when there is neither.
void read_apps(const Section& top, Purpose purpose, Config& config);

// An error unless it is a path a POST can be sent to and none of ours.
void check_webhook_path(const Section& section, std::string_view key, const std::string& path);

// `defaults:`, `modules:` and `subscriptions:`; after the apps, which modules may name.
void read_modules(const Section& top, Config& config);

}  // namespace modhost::config
