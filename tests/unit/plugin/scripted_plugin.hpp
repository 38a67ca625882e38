// A plugin whose functions a test writes in place. The instance finds its script by an address in its config.
#pragma once

#include <modhost/plugin.h>
#include <memory>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

namespace modhost::plugin {

struct Script {
  std::function<modhost_status(modhost_event_id, const modhost_event&)> on_event = [](auto, const auto&) {
    return modhost_status{MODHOST_OK};
  };
  std::function<void(modhost_event_id, std::int32_t)> on_cancel;
  std::function<void(const modhost_settings&)> create;
  std::function<void()> start, stop, destroy;

  // Set by create().
  const modhost_host* host = nullptr;
  const modhost_event_service* events = nullptr;
  const modhost_http_service* http = nullptr;

  modhost_status complete(modhost_event_id id, modhost_status status, std::int64_t retry_after_ms = 0,
                          std::string_view detail = {}) const {
    const modhost_outcome outcome{sizeof outcome, status, retry_after_ms, {detail.data(), detail.size()}};
    return events->complete(host, id, &outcome);
  }
  [[nodiscard]] std::string config_json() const {
    return R"({"script": )" + std::to_string(reinterpret_cast<std::intptr_t>(this)) + "}";
  }
  [[nodiscard]] static modhost_plugin table();
};

}  // namespace modhost::plugin

struct modhost_instance {
  modhost::plugin::Script* script;
};

namespace modhost::plugin {

template <class Table>
const Table* service(const modhost_host* host, const char* id) {
  return static_cast<const Table*>(host->get_service(host, id));
}

inline modhost_plugin Script::table() {
  modhost_plugin made{};
  made.struct_size = sizeof made;
  made.id = "org.modhost.scripted";
  made.version = "1.0.0";
  made.create = [](const modhost_host* given, const modhost_settings* settings, modhost_instance** out,
                   modhost_error*) noexcept -> modhost_status {
    std::int64_t address = 0;
    constexpr std::string_view kPath = "/script";
    service<modhost_config_service>(given, MODHOST_SERVICE_CONFIG)
        ->get_int(given, {kPath.data(), kPath.size()}, &address);
    auto* told = reinterpret_cast<Script*>(address);  // NOLINT(performance-no-int-to-ptr)
    told->host = given;
    told->events = service<modhost_event_service>(given, MODHOST_SERVICE_EVENT);
    told->http = service<modhost_http_service>(given, MODHOST_SERVICE_HTTP);
    if (told->create) told->create(*settings);
    *out = std::make_unique<modhost_instance>(modhost_instance{told}).release();
    return MODHOST_OK;
  };
  made.start = [](modhost_instance* self, modhost_error*) noexcept -> modhost_status {
    if (self->script->start) self->script->start();
    return MODHOST_OK;
  };
  made.on_event = [](modhost_instance* self, modhost_event_id id, const modhost_event* event) noexcept {
    return self->script->on_event(id, *event);
  };
  made.on_cancel = [](modhost_instance* self, modhost_event_id id, std::int32_t reason) noexcept {
    if (self->script->on_cancel) self->script->on_cancel(id, reason);
  };
  made.stop = [](modhost_instance* self, std::int64_t) noexcept {
    if (self->script->stop) self->script->stop();
  };
  made.destroy = [](modhost_instance* self) noexcept {
    if (self->script->destroy) self->script->destroy();
    delete self;
  };
  return made;
}

}  // namespace modhost::plugin
