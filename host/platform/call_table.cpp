#include "platform/call_table.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace modhost::platform {

Result<std::unique_ptr<CallTable>> CallTable::open(std::size_t calls_max) {
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.is_open())
    return unavailable("HTTP client: no eventfd (" + std::generic_category().message(errno) +
                       "): raise the limit of open files");
  return std::make_unique<CallTable>(calls_max, std::move(wake));
}

Result<CallId> CallTable::add(HttpRequest request, std::shared_ptr<Sink> sink) {
  bool first = false;
  CallId id = 0;
  {
    MutexLock lock(mutex_);
    if (closed_) return Error{Code::kGone, "HTTP client: it is being stopped, no call starts any more"};
    if (calls_.size() >= calls_max_)
      return Error{Code::kFull, "HTTP client: " + std::to_string(calls_max_) + " calls are in flight: try again later"};
    id = ++last_id_;
    auto call = std::make_shared<Call>(id, std::move(request), std::move(sink));
    first = inbox_.empty();
    inbox_.push_back(call);
    calls_.emplace(id, Entry{std::move(call)});
  }
  if (first) wake();
  return id;
}

void CallTable::cancel(CallId id) {
  tell(id, [](Call& call) { call.cancelled = true; });
}

void CallTable::pause(CallId id, bool paused) {
  tell(id, [paused](Call& call) { call.paused = paused; });
}

void CallTable::tell(CallId id, const std::function<void(Call&)>& wish) {
  bool first = false;
  {
    MutexLock lock(mutex_);
    const auto it = calls_.find(id);
    if (it == calls_.end()) return;
    wish(*it->second.call);
    if (it->second.in_inbox) return;
    it->second.in_inbox = true;
    first = inbox_.empty();
    inbox_.push_back(it->second.call);
  }
  if (first) wake();
}

std::vector<std::shared_ptr<Call>> CallTable::take_inbox() {
  std::uint64_t count = 0;
  while (::read(wake_.get(), &count, sizeof count) < 0 && errno == EINTR) {
  }
  std::vector<std::shared_ptr<Call>> taken;
  MutexLock lock(mutex_);
  taken.swap(inbox_);
  for (const auto& call : taken)
    if (const auto it = calls_.find(call->id); it != calls_.end()) it->second.in_inbox = false;
  return taken;
}

void CallTable::remove(CallId id) {
  decltype(calls_)::node_type ended;  // destroyed after the lock is gone
  MutexLock lock(mutex_);
  ended = calls_.extract(id);
}

void CallTable::close() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
  }
  wake();
}

bool CallTable::is_closed() const {
  MutexLock lock(mutex_);
  return closed_;
}

std::vector<std::shared_ptr<Call>> CallTable::alive() const {
  MutexLock lock(mutex_);
  std::vector<std::shared_ptr<Call>> calls;
  calls.reserve(calls_.size());
  for (const auto& [id, entry] : calls_) calls.push_back(entry.call);
  return calls;
}

std::size_t CallTable::size() const {
  MutexLock lock(mutex_);
  return calls_.size();
}

std::uint64_t CallTable::started() const {
  MutexLock lock(mutex_);
  return last_id_;
}

void CallTable::wake() {
  const std::uint64_t one = 1;
  while (::write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

}  // namespace modhost::platform
