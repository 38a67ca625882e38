// All services of one instance, behind a gate that lets nobody in after destroy. Transport-free: the in-process tables
// (host_table.hpp) and the runner's wire are thin adapters over it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "config/current.hpp"
#include "services/config_service.hpp"
#include "services/event_service.hpp"
#include "services/http_service.hpp"
#include "services/kv_service.hpp"
#include "services/log_service.hpp"
#include "services/metrics_service.hpp"
#include "services/refusal_log.hpp"
#include "services/task_service.hpp"

namespace modhost::services {

// What every instance uses; outlives it.
struct Shared {
  const Clock& clock;
  telemetry::Log& log;
  platform::HttpClient& client;
  const config::Current& config;
  telemetry::Metrics& metrics;
  const Storage storage;
};

// Thread-safe. Borrows module and shared.
class InstanceServices {
 public:
  struct Hooks {
    EventService::EndListener ended;
    std::function<void()> place_freed;
    Post post;
    Timers timers;
  };

  // `number` tells the handles of instances apart.
  InstanceServices(const config::ModuleConfig& module, const Shared& shared, std::uint16_t number, Hooks hooks)
      : events(tag(number, 0), module.in_flight, std::move(hooks.ended), std::move(hooks.place_freed)),
        log(module, shared.log, events),
        refusals(shared.clock, log),
        config(module),
        metrics(module.name, shared.metrics, tag(number, 2)),
        kv(module.name, shared.storage),
        checkpoints(events, shared.storage),
        tasks(shared.clock, tag(number, 3), tasks_max(module), hooks.post, std::move(hooks.timers)),
        http(shared.config, module, shared.clock, events, shared.storage.open_steps,
             std::make_shared<CallContext>(shared.client, std::move(hooks.post), tag(number, 1),
                                           limits::kCallsPerModuleMax)) {}

  EventService events;
  LogService log;
  RefusalLog refusals;
  ConfigService config;
  MetricsService metrics;
  KvService kv;
  CheckpointService checkpoints;
  TaskService tasks;
  HttpService http;

  // Nothing new runs; what waits hears that it is over. [any]
  void close() {
    http.close();
    tasks.close();
  }
  // Tasks and timers at once: a few for each event.
  static std::size_t tasks_max(const config::ModuleConfig& module) { return 4 * std::size_t{module.in_flight} + 1024; }

 private:
  static std::uint16_t tag(std::uint16_t number, unsigned kind) {
    return static_cast<std::uint16_t>((number << 2) | kind);
  }
};

}  // namespace modhost::services
