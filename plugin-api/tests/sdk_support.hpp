// What the tests of the SDK share: a plugin that is one function, what it says, and what it leaves behind.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <modhost/sdk/plugin.hpp>
#include <modhost/testing.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sdk_test {

using namespace modhost;
using namespace std::chrono_literals;
using modhost::testing::Answer;
using modhost::testing::Ended;
using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

// Counts what is alive in the frames of coroutines.
struct Guard {
  Guard() { ++alive; }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { --alive; }
  static inline std::atomic<int> alive{0};
};

struct Awaits {
  static constexpr unsigned kThreadsMax = kAnyThreads;
  static inline std::function<Async<Outcome>(Event)> handler;
  Async<Outcome> on_event(Event event) { return handler(std::move(event)); }
};
struct Blocks {
  static inline std::function<Outcome(const Event&)> handler;
  Outcome on_event(const Event& event) { return handler(event); }
};
inline constexpr modhost_plugin kAwaits = detail::make_table<Awaits>("org.modhost.test", "1.0.0");
inline constexpr modhost_plugin kBlocks = detail::make_table<Blocks>("org.modhost.test", "1.0.0");

// The plugin whose on_event() is this function, until the next one is asked for: one table for all of them, because
// each costs the compiler seconds.
template <class Handler>
const modhost_plugin& plugin_of(Handler handler) {
  if constexpr (std::is_same_v<std::invoke_result_t<Handler, Event>, Async<Outcome>>) {
    Awaits::handler = std::move(handler);
    return kAwaits;
  } else {
    Blocks::handler = std::move(handler);
    return kBlocks;
  }
}

template <class Handler>
Ended run(FakeHost& host, Handler handler, const FakeEvent& event = FakeEvent::chat("hello")) {
  PluginUnderTest plugin(host, plugin_of(std::move(handler)));
  return plugin.run(event);
}

using Lines = std::vector<std::string>;
inline Lines logged(const FakeHost& host) {
  Lines lines;
  for (const auto& line : host.logs()) lines.push_back(line.message);
  return lines;
}

}  // namespace sdk_test
