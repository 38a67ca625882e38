#include "services/call.hpp"

#include <algorithm>
#include <utility>

#include "base/plugin_code.hpp"

namespace modhost::services {

namespace {

// A slow plugin holds back its peer, not our memory: the client pauses above the one and goes on below the other.
constexpr std::size_t kMailBytesHigh = 256 * 1024;
constexpr std::size_t kMailBytesLow = 64 * 1024;
constexpr std::size_t kAnswerBytesMax = 256 * 1024;  // more of an answer is not looked at
// Then the thread takes another turn, so that one fast stream does not starve its neighbours.
constexpr int kItemsInARow = 32;

modhost_status status_of(Code code) {
  switch (code) {
    case Code::kTimeout:
      return MODHOST_E_TIMEOUT;
    case Code::kUnavailable:
      return MODHOST_E_NETWORK;
    case Code::kGone:
      return MODHOST_E_CANCELLED;
    case Code::kFull:
      return MODHOST_E_FULL;
    case Code::kInvalid:
      return MODHOST_E_INVALID;
    default:
      return MODHOST_E_INTERNAL;
  }
}

// HTTP/1.1 servers spell names as they like, HTTP/2 has them in lower case: a plugin sees one spelling.
HeaderList in_lower_case(HeaderList headers) {
  for (auto& [name, value] : headers)
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return headers;
}

}  // namespace

Call::Call(std::shared_ptr<CallContext> context, Handle id, Purpose purpose, std::shared_ptr<CallListener> listener,
           Delivery delivery)
    : context_(std::move(context)),
      id_(id),
      purpose_(std::move(purpose)),
      listener_(std::move(listener)),
      delivery_(delivery) {}

void Call::started(platform::CallId client_call) {
  MutexLock lock(mutex_);
  client_call_ = client_call;
  is_started_ = true;
  if (is_last_in_) {  // cancelled, or already answered, while the client was starting it
    schedule(lock);
    lock.unlock();
    context_->client.cancel(client_call);
    return;
  }
  sync_pause(lock);
  schedule(lock);
}

void Call::never_started() {
  {
    MutexLock lock(mutex_);
    is_last_in_ = is_done_out_ = true;
    mail_.clear();
  }
  context_->calls.erase(id_);
  if (purpose_.event) purpose_.event->detach(shared_from_this());
}

void Call::accept() {
  MutexLock lock(mutex_);
  is_started_ = true;
}

void Call::failed_to_start(modhost_status why, std::string detail) {
  MutexLock lock(mutex_);
  if (!is_last_in_) finish_with(Done{why, std::move(detail)});
  schedule(lock);
}

bool Call::is_over() {
  MutexLock lock(mutex_);
  return is_last_in_;
}

bool Call::cancel(modhost_status why, std::string detail) {
  MutexLock lock(mutex_);
  if (is_done_out_) return false;
  if (is_last_in_ && is_failure(mail_.front())) return true;  // the first reason stands
  const platform::CallId client_call = is_last_in_ ? 0 : client_call_;
  finish_with(Done{why, std::move(detail)});
  sync_pause(lock);
  schedule(lock);
  lock.unlock();
  if (client_call != 0) context_->client.cancel(client_call);
  return true;
}

bool Call::pause(bool is_paused) {
  MutexLock lock(mutex_);
  if (is_done_out_) return false;
  is_paused_ = is_paused;
  schedule(lock);
  return true;
}

bool Call::on_head(int status, const HeaderList& headers) {
  {
    MutexLock lock(mutex_);
    http_status_ = status;
  }
  return put(Head{status, in_lower_case(headers)});
}

bool Call::on_data(std::string_view chunk) {
  if (purpose_.keeps_answer && answer_.size() + chunk.size() <= kAnswerBytesMax) answer_ += chunk;
  return put(std::string(chunk));
}

void Call::on_done(Result<void> outcome) {
  MutexLock lock(mutex_);
  if (purpose_.ended) {
    const bool is_success = outcome.has_value() && http_status_ >= 200 && http_status_ < 300;
    lock.unlock();  // before the plugin hears of it and may finish the event
    purpose_.ended(is_success, answer_);
    lock.lock();
  }
  if (is_last_in_) return;
  if (outcome) {
    is_last_in_ = true;
    mail_.emplace_back(Done{MODHOST_OK, {}});
  } else {
    finish_with(Done{status_of(outcome.error().code), std::move(outcome).error().message});
  }
  schedule(lock);
}

// False: nobody wants it any more.
bool Call::put(Item item) {
  MutexLock lock(mutex_);
  if (is_last_in_) return purpose_.outlives_event;
  if (const auto* chunk = std::get_if<std::string>(&item)) mail_bytes_ += chunk->size();
  mail_.push_back(std::move(item));
  if (mail_bytes_ > kMailBytesHigh) {
    wants_client_paused_ = true;
    sync_pause(lock);
  }
  schedule(lock);
  return true;
}

// A failure overtakes what waits, paused or not.
void Call::finish_with(Done done) {
  mail_.clear();
  mail_bytes_ = 0;
  wants_client_paused_ = false;
  is_last_in_ = true;
  mail_.emplace_back(std::move(done));
}

bool Call::is_deliverable() const {
  // Before the client has said yes nothing may be reported: its start() may still fail.
  if (mail_.empty() || !is_started_) return false;
  return !is_paused_ || is_failure(mail_.front()) || std::holds_alternative<Head>(mail_.front());
}

bool Call::is_failure(const Item& item) {
  const auto* done = std::get_if<Done>(&item);
  return done != nullptr && done->result != MODHOST_OK;
}

// Sees to it that somebody delivers. May release and take the lock.
void Call::schedule(MutexLock& lock) {
  if (is_scheduled_ || !is_deliverable()) return;
  is_scheduled_ = true;
  lock.unlock();
  if (delivery_ == Delivery::kDirect) {
    deliver();
    lock.lock();
    return;
  }
  const bool is_posted = context_->post([self = shared_from_this()] { self->deliver(); });
  lock.lock();
  if (!is_posted) is_scheduled_ = false;  // the instance's threads are gone: nobody is left to hear it
}

void Call::deliver() {
  const InPluginCode code(purpose_.event ? purpose_.event->journal_seq() : plugin_code.event);
  MutexLock lock(mutex_);
  for (int row = 0; is_deliverable(); ++row) {
    if (row == kItemsInARow && delivery_ == Delivery::kPosted) {
      lock.unlock();
      if (context_->post([self = shared_from_this()] { self->deliver(); })) return;
      lock.lock();
      row = 0;
      continue;
    }
    const Item item = std::move(mail_.front());
    mail_.pop_front();
    if (const auto* done = std::get_if<Done>(&item)) {
      is_done_out_ = true;  // stays scheduled: nothing follows
      lock.unlock();
      deliver_done(*done);
      return;
    }
    lock.unlock();
    const auto* head = std::get_if<Head>(&item);
    const modhost_status wish = head != nullptr ? listener_->on_head(id_, head->status, head->headers)
                                                : listener_->on_data(id_, std::get<std::string>(item));
    if (wish < 0) cancel(MODHOST_E_CANCELLED, "the plugin's sink answered " + std::to_string(wish));
    lock.lock();
    if (head == nullptr) mail_bytes_ -= std::min(mail_bytes_, std::get<std::string>(item).size());
    if (mail_bytes_ < kMailBytesLow && wants_client_paused_) {
      wants_client_paused_ = false;
      sync_pause(lock);
    }
  }
  is_scheduled_ = false;
}

void Call::deliver_done(const Done& done) {
  context_->calls.erase(id_);
  if (purpose_.event) purpose_.event->detach(shared_from_this());
  listener_->on_done(id_, done.result, done.detail);
}

// Brings the client to what is wanted. One thread at a time, so that a pause and a resume can not overtake each other.
void Call::sync_pause(MutexLock& lock) {
  if (is_syncing_pause_ || client_call_ == 0) return;
  is_syncing_pause_ = true;
  const platform::CallId client_call = client_call_;
  while (is_client_paused_ != wants_client_paused_) {
    is_client_paused_ = wants_client_paused_;
    const bool is_paused = is_client_paused_;
    lock.unlock();
    context_->client.pause(client_call, is_paused);
    lock.lock();
  }
  is_syncing_pause_ = false;
}

}  // namespace modhost::services
