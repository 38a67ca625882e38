#include "services/task_service.hpp"

#include <algorithm>
#include <utility>

#include "base/plugin_code.hpp"

namespace modhost::services {

namespace {

constexpr std::chrono::milliseconds kDelayMax = std::chrono::hours(24 * 365);

}  // namespace

struct TaskService::Task {
  Work work;
  Handle id = 0;
  std::atomic<std::uint64_t> timer{0};
  std::int64_t event = 0;           // in whose code it was made
  std::atomic<bool> is_due{false};  // whoever sets it posts the task, or drops it
};

// What tasks share; lives as long as the last of them.
struct TaskService::Context {
  Context(std::uint16_t tag, std::size_t tasks_max, Post to_threads)
      : post(std::move(to_threads)), tasks(tag, tasks_max) {}
  const Post post;
  HandleTable<Task> tasks;
  std::atomic<bool> is_closed{false};
};

TaskService::TaskService(const Clock& clock, std::uint16_t tag, std::size_t tasks_max, Post post, Timers timers)
    : clock_(clock), context_(std::make_shared<Context>(tag, tasks_max, std::move(post))), timers_(std::move(timers)) {}

// On the instance's threads. Threads that take no more are gone with the plugin's code: nobody is left to hear it.
void TaskService::run(const std::shared_ptr<Context>& context, const std::shared_ptr<Task>& task) {
  if (task->is_due.exchange(true)) return;
  context->post([context, task] {
    context->tasks.erase(task->id);
    const InPluginCode code(task->event);
    const Work work = std::move(task->work);
    work(context->is_closed.load() ? MODHOST_E_CLOSED : MODHOST_OK);
  });
}

modhost_status TaskService::take(Work work, std::shared_ptr<Task>& task) {
  if (!work) return MODHOST_E_INVALID;
  if (context_->is_closed.load()) return MODHOST_E_CLOSED;
  const auto id = context_->tasks.reserve();
  if (!id) return MODHOST_E_FULL;
  task = std::make_shared<Task>();
  task->work = std::move(work);
  task->id = *id;
  task->event = plugin_code.event;
  context_->tasks.fill(*id, task);
  return MODHOST_OK;
}

modhost_status TaskService::submit(Work work) {
  std::shared_ptr<Task> task;
  const modhost_status status = take(std::move(work), task);
  if (status == MODHOST_OK) run(context_, task);
  return status;
}

modhost_status TaskService::after(std::chrono::milliseconds delay, Work work, Handle& timer) {
  if (delay.count() < 0) return MODHOST_E_INVALID;
  std::shared_ptr<Task> task;
  if (const modhost_status status = take(std::move(work), task); status != MODHOST_OK) return status;
  timer = task->id;
  task->timer = timers_.schedule(clock_.steady_now() + std::min(delay, kDelayMax),
                                 [context = std::weak_ptr(context_), weak = std::weak_ptr(task)] {
                                   const auto alive = context.lock();
                                   const auto due = weak.lock();
                                   if (alive && due) run(alive, due);
                                 });
  // Looked at again: close() may have gone through the tasks before this one had its timer.
  if (context_->is_closed.load() || task->timer.load() == 0) run(context_, task);
  return MODHOST_OK;
}

modhost_status TaskService::cancel(Handle timer) {
  const auto task = context_->tasks.find(timer);
  if (!task) return context_->tasks.state(timer) == HandleState::kInvalid ? MODHOST_E_INVALID : MODHOST_E_GONE;
  if (task->is_due.exchange(true)) return MODHOST_E_GONE;
  timers_.cancel(task->timer.load());
  context_->tasks.erase(timer);
  return MODHOST_OK;
}

void TaskService::close() {
  context_->is_closed.store(true);
  for (const auto& task : context_->tasks.all()) {
    timers_.cancel(task->timer.load());
    run(context_, task);
  }
}

}  // namespace modhost::services
