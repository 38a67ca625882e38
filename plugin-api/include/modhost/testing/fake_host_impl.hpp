// The inside of FakeHost.
#pragma once

#include "modhost/testing/fake_http.hpp"

namespace modhost::testing {

inline FakeHost::FakeHost(std::string_view config) : config_(JsonDocument::parse(config).value()) {
  host_.struct_size = sizeof host_;
  host_.abi_minor = MODHOST_ABI_MINOR;
  host_.host_data = this;
  host_.name = to_str("fake host");
  host_.version = to_str("0.0.0");
  host_.module_name = to_str("TestModule");
  host_.get_service = [](const modhost_host*, const char* id) noexcept -> const void* {
    using S = FakeServices;
    static constexpr modhost_log_service kLog{sizeof kLog, 0, S::log_enabled, S::log_write};
    static constexpr modhost_event_service kEvent{sizeof kEvent, 0,         S::complete,
                                                  S::cancelled,  S::extend, S::leave_turn_open};
    static constexpr modhost_config_service kConfig{sizeof kConfig, 0,           S::get_string, S::get_int,
                                                    S::get_double,  S::get_bool, S::get_json,   S::get_secret};
    static constexpr modhost_http_service kHttp{sizeof kHttp,     0, FakeHttp::start, FakeHttp::pause, FakeHttp::cancel,
                                                FakeHttp::perform};
    const std::string_view wanted = id;
    if (wanted == MODHOST_SERVICE_LOG) return &kLog;
    if (wanted == MODHOST_SERVICE_EVENT) return &kEvent;
    if (wanted == MODHOST_SERVICE_CONFIG) return &kConfig;
    return wanted == MODHOST_SERVICE_HTTP ? &kHttp : nullptr;
  };
  worker_ = std::thread([this] { deliver(); });
}

inline FakeHost::~FakeHost() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

inline FakeHost& FakeHost::answer(std::string method, std::string target, Answer answer) {
  const std::lock_guard lock(mutex_);
  for (Script& script : scripts_) {
    if (script.method != method || script.target != target) continue;
    script.answers.push_back(std::move(answer));
    return *this;
  }
  scripts_.push_back({std::move(method), std::move(target), {std::move(answer)}});
  return *this;
}

inline FakeHost& FakeHost::secret(std::string name, std::string value) {
  const std::lock_guard lock(mutex_);
  secrets_[std::move(name)] = std::move(value);
  return *this;
}

inline void FakeHost::cancel(std::int32_t reason) {
  const std::lock_guard lock(mutex_);
  cancel_reason_ = reason;
}

inline std::vector<Call> FakeHost::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

inline std::vector<LogLine> FakeHost::logs() const {
  const std::lock_guard lock(mutex_);
  return logs_;
}

inline modhost_event_id FakeHost::begin() {
  const std::lock_guard lock(mutex_);
  events_[++handles_];
  return handles_;
}

inline Ended FakeHost::await(modhost_event_id event, modhost_status returned, std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  Live& live = events_[event];
  if (returned != MODHOST_PENDING && !live.ended) live.ended = Ended{returned, {}, 0, live.leave_turn_open};
  if (!changed_.wait_for(lock, limit, [&] { return live.ended.has_value(); }))
    throw std::runtime_error("on_event returned MODHOST_PENDING, and complete() was not called in time");
  return *live.ended;
}

inline void FakeHost::settle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return deliveries_.empty() && !is_delivering_; });
}

}  // namespace modhost::testing
