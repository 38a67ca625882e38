// The inside of FakeHost.
#pragma once

#include "modhost/testing/fake_tables.hpp"

namespace modhost::testing {

inline FakeHost::FakeHost(std::string_view config) : config_(JsonDocument::parse(config).value()) {
  host_.struct_size = sizeof host_;
  host_.abi_minor = MODHOST_ABI_MINOR;
  host_.host_data = this;
  host_.name = to_str("fake host");
  host_.version = to_str("0.0.0");
  host_.module_name = to_str("TestModule");
  host_.get_service = fake_service;
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
  for (Delivery& delivery : deliveries_) delivery.end(MODHOST_E_CANCELLED);
  changed_.notify_all();
}

inline void FakeHost::release() {
  const std::lock_guard lock(mutex_);
  for (Delivery& delivery : deliveries_) {
    delivery.answer.is_held = false;
    delivery.answer.held_at.reset();
  }
  changed_.notify_all();
}

inline void FakeHost::advance(std::chrono::milliseconds time) {
  const std::lock_guard lock(mutex_);
  now_ += time;
  changed_.notify_all();
}

template <class Has>
void FakeHost::await_that(Has has, const char* what, std::size_t count) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, std::chrono::seconds(10), [&] { return has() >= count; }))
    throw std::runtime_error("the plugin made " + std::to_string(has()) + " " + what + ", not " +
                             std::to_string(count));
}

inline void FakeHost::await_calls(std::size_t count) {
  await_that([this] { return calls_.size(); }, "calls", count);
}

inline void FakeHost::await_logs(std::size_t count) {
  await_that([this] { return logs_.size(); }, "log lines", count);
}

inline std::vector<MetricUpdate> FakeHost::metrics() const {
  const std::lock_guard lock(mutex_);
  return metric_updates_;
}

inline std::map<std::string, std::string> FakeHost::key_values() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> values;
  for (const auto& [key, value] : key_values_) values[key] = value.value;
  return values;
}

inline std::string FakeHost::checkpoint(modhost_event_id event) const {
  const std::lock_guard lock(mutex_);
  const auto found = checkpoints_.find(event);
  return found == checkpoints_.end() ? std::string() : found->second;
}

inline std::vector<Call> FakeHost::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

inline std::size_t FakeHost::unfinished_calls() const {
  const std::lock_guard lock(mutex_);
  return deliveries_.size();
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
  if (returned != MODHOST_PENDING && !live.ended) end(event, {returned, {}, 0});
  ++awaiting_;
  changed_.notify_all();
  const bool has_ended = changed_.wait_for(lock, limit, [&] { return live.ended.has_value(); });
  --awaiting_;
  if (!has_ended) throw std::runtime_error("on_event returned MODHOST_PENDING, and complete() was not called in time");
  return *live.ended;
}

inline void FakeHost::settle() {
  std::unique_lock lock(mutex_);
  is_closing_ = true;
  for (auto& [at, timer] : timers_) {
    timer.why = MODHOST_E_CLOSED;
    tasks_.push_back(timer);
  }
  timers_.clear();
  changed_.notify_all();
  changed_.wait(lock, [this] { return tasks_.empty() && deliveries_.empty() && !is_delivering_; });
  is_closing_ = false;
}

}  // namespace modhost::testing
