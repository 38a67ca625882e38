// Which plugin code a thread runs: what a fatal signal is blamed on. Read by the signal handler, so it is as plain as
// can be.
#pragma once

#include <cstdint>

namespace modhost {

struct PluginCode {
  const char* module = nullptr;  // null: the host's own code
  std::int64_t event = 0;        // journal_seq; 0: not for one event
};

inline constinit thread_local PluginCode plugin_code;

// For the life of this object the thread runs code of that module. `module` outlives it.
class InPluginCode {
 public:
  InPluginCode(const char* module, std::int64_t event) : before_(plugin_code) { plugin_code = {module, event}; }
  // Of the module that it runs already, for this event.
  explicit InPluginCode(std::int64_t event) : InPluginCode(plugin_code.module, event) {}
  ~InPluginCode() { plugin_code = before_; }
  InPluginCode(const InPluginCode&) = delete;
  InPluginCode& operator=(const InPluginCode&) = delete;

 private:
  const PluginCode before_;
};

}  // namespace modhost
