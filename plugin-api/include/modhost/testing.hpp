// Unit tests of a plugin without a host: a fake host that records calls and answers them from a script, events to hand
// in, and the plugin file itself made alive. Needs no test framework.
//
//   modhost::testing::FakeHost host(R"({"model": "small"})");
//   modhost::testing::PluginUnderTest plugin(host, "build/plugins/summary.so");
//   const auto ended = plugin.run(modhost::testing::FakeEvent::chat("hello"));
//   // ended.status, host.calls(), host.logs()
#pragma once

#include "modhost/testing/fake_event.hpp"
#include "modhost/testing/fake_host.hpp"
#include "modhost/testing/plugin_under_test.hpp"
