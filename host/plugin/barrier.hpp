// Plugin code behind a barrier: nothing thrown gets past it. The C header promises noexcept; a plugin built by another
// compiler, in another language or with an old standard may not keep that promise, and the host lives on.
#pragma once

#include <modhost/plugin.h>

#include <string>

namespace modhost::plugin {

struct Reply {
  modhost_status status = MODHOST_OK;
  std::string message;  // what the plugin wrote, or what it threw
  bool has_thrown = false;
};

// The functions of one plugin. An absent optional one answers MODHOST_OK. Copyable; the code stays mapped for good.
class Barrier {
 public:
  explicit Barrier(const modhost_plugin& table) : table_(table) {}

  Reply create(const modhost_host* host, const modhost_settings& settings, modhost_instance*& out) const;
  Reply start(modhost_instance* self) const;
  Reply on_event(modhost_instance* self, modhost_event_id id, const modhost_event& event) const;
  Reply on_cancel(modhost_instance* self, modhost_event_id id, std::int32_t reason) const;
  Reply stop(modhost_instance* self, std::int64_t deadline_mono_ns) const;
  Reply destroy(modhost_instance* self) const;
  [[nodiscard]] bool has_on_cancel() const { return table_.on_cancel != nullptr; }

 private:
  modhost_plugin table_;
};

}  // namespace modhost::plugin
