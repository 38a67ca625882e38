// What differs between the configuration in force and the next one: what a reload puts in force and what only a restart
// does. (docs/configuration.md says it key by key.)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace modhost::config {

// Keys of the schema, such as "listen" and "limits.connections", that have their value until the process ends.
std::vector<std::string_view> keys_fixed_until_restart();

// Of these keys those whose value in `next` is another one; they get the value of `now` again, so that no part of the
// host sees a half of a change.
std::vector<std::string> keep_fixed(const Config& now, Config& next);

// Everything else that differs, a line each for people: "app app_1: secrets", "module DemoApp: changed". No secrets.
std::vector<std::string> differences(const Config& now, const Config& next);

// An instance made with one of them does what an instance made with the other does.
bool is_same_instance(const ModuleConfig& a, const ModuleConfig& b);

// What came of a reload.
struct ReloadReport {
  std::vector<std::string> applied;        // what changed; empty: nothing did
  std::vector<std::string> needs_restart;  // what differs from what is in force and stays so, with the reason
};

}  // namespace modhost::config
