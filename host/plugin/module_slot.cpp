#include "plugin/module_slot.hpp"

#include <algorithm>
#include <utility>

namespace modhost::plugin {

namespace {

// Until the journal offers an event again that found its module taken away.
constexpr std::chrono::milliseconds kOfferedAgain{1000};

}  // namespace

void ModuleSlot::put(InstancePtr next) {
  InstancePtr unused;
  {
    MutexLock lock(mutex_);
    if (now_.instance == next) return;
    Entry before = std::exchange(now_, Entry{std::move(next), 0});
    if (before.open > 0)
      before_.push_back(std::move(before));
    else
      unused = std::move(before.instance);
  }
  if (unused != nullptr && unused->runtime != nullptr) replaced_(std::move(unused));
}

InstancePtr ModuleSlot::instance() const {
  MutexLock lock(mutex_);
  return now_.instance;
}

std::vector<InstancePtr> ModuleSlot::instances() const {
  std::vector<InstancePtr> all;
  MutexLock lock(mutex_);
  if (now_.instance != nullptr && now_.instance->runtime != nullptr) all.push_back(now_.instance);
  for (const Entry& entry : before_) all.push_back(entry.instance);
  return all;
}

bool ModuleSlot::is_empty() const {
  MutexLock lock(mutex_);
  return now_.instance == nullptr && before_.empty();
}

bool ModuleSlot::is_running() const {
  const InstancePtr now = instance();
  return now != nullptr && now->runtime != nullptr && now->runtime->is_running();
}

bool ModuleSlot::is_in_use() const {
  if (is_running()) return true;
  MutexLock lock(mutex_);
  return !before_.empty();
}

void ModuleSlot::submit(AttemptInput input, OutcomeListener done) {
  InstancePtr instance;
  {
    MutexLock lock(mutex_);
    if (now_.instance != nullptr && now_.instance->runtime != nullptr) {
      instance = now_.instance;
      ++now_.open;
    }
  }
  if (instance == nullptr) {
    Outcome unused;
    unused.kind = Outcome::Kind::kSnooze;
    unused.retry_after = kOfferedAgain;
    unused.detail = "the module was taken out of the configuration";
    return done(std::move(unused));
  }
  PluginRuntime& runtime = *instance->runtime;
  runtime.submit(std::move(input), [this, instance = std::move(instance), done = std::move(done)](Outcome outcome) {
    done(std::move(outcome));
    ended(instance);
  });
}

void ModuleSlot::ended(const InstancePtr& instance) {
  {
    MutexLock lock(mutex_);
    if (now_.instance == instance) {
      --now_.open;
      return;
    }
    const auto entry = std::find_if(before_.begin(), before_.end(),
                                    [&](const Entry& candidate) { return candidate.instance == instance; });
    if (entry == before_.end() || --entry->open > 0) return;
    before_.erase(entry);
  }
  replaced_(instance);
}

unsigned ModuleSlot::free_slots() const {
  const InstancePtr now = instance();
  return now == nullptr || now->runtime == nullptr ? 0 : now->runtime->free_slots();
}

void ModuleSlot::cancel(std::int64_t journal_seq, CancelReason reason) {
  for (const InstancePtr& one : instances()) one->runtime->cancel(journal_seq, reason);
}

void ModuleSlot::cancel_all(CancelReason reason) {
  for (const InstancePtr& one : instances()) one->runtime->cancel_all(reason);
}

bool ModuleSlot::stop(Deadline deadline) {
  bool is_clean = true;
  for (const InstancePtr& one : instances()) is_clean = one->runtime->stop(deadline) && is_clean;
  return is_clean;
}

RuntimeStatus ModuleSlot::status() const {
  RuntimeStatus status;
  InstancePtr now;
  unsigned finishing = 0;
  {
    MutexLock lock(mutex_);
    now = now_.instance;
    for (const Entry& entry : before_) finishing += static_cast<unsigned>(entry.open);
  }
  if (now != nullptr && now->runtime != nullptr) {
    status = now->runtime->status();
  } else {
    status.module = module_;
    status.plugin = now == nullptr ? std::string() : now->config->plugin;
    status.problem = now == nullptr ? "no longer configured: it finishes the events it has" : now->problem;
  }
  status.finishing = finishing;
  return status;
}

}  // namespace modhost::plugin
