#include "services/abi_values.hpp"
#include "services/host_record.hpp"
#include "services/tables.hpp"

namespace modhost::services {

namespace {

TaskService::Work work_of(modhost_task_fn fn, void* user) {
  return fn == nullptr ? TaskService::Work() : TaskService::Work([fn, user](modhost_status why) { fn(user, why); });
}

modhost_status submit(const modhost_host* host, modhost_task_fn fn, void* user) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  return services->tasks.submit(work_of(fn, user));
}

modhost_status after(const modhost_host* host, std::int64_t delay_ms, modhost_task_fn fn, void* user,
                     modhost_timer_id* timer) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  Handle id = 0;
  const modhost_status status = services->tasks.after(std::chrono::milliseconds(delay_ms), work_of(fn, user), id);
  if (status == MODHOST_OK && timer != nullptr) *timer = id;
  return status;
}

modhost_status cancel(const modhost_host* host, modhost_timer_id timer) noexcept {
  const HostRecord::Visit services(host);
  if (!services) return HostRecord::refusal(host);
  return services->tasks.cancel(timer);
}

}  // namespace

constinit const modhost_task_service kTaskTable = {sizeof(modhost_task_service), 0, submit, after, cancel};

}  // namespace modhost::services
