// What the tests of modhost/unique/ share: fixtures, a comparison of JSON, and an event to make calls for.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <modhost/sdk/plugin.hpp>
#include <modhost/testing.hpp>
#include <set>
#include <sstream>
#include <string>

namespace unique_test {

using namespace modhost;
using modhost::testing::Answer;
using modhost::testing::FakeEvent;
using modhost::testing::FakeHost;
using modhost::testing::PluginUnderTest;

inline std::string fixture_text(const std::string& name) {
  std::ifstream file(std::string(MODHOST_FIXTURES) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}
inline JsonDocument fixture(const std::string& name) { return JsonDocument::parse(fixture_text(name)).value(); }

// Equal but for members that are null, which the platform reads as not given.
inline bool is_same(Json a, Json b) {
  if (a.raw() == nullptr || b.raw() == nullptr || !a || !b) return static_cast<bool>(a) == static_cast<bool>(b);
  if (a.raw()->IsArray()) {
    if (!b.raw()->IsArray() || a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
      if (!is_same(a[i], b[i])) return false;
    return true;
  }
  if (!a.raw()->IsObject()) return *a.raw() == *b.raw();
  if (!b.raw()->IsObject()) return false;
  std::set<std::string> names;
  for (const auto& member : a.raw()->GetObject()) names.insert(member.name.GetString());
  for (const auto& member : b.raw()->GetObject()) names.insert(member.name.GetString());
  for (const std::string& name : names)
    if (!is_same(a[name], b[name])) return false;
  return true;
}

// Makes calls for an event, waiting for each.
using Send = std::function<Outcome(const Event&)>;
struct Runs {
  explicit Runs(Host) {}
  static inline Send send;
  Outcome on_event(const Event& event) { return send(event); }
};
inline Outcome run(FakeHost& host, Send send, const FakeEvent& event = FakeEvent::chat("hello")) {
  static constexpr modhost_plugin kTable = modhost::detail::make_table<Runs>("org.modhost.test", "1.0.0");
  Runs::send = std::move(send);
  PluginUnderTest plugin(host, kTable);
  const auto ended = plugin.run(event);
  return ended.status == MODHOST_OK ? Outcome() : Outcome(Failure{ended.status, ended.detail});
}

// The same, awaiting them.
using Await = std::function<Async<Outcome>(Event)>;
struct Awaits {
  static inline Await await;
  Async<Outcome> on_event(Event event) { return await(std::move(event)); }
};
inline Outcome run_async(FakeHost& host, Await await) {
  static constexpr modhost_plugin kTable = modhost::detail::make_table<Awaits>("org.modhost.test", "1.0.0");
  Awaits::await = std::move(await);
  PluginUnderTest plugin(host, kTable);
  const auto ended = plugin.run(FakeEvent::chat("hello"));
  return ended.status == MODHOST_OK ? Outcome() : Outcome(Failure{ended.status, ended.detail});
}

}  // namespace unique_test
