// The log, event and config services of the fake host.
#pragma once

#include <rapidjson/pointer.h>

#include "modhost/testing/fake_host.hpp"

namespace modhost::testing {

struct FakeServices {
  static FakeHost& of(const modhost_host* host) { return *static_cast<FakeHost*>(host->host_data); }

  static modhost_blob blob(std::string_view text) noexcept {
    auto owner = std::make_unique<std::string>(text);
    const modhost_blob made{owner->data(), owner->size(), owner.get(), [](modhost_blob* blob) noexcept {
                              const std::unique_ptr<std::string> ends(static_cast<std::string*>(blob->owner));
                            }};
    static_cast<void>(owner.release());
    return made;
  }

  // --- log
  static std::uint32_t log_enabled(const modhost_host*, std::int32_t) noexcept { return 1; }
  static void log_write(const modhost_host* host, modhost_event_id event, std::int32_t level, modhost_str message,
                        const modhost_kv* fields, std::size_t count) noexcept {
    LogLine line{level, std::string(to_view(message)), {}, event};
    for (std::size_t i = 0; i < count; ++i) line.fields.emplace(to_view(fields[i].key), to_view(fields[i].value));
    const std::lock_guard lock(of(host).mutex_);
    of(host).logs_.push_back(std::move(line));
    of(host).changed_.notify_all();
  }

  // --- event
  static modhost_status complete(const modhost_host* host, modhost_event_id event,
                                 const modhost_outcome* outcome) noexcept {
    FakeHost& self = of(host);
    const std::lock_guard lock(self.mutex_);
    const auto live = self.events_.find(event);
    if (live == self.events_.end() || outcome->status == MODHOST_PENDING) return MODHOST_E_INVALID;
    if (live->second.ended) return MODHOST_E_GONE;
    self.end(event, {outcome->status, std::string(to_view(outcome->detail)), outcome->retry_after_ms});
    return MODHOST_OK;
  }
  static std::int32_t cancelled(const modhost_host* host, modhost_event_id event) noexcept {
    FakeHost& self = of(host);
    const std::lock_guard lock(self.mutex_);
    const auto live = self.events_.find(event);
    if (live == self.events_.end() || live->second.ended) return MODHOST_E_GONE;
    return self.cancel_reason_;
  }
  static modhost_status extend(const modhost_host*, modhost_event_id, std::int64_t, std::int64_t* deadline) noexcept {
    *deadline = 0;
    return MODHOST_E_FULL;
  }
  static modhost_status leave_turn_open(const modhost_host* host, modhost_event_id event) noexcept {
    FakeHost& self = of(host);
    const std::lock_guard lock(self.mutex_);
    const auto live = self.events_.find(event);
    if (live == self.events_.end() || live->second.ended) return MODHOST_E_GONE;
    live->second.leave_turn_open = true;
    return MODHOST_OK;
  }

  // --- config
  template <class Use>
  static modhost_status config(const modhost_host* host, modhost_str path, Use use) noexcept {
    const rapidjson::Pointer pointer(path.ptr == nullptr ? "" : path.ptr, path.len);
    const rapidjson::Value* const root = of(host).config_.root().raw();
    const rapidjson::Value* const value = pointer.IsValid() && root != nullptr ? pointer.Get(*root) : nullptr;
    if (!pointer.IsValid()) return MODHOST_E_INVALID;
    return value == nullptr ? MODHOST_E_NOT_FOUND : use(*value) ? MODHOST_OK : MODHOST_E_INVALID;
  }
  static modhost_status get_string(const modhost_host* host, modhost_str path, modhost_blob* out) noexcept {
    return config(host, path, [&](const rapidjson::Value& value) {
      if (value.IsString()) *out = blob({value.GetString(), value.GetStringLength()});
      return value.IsString();
    });
  }
  static modhost_status get_int(const modhost_host* host, modhost_str path, std::int64_t* out) noexcept {
    return config(host, path, [&](const rapidjson::Value& value) {
      if (value.IsInt64()) *out = value.GetInt64();
      return value.IsInt64();
    });
  }
  static modhost_status get_double(const modhost_host* host, modhost_str path, double* out) noexcept {
    return config(host, path, [&](const rapidjson::Value& value) {
      if (value.IsNumber()) *out = value.GetDouble();
      return value.IsNumber();
    });
  }
  static modhost_status get_bool(const modhost_host* host, modhost_str path, std::uint32_t* out) noexcept {
    return config(host, path, [&](const rapidjson::Value& value) {
      if (value.IsBool()) *out = value.GetBool() ? 1 : 0;
      return value.IsBool();
    });
  }
  static modhost_status get_json(const modhost_host* host, modhost_str path, modhost_blob* out) noexcept {
    return config(host, path, [&](const rapidjson::Value& value) {
      *out = blob(Json(&value).dump());
      return true;
    });
  }
  static modhost_status get_secret(const modhost_host* host, modhost_str name, modhost_blob* out) noexcept {
    const std::lock_guard lock(of(host).mutex_);
    const auto found = of(host).secrets_.find(std::string(to_view(name)));
    if (found == of(host).secrets_.end()) return MODHOST_E_NOT_FOUND;
    *out = blob(found->second);
    return MODHOST_OK;
  }
};

}  // namespace modhost::testing
