// How many coroutines of a plugin an instance leaves behind, for plugins that wait.
#pragma once

#include <atomic>
#include <modhost/sdk/plugin.hpp>
#include <string>

namespace {

struct Guard {
  Guard() { ++alive; }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { --alive; }
  static inline std::atomic<int> alive{0};
};

// At the end of the instance it says so in the module's store.
struct LeftBehind {
  explicit LeftBehind(modhost::Host given) : host(given) {}
  LeftBehind(const LeftBehind&) = delete;
  LeftBehind& operator=(const LeftBehind&) = delete;
  ~LeftBehind() { static_cast<void>(host.kv().put("left behind", std::to_string(Guard::alive.load()))); }
  modhost::Host host;
};

}  // namespace
