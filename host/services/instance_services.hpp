// All services of one instance, behind a gate that lets nobody in after destroy. Transport-free: the in-process tables
// (host_table.hpp) and the runner's wire are thin adapters over it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "config/config.hpp"
#include "services/config_service.hpp"
#include "services/event_service.hpp"
#include "services/http_service.hpp"
#include "services/log_service.hpp"

namespace modhost::services {

// What every instance uses; outlives it.
struct Shared {
  const Clock& clock;
  telemetry::Log& log;
  platform::HttpClient& client;
  const config::Config& config;
};

// Thread-safe. Borrows module and shared.
class InstanceServices {
 public:
  struct Hooks {
    EventService::EndListener ended;
    std::function<void()> place_freed;
    Post post;
  };

  // `number` tells the handles of instances apart.
  InstanceServices(const config::ModuleConfig& module, const Shared& shared, std::uint16_t number, Hooks hooks)
      : events(tag(number, 0), module.in_flight, std::move(hooks.ended), std::move(hooks.place_freed)),
        log(module, shared.log, events),
        config(module),
        http(shared.config, module, shared.clock, events,
             std::make_shared<CallContext>(shared.client, std::move(hooks.post), tag(number, 1),
                                           limits::kCallsPerModuleMax)) {}

  EventService events;
  LogService log;
  ConfigService config;
  HttpService http;

 private:
  static std::uint16_t tag(std::uint16_t number, unsigned kind) {
    return static_cast<std::uint16_t>((number << 1) | kind);
  }
};

}  // namespace modhost::services
