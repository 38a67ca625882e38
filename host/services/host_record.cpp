#include "services/host_record.hpp"

#include <array>
#include <atomic>
#include <string_view>
#include <utility>

#include "services/tables.hpp"

namespace modhost::services {

namespace {

// The one place of the host with a life of its own: plugin threads may look at their modhost_host until the process
// ends, after every owner is gone. Reachable from here, so a leak checker sees that it is kept on purpose.
constinit std::atomic<HostRecord*> all_records{nullptr};

const void* get_service(const modhost_host*, const char* service_id) noexcept {
  return service_id == nullptr ? nullptr : service_table(service_id);
}

}  // namespace

const void* service_table(std::string_view id) {
  static constexpr std::array<std::pair<std::string_view, const void*>, 8> kTables = {{
      {MODHOST_SERVICE_LOG, &kLogTable},
      {MODHOST_SERVICE_EVENT, &kEventTable},
      {MODHOST_SERVICE_CONFIG, &kConfigTable},
      {MODHOST_SERVICE_HTTP, &kHttpTable},
      {MODHOST_SERVICE_TASK, &kTaskTable},
      {MODHOST_SERVICE_METRICS, &kMetricsTable},
      {MODHOST_SERVICE_KV, &kKvTable},
      {MODHOST_SERVICE_CHECKPOINT, &kCheckpointTable},
  }};
  for (const auto& [known, table] : kTables)
    if (known == id) return table;
  return nullptr;
}

HostRecord::HostRecord(std::string module_name, InstanceServices& services)
    : module_name_(std::move(module_name)), services_(services) {
  static constexpr std::string_view kName = "modhost";
  static constexpr std::string_view kVersion = MODHOST_VERSION;
  host_.struct_size = sizeof host_;
  host_.abi_minor = MODHOST_ABI_MINOR;
  host_.host_data = this;
  host_.name = {kName.data(), kName.size()};
  host_.version = {kVersion.data(), kVersion.size()};
  host_.module_name = {module_name_.data(), module_name_.size()};
  host_.get_service = get_service;
}

HostRecord& HostRecord::make(const std::string& module_name, InstanceServices& services) {
  auto* record = new HostRecord(module_name, services);  // NOLINT(cppcoreguidelines-owning-memory): for ever
  record->next_ = all_records.load();
  while (!all_records.compare_exchange_weak(record->next_, record)) {
  }
  return *record;
}

HostRecord::Visit::Visit(const modhost_host* host) {
  if (host == nullptr || host->host_data == nullptr) return;
  auto* record = static_cast<HostRecord*>(host->host_data);
  if (record->gate_.enter()) record_ = record;
}

HostRecord::Visit::~Visit() {
  if (record_ != nullptr) record_->gate_.leave();
}

}  // namespace modhost::services
