// modhost.kv/1 and modhost.checkpoint/1, message-shaped: what a module keeps between events, and an event between
// attempts. Calls wait for the disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/journal.hpp"
#include "journal/key_values.hpp"
#include "journal/open_steps.hpp"
#include "modhost/plugin.h"
#include "services/event_service.hpp"

namespace modhost::services {

// Where a module's state is kept; outlives the services.
struct Storage {
  journal::Journal& journal;
  journal::KeyValues& key_values;
  journal::OpenSteps& open_steps;
};

// Thread-safe. Borrows everything.
class KvService {
 public:
  KvService(const std::string& module, const Storage& storage) : module_(module), storage_(storage) {}

  modhost_status get(std::string_view key, std::string& value, std::uint64_t& version) const;
  modhost_status put(std::string_view key, std::string_view value, std::chrono::milliseconds lifetime,
                     std::uint64_t expected, std::uint64_t& version) const;
  modhost_status remove(std::string_view key, std::uint64_t expected) const;
  modhost_status list(std::string_view prefix, std::vector<journal::KeyValue>& keys) const;

 private:
  modhost_status change(journal::KeyChange change, std::uint64_t& version) const;
  const std::string& module_;
  const Storage storage_;
};

class CheckpointService {
 public:
  CheckpointService(EventService& events, const Storage& storage) : events_(events), storage_(storage) {}
  modhost_status save(Handle event, std::string_view blob) const;

 private:
  EventService& events_;
  const Storage storage_;
};

}  // namespace modhost::services
