// The modhost_host of one instance: what plugin code holds, so it stays readable until the process ends. After retire()
// it is a tombstone: every service answers MODHOST_E_CLOSED.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "modhost/plugin.h"
#include "services/gate.hpp"
#include "services/instance_services.hpp"

namespace modhost::services {

class HostRecord {
 public:
  // Lives for ever. `services` is used until retire() has returned true.
  static HostRecord& make(const std::string& module_name, InstanceServices& services);

  [[nodiscard]] const modhost_host* host() const { return &host_; }
  // Keeps new service calls out and waits for those inside. False: one still is at the deadline; services must live on.
  bool retire(const Clock& clock, Deadline deadline) { return gate_.close(clock, deadline); }

  // Keeps `memory` as long as this record: what the code of an abandoned plugin may still read.
  void keep(std::shared_ptr<const void> memory) { kept_ = std::move(memory); }

  // What a call that does not get in is answered.
  static modhost_status refusal(const modhost_host* host) {
    return host == nullptr ? MODHOST_E_INVALID : MODHOST_E_CLOSED;
  }

  // A service call's way in: empty when the instance is destroyed or `host` is null.
  class Visit {
   public:
    explicit Visit(const modhost_host* host);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    explicit operator bool() const { return record_ != nullptr; }
    InstanceServices* operator->() const { return &record_->services_; }

   private:
    HostRecord* record_ = nullptr;
  };

 private:
  HostRecord(std::string module_name, InstanceServices& services);

  const std::string module_name_;
  InstanceServices& services_;
  Gate gate_;
  modhost_host host_{};
  std::shared_ptr<const void> kept_;
  HostRecord* next_ = nullptr;  // of all that were made
};

// The table behind an id; null for an unknown one.
const void* service_table(std::string_view id);

}  // namespace modhost::services
