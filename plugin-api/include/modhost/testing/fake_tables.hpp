// The tables of the fake host, as plugin code finds them.
#pragma once

#include <string_view>

#include "modhost/sdk/scope.hpp"
#include "modhost/testing/fake_delivery.hpp"
#include "modhost/testing/fake_http.hpp"
#include "modhost/testing/fake_state.hpp"
#include "modhost/testing/fake_task.hpp"

namespace modhost::testing {

inline const void* fake_service(const modhost_host*, const char* id) noexcept {
  using S = FakeServices;
  static constexpr modhost_log_service kLog{sizeof kLog, 0, S::log_enabled, S::log_write};
  static constexpr modhost_event_service kEvent{sizeof kEvent, 0,         S::complete,
                                                S::cancelled,  S::extend, S::leave_turn_open};
  static constexpr modhost_config_service kConfig{sizeof kConfig, 0,           S::get_string, S::get_int,
                                                  S::get_double,  S::get_bool, S::get_json,   S::get_secret};
  static constexpr modhost_http_service kHttp{sizeof kHttp,     0, FakeHttp::start, FakeHttp::pause, FakeHttp::cancel,
                                              FakeHttp::perform};
  static constexpr modhost_task_service kTask{sizeof kTask, 0, FakeTask::submit, FakeTask::after, FakeTask::cancel};
  static constexpr modhost_metrics_service kMetrics{sizeof kMetrics, 0, FakeState::define, FakeState::update};
  static constexpr modhost_kv_service kKv{sizeof kKv,     0, FakeState::get, FakeState::put, FakeState::del,
                                          FakeState::list};
  static constexpr modhost_checkpoint_service kCheckpoint{sizeof kCheckpoint, 0, FakeState::save};
  static constexpr modhost::detail::WaitService kWait{FakeTask::wait};
  const std::string_view wanted = id;
  if (wanted == modhost::detail::kServiceWait) return &kWait;
  if (wanted == MODHOST_SERVICE_LOG) return &kLog;
  if (wanted == MODHOST_SERVICE_EVENT) return &kEvent;
  if (wanted == MODHOST_SERVICE_CONFIG) return &kConfig;
  if (wanted == MODHOST_SERVICE_TASK) return &kTask;
  if (wanted == MODHOST_SERVICE_METRICS) return &kMetrics;
  if (wanted == MODHOST_SERVICE_KV) return &kKv;
  if (wanted == MODHOST_SERVICE_CHECKPOINT) return &kCheckpoint;
  return wanted == MODHOST_SERVICE_HTTP ? &kHttp : nullptr;
}

}  // namespace modhost::testing
