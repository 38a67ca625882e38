// One outbound call of a plugin: what the client thread reports goes through a bounded mailbox to the listener, in
// order and one at a time, and ends with on_done exactly once.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/mutex.hpp"
#include "modhost/plugin.h"
#include "platform/http_client.hpp"
#include "services/handle_table.hpp"
#include "services/open_event.hpp"

namespace modhost::services {

using platform::HeaderList;

// Where a call's answer goes. A failure from on_head or on_data aborts the call; on_done follows all the same.
class CallListener {
 public:
  virtual ~CallListener() = default;
  virtual modhost_status on_head(Handle call, int status, const HeaderList& headers) = 0;
  virtual modhost_status on_data(Handle call, std::string_view chunk) = 0;
  virtual void on_done(Handle call, modhost_status result, std::string_view detail) = 0;
};

// Hands work to the instance's own threads. False: they take no more.
using Post = std::function<bool(std::function<void()>)>;

// What the calls of one instance share; lives as long as the last of them.
struct CallContext {
  CallContext(platform::HttpClient& http_client, Post to_threads, std::uint16_t tag, std::size_t calls_max)
      : client(http_client), post(std::move(to_threads)), calls(tag, calls_max) {}
  platform::HttpClient& client;
  const Post post;
  HandleTable<Call> calls;
};

// Thread-safe.
class Call final : public platform::Sink, public std::enable_shared_from_this<Call> {
 public:
  enum class Delivery {
    kPosted,  // on the instance's threads: the listener is plugin code
    kDirect   // on the thread that has the news: the listener never blocks
  };
  // `event` is null for a call without one. `ended` hears once how a call ended that was started, before the plugin
  // does: whether with a 2xx, and the answer's body if `keeps_answer`. A call that `outlives_event` goes on, once an
  // attempt at it is under way, when nobody listens any more: its answer is the host's too.
  struct Purpose {
    std::shared_ptr<OpenEvent> event = {};
    std::function<void(bool is_success, std::string_view answer)> ended = {};
    bool keeps_answer = false;
    bool outlives_event = false;
  };

  Call(std::shared_ptr<CallContext> context, Handle id, Purpose purpose, std::shared_ptr<CallListener> listener,
       Delivery delivery);

  // After HttpClient::start: it runs under this id, or it never did and nothing is reported.
  void started(platform::CallId client_call);
  void never_started();
  // Said to have started before the client knows of it: from now on it can be cancelled.
  void accept();
  // It was accepted and did not start: on_done follows with `why`, or with the reason that came before.
  void failed_to_start(modhost_status why, std::string detail);
  // It was cancelled before it started. [any]
  [[nodiscard]] bool is_over();

  // Drops what is not delivered yet; on_done follows with `why`. False: on_done has begun. [any]
  bool cancel(modhost_status why, std::string detail = {});
  bool pause(bool is_paused);  // [any]

  // platform::Sink, on the client thread.
  bool on_head(int status, const HeaderList& headers) override;
  bool on_data(std::string_view chunk) override;
  void on_done(Result<void> outcome) override;

 private:
  struct Head {
    int status;
    HeaderList headers;
  };
  struct Done {
    modhost_status result;
    std::string detail;
  };
  using Item = std::variant<Head, std::string, Done>;

  bool put(Item item);
  void finish_with(Done done) REQUIRES(mutex_);
  void schedule(MutexLock& lock) REQUIRES(mutex_) NO_THREAD_SAFETY_ANALYSIS;
  void deliver();
  static bool is_failure(const Item& item);
  [[nodiscard]] bool is_deliverable() const REQUIRES(mutex_);
  void deliver_done(const Done& done);
  void sync_pause(MutexLock& lock) REQUIRES(mutex_) NO_THREAD_SAFETY_ANALYSIS;

  const std::shared_ptr<CallContext> context_;
  const Handle id_;
  const Purpose purpose_;
  const std::shared_ptr<CallListener> listener_;
  const Delivery delivery_;
  std::string answer_;  // if the purpose keeps it; the client thread's own

  Mutex mutex_;
  std::deque<Item> mail_ GUARDED_BY(mutex_);
  std::size_t mail_bytes_ GUARDED_BY(mutex_) = 0;
  platform::CallId client_call_ GUARDED_BY(mutex_) = 0;  // 0: none, or not known yet
  bool is_started_ GUARDED_BY(mutex_) = false;           // until then nothing is reported
  int http_status_ GUARDED_BY(mutex_) = 0;
  bool is_last_in_ GUARDED_BY(mutex_) = false;    // Done is in the mail or out: nothing more goes in
  bool is_done_out_ GUARDED_BY(mutex_) = false;   // on_done has begun
  bool is_scheduled_ GUARDED_BY(mutex_) = false;  // somebody delivers or will
  bool is_paused_ GUARDED_BY(mutex_) = false;     // by the plugin
  bool wants_client_paused_ GUARDED_BY(mutex_) = false;
  bool is_client_paused_ GUARDED_BY(mutex_) = false;
  bool is_syncing_pause_ GUARDED_BY(mutex_) = false;
};

}  // namespace modhost::services
