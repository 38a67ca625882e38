// An HTTP call under way whose body is taken piece by piece: what lies between the host's sink and an HttpStream.
#pragma once

#include <modhost/plugin.h>

#include <atomic>
#include <coroutine>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "modhost/sdk/pending_call.hpp"

namespace modhost::detail {

// Thread-safe: the host reports on its threads, one coroutine takes. Kept alive by the host's side until done().
class StreamingCall : public std::enable_shared_from_this<StreamingCall> {
 public:
  enum class Wanted { kHead, kPiece };
  // Above it the host is asked to pause, until all of it is taken.
  static constexpr std::size_t kBufferedMax = 64 * 1024;

  StreamingCall(std::shared_ptr<Scope> scope, HttpRequest request)
      : scope_(std::move(scope)), request_(std::move(request)) {}

  [[nodiscard]] const Scope& scope() const { return *scope_; }
  void start() {
    if (std::exchange(is_begun_, true)) return;
    const RawRequest raw(request_, scope_->event());
    const modhost_http_sink sink{sizeof(modhost_http_sink), 0, this, head, data, done};
    const Services& services = scope_->services();
    keep_ = shared_from_this();
    modhost_call_id call = 0;
    const modhost_status started = services.http->start(services.host, &raw.raw, &sink, &call);
    const std::lock_guard lock(mutex_);
    call_ = call;
    if (started == MODHOST_OK) return;
    status_ = started;
    is_over_ = true;
    keep_.reset();  // no callback is made
  }
  // The blocking form: the whole answer, on this thread.
  void perform() {
    if (std::exchange(is_begun_, true)) return refuse_to_change_over();
    auto answer = detail::perform(*scope_, request_);
    is_over_ = true;
    has_head_ = static_cast<bool>(answer);
    if (!answer) failure_ = answer.failure();
    if (!answer) return;
    buffered_ = std::move(answer->body);
    head_ = {answer->status, std::move(answer->headers), {}};
  }
  // False: there is something to take, nobody is resumed.
  bool wait(Wanted wanted, std::coroutine_handle<> waiter) {
    const std::lock_guard lock(mutex_);
    if (is_there(wanted)) return false;
    wanted_ = wanted;
    waiter_ = waiter;
    return true;
  }
  Result<HttpResponse> take_head() {
    const std::lock_guard lock(mutex_);
    return has_head_ ? Result<HttpResponse>(head_) : explained();
  }
  // All that has come; nothing at the end of a whole answer.
  Result<std::optional<std::string>> take_piece() {
    const std::lock_guard lock(mutex_);
    if (!buffered_.empty()) {
      // Under the lock, so that a pause and a resume can not overtake each other.
      if (std::exchange(is_paused_, false)) pause(call_, false);
      return std::optional(std::exchange(buffered_, {}));
    }
    if (status_ < 0 || failure_) return explained();
    return std::optional<std::string>();
  }
  [[nodiscard]] modhost_status status() const { return status_.load(); }
  // Nobody takes any more.
  void drop() {
    std::unique_lock lock(mutex_);
    is_dropped_ = true;
    buffered_.clear();
    const modhost_call_id call = is_over_ ? 0 : call_;
    lock.unlock();
    if (call != 0) scope_->services().http->cancel(scope_->services().host, call);
  }

 private:
  static StreamingCall& of(void* user) { return *static_cast<StreamingCall*>(user); }
  static modhost_status head(void* user, modhost_call_id, std::int32_t status, const modhost_kv* headers,
                             std::size_t count) noexcept {
    StreamingCall& self = of(user);
    std::unique_lock lock(self.mutex_);
    self.head_ = {status, header_lines(headers, count), {}};
    self.has_head_ = true;
    return self.resume(lock);
  }
  static modhost_status data(void* user, modhost_call_id call, modhost_bytes chunk) noexcept {
    StreamingCall& self = of(user);
    std::unique_lock lock(self.mutex_);
    if (!self.is_dropped_) self.buffered_.append(static_cast<const char*>(chunk.ptr), chunk.len);
    const bool is_full = !self.waiter_ && self.buffered_.size() > kBufferedMax;
    if (is_full && !std::exchange(self.is_paused_, true)) self.pause(call, true);
    return self.resume(lock);
  }
  static void done(void* user, modhost_call_id, modhost_status result, modhost_str detail) noexcept {
    const std::shared_ptr<StreamingCall> self = std::move(of(user).keep_);
    std::unique_lock lock(self->mutex_);
    self->status_ = result;
    self->is_over_ = true;
    self->detail_ = to_view(detail);
    self->resume(lock);
  }
  // Resumes who waits for what is there now. A failure aborts the call.
  modhost_status resume(std::unique_lock<std::mutex>& lock) {
    const auto waiter = is_there(wanted_) ? std::exchange(waiter_, nullptr) : std::coroutine_handle<>();
    const bool is_dropped = is_dropped_;
    lock.unlock();
    if (waiter) waiter.resume();
    return is_dropped ? MODHOST_E_CANCELLED : MODHOST_OK;
  }
  [[nodiscard]] bool is_there(Wanted wanted) const {
    return is_over_ || (wanted == Wanted::kHead ? has_head_ : !buffered_.empty());
  }
  void pause(modhost_call_id call, bool is_paused) {
    scope_->services().http->pause(scope_->services().host, call, is_paused ? 1 : 0);
  }
  void refuse_to_change_over() {
    const std::lock_guard lock(mutex_);
    if (call_ != 0 && !is_over_) failure_ = failed(request_.name() + ": begun with co_await, too late for get()");
  }
  [[nodiscard]] Failure explained() const { return failure_ ? *failure_ : explain(request_, status_, detail_); }

  const std::shared_ptr<Scope> scope_;
  const HttpRequest request_;
  bool is_begun_ = false;                // the taker's own
  std::shared_ptr<StreamingCall> keep_;  // set before the host knows of us, gone with done()
  mutable std::mutex mutex_;
  modhost_call_id call_ = 0;
  HttpResponse head_;
  std::string buffered_, detail_;
  std::optional<Failure> failure_;
  std::atomic<modhost_status> status_{MODHOST_OK};
  bool has_head_ = false, is_over_ = false, is_paused_ = false, is_dropped_ = false;
  Wanted wanted_ = Wanted::kHead;
  std::coroutine_handle<> waiter_;
};

}  // namespace modhost::detail
