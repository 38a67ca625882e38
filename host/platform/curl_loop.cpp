#include "platform/curl_loop.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <random>
#include <system_error>

#include "platform/curl_error.hpp"

namespace modhost::platform {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kIdleHandlesMax = 256;  // easy handles kept for reuse, about 25 KiB each
constexpr std::size_t kShardCallsMax = 512;
constexpr long kKeptConnectionsMax = 512;  // of a shard, idle ones among them
constexpr std::uint64_t kWakeEvent = std::numeric_limits<std::uint64_t>::max();

// What epoll gives back for a socket.
std::uint64_t event_of(std::uint32_t shard, curl_socket_t socket) {
  return std::uint64_t{shard} << 32 | static_cast<std::uint32_t>(socket);
}

std::function<double()> random_numbers() {
  return [engine = std::minstd_rand(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
  };
}

std::string origin_of(const std::string& url) {
  const auto authority = url.find("://");
  return url.substr(0, authority == std::string::npos ? url.find('/') : url.find_first_of("/?", authority + 3));
}

Error timed_out(const HttpRequest& request, const char* doing) {
  return Error{Code::kTimeout, describe(request) + ": its time was over " + doing};
}

}  // namespace

Result<std::unique_ptr<CurlLoop>> CurlLoop::open(const Clock& clock, const CurlClientOptions& options,
                                                 CallTable& table) {
  auto loop = std::make_unique<CurlLoop>(clock, options, table);
  if (auto ok = loop->set_up(); !ok) return std::move(ok).error();
  return loop;
}

CurlLoop::CurlLoop(const Clock& clock, const CurlClientOptions& options, CallTable& table)
    : clock_(clock),
      options_(options),
      table_(table),
      policy_(clock, random_numbers(), options.pauses),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      share_(curl_share_init()) {}

Result<void> CurlLoop::set_up() {
  epoll_event wake{};
  wake.events = EPOLLIN;
  wake.data.u64 = kWakeEvent;
  if (!epoll_.is_open() || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, table_.wake_fd(), &wake) != 0)
    return unavailable("HTTP client: no epoll descriptor (" + std::generic_category().message(errno) +
                       "): raise the limit of open files");
  if (share_ == nullptr || shard_with_room() == nullptr) return unavailable("HTTP client: libcurl gives no handle");
  curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  return {};
}

// Null: no memory.
CurlLoop::Shard* CurlLoop::shard_with_room() {
  for (const auto& shard : shards_)
    if (shard->active < kShardCallsMax) return open(*shard) ? shard.get() : nullptr;
  auto shard = std::make_unique<Shard>(*this, static_cast<std::uint32_t>(shards_.size()));
  return open(*shard) ? shards_.emplace_back(std::move(shard)).get() : nullptr;
}

bool CurlLoop::open(Shard& shard) {
  if (shard.multi != nullptr) return true;
  shard.multi.reset(curl_multi_init());
  CURLM* const multi = shard.multi.get();
  if (multi == nullptr) return false;
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, &shard);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, &shard);
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kKeptConnectionsMax);
  return true;
}

// libcurl looks after kept connections only when it is given a call. The first shard is given one soon; the others are
// for bursts, and would keep theirs until the next.
void CurlLoop::close_idle_shards() {
  for (std::size_t i = 1; i < shards_.size(); ++i) {
    Shard& shard = *shards_[i];
    if (shard.multi == nullptr || shard.active > 0) continue;
    shard.timer.reset();
    shard.multi.reset();
  }
}

void CurlLoop::run() {
  while (!table_.is_closed()) turn();
  for (const CallPtr& call : table_.alive())
    if (call->state != Call::State::kDone)
      give_up(call, Error{Code::kGone, describe(call->request) + ": the HTTP client is being stopped"});
}

void CurlLoop::turn() {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms());
  bool has_mail = false;
  int running = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == kWakeEvent) {
      has_mail = true;
      continue;
    }
    int mask = 0;  // errors too are for libcurl to find by reading and writing, so that it says what they are
    if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0) mask |= CURL_CSELECT_IN;
    if ((event.events & (EPOLLOUT | EPOLLERR)) != 0) mask |= CURL_CSELECT_OUT;
    const Shard& shard = *shards_.at(event.data.u64 >> 32);
    if (shard.multi != nullptr)
      curl_multi_socket_action(shard.multi.get(), static_cast<curl_socket_t>(event.data.u64 & 0xffffffffu), mask,
                               &running);
  }
  if (has_mail) read_inbox();
  fire_timers();
  for (std::size_t i = 0; i < shards_.size(); ++i) {  // an end may begin a call, and that may add a shard
    Shard& shard = *shards_[i];
    if (shard.multi == nullptr) continue;
    if (shard.timer && *shard.timer <= std::chrono::steady_clock::now()) {
      shard.timer.reset();
      curl_multi_socket_action(shard.multi.get(), CURL_SOCKET_TIMEOUT, 0, &running);
    }
    collect_ended(shard);
  }
  close_idle_shards();
}

int CurlLoop::wait_ms() const {
  milliseconds wait = std::chrono::hours(1);
  for (const auto& shard : shards_)
    if (shard->timer)
      wait = std::min(wait, std::chrono::ceil<milliseconds>(*shard->timer - std::chrono::steady_clock::now()));
  if (!timers_.empty())
    wait = std::min(wait, std::chrono::ceil<milliseconds>(timers_.begin()->first.first - clock_.steady_now()));
  return static_cast<int>(std::max(wait, milliseconds(0)).count());
}

void CurlLoop::read_inbox() {
  for (const CallPtr& call : table_.take_inbox()) {
    if (call->state == Call::State::kDone) continue;
    if (call->is_ended_by_caller()) {
      give_up(call, Error{Code::kGone, describe(call->request) + ": cancelled"});
    } else if (call->state == Call::State::kNew) {
      call->origin = origin_of(call->request.url);
      admit(call);
    } else if (call->state == Call::State::kHeld) {
      deliver_held(call);
    } else if (const auto it = active_.find(call->id); it != active_.end()) {
      Transfer& transfer = *it->second.transfer;
      if (const CURLcode code = transfer.resume(); code != CURLE_OK) attempt_ended(transfer, code);
    }
  }
}

void CurlLoop::fire_timers() {
  while (!timers_.empty() && timers_.begin()->first.first <= clock_.steady_now()) {
    const CallPtr call = timers_.begin()->second;
    clear_timer(*call);
    if (call->state == Call::State::kBackoff)
      admit(call);
    else if (call->state == Call::State::kWaiting)
      give_up(call, timed_out(call->request, "while it waited for a free connection"));
    else
      give_up(call, timed_out(call->request, "while its receiver was paused"));
  }
}

void CurlLoop::collect_ended(Shard& shard) {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(shard.multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    attempt_ended(*Transfer::of(message->easy_handle), code);
  }
}

void CurlLoop::admit(const CallPtr& call) {
  if (call->request.deadline.has_passed(clock_)) return finish(call, timed_out(call->request, "before it was sent"));
  Origin& origin = origins_.try_emplace(call->origin, options_.http.connections).first->second;
  if (origin.has_room(call->request.group)) {
    if (auto ok = begin(call, origin); !ok) finish(call, std::move(ok));
    return serve_waiting(call->origin);
  }
  call->state = Call::State::kWaiting;
  origin.wait(call);
  set_timer(call, call->request.deadline.at());
}

Result<void> CurlLoop::begin(const CallPtr& call, Origin& origin) {
  clear_timer(*call);
  std::unique_ptr<Transfer> transfer;
  if (idle_.empty()) {
    transfer = Transfer::make(options_, policy_, share_.get());
    if (transfer == nullptr) return internal_error("HTTP client: libcurl gives no handle");
  } else {
    transfer = std::move(idle_.back());
    idle_.pop_back();
  }
  if (auto ok = transfer->begin(call, call->request.deadline.remaining(clock_)); !ok) return ok;
  Shard* const shard = shard_with_room();
  if (shard == nullptr) return internal_error("HTTP client: libcurl gives no handle");
  if (const CURLMcode code = curl_multi_add_handle(shard->multi.get(), transfer->handle()); code != CURLM_OK)
    return internal_error(describe(call->request) + ": " + curl_multi_strerror(code));
  ++shard->active;
  call->state = Call::State::kActive;
  ++call->attempts;
  origin.began(*call);
  active_.emplace(call->id, Active{std::move(transfer), shard});
  return {};
}

void CurlLoop::serve_waiting(const std::string& origin_name) {
  const auto it = origins_.find(origin_name);
  Origin& origin = it->second;
  while (const CallPtr next = origin.next())
    if (auto ok = begin(next, origin); !ok) finish(next, std::move(ok));
  if (origin.is_unused()) origins_.erase(it);
}

void CurlLoop::attempt_ended(Transfer& transfer, CURLcode code) {
  const CallPtr call = transfer.call();
  AttemptResult result = transfer.end(code);
  counters_.connections += static_cast<std::uint64_t>(std::max(0L, result.connections));
  release(call);
  if (result.pause) {
    call->state = Call::State::kBackoff;
    if (call->is_ended_by_caller()) return finish(call, Error{Code::kGone, describe(call->request) + ": cancelled"});
    return set_timer(call, clock_.steady_now() + *result.pause);
  }
  if (result.held) {
    call->state = Call::State::kHeld;
    call->held = *std::move(result.held);
    return deliver_held(call);
  }
  const bool is_late = code == CURLE_OPERATION_TIMEDOUT && call->request.deadline.remaining(clock_) <= milliseconds(2);
  finish(call, is_late ? Result<void>(timed_out(call->request, "before the answer was complete")) : result.outcome);
}

void CurlLoop::deliver_held(const CallPtr& call) {
  const Error refused{Code::kGone, describe(call->request) + ": ended by the receiver of its answer"};
  if (!call->head_delivered) {
    call->head_delivered = true;
    if (!call->sink->on_head(call->held.status, call->held.headers)) return finish(call, refused);
  }
  if (call->is_ended_by_caller()) return finish(call, Error{Code::kGone, describe(call->request) + ": cancelled"});
  if (call->held.body.empty()) return finish(call, {});
  if (call->paused) return set_timer(call, call->request.deadline.at());
  if (!call->sink->on_data(call->held.body)) return finish(call, refused);
  finish(call, {});
}

void CurlLoop::give_up(const CallPtr& call, Error why) {
  if (call->state == Call::State::kActive) release(call);
  if (call->state == Call::State::kWaiting) origins_.at(call->origin).forget(*call);
  finish(call, std::move(why));
}

void CurlLoop::finish(const CallPtr& call, Result<void> outcome) {
  clear_timer(*call);
  call->state = Call::State::kDone;
  counters_.attempts += static_cast<std::uint64_t>(call->attempts);
  table_.remove(call->id);
  call->sink->on_done(std::move(outcome));
}

// The attempt is over: its handle and its place among the origin's connections are for the next call.
void CurlLoop::release(const CallPtr& call) {
  auto node = active_.extract(call->id);
  auto& [transfer, shard] = node.mapped();
  curl_multi_remove_handle(shard->multi.get(), transfer->handle());
  --shard->active;
  transfer->reset();
  if (idle_.size() < kIdleHandlesMax) idle_.push_back(std::move(transfer));
  origins_.at(call->origin).ended(*call);
  serve_waiting(call->origin);
}

void CurlLoop::set_timer(const CallPtr& call, SteadyTime at) {
  clear_timer(*call);
  call->timer = at;
  timers_.emplace(std::pair(at, call->id), call);
}

void CurlLoop::clear_timer(Call& call) {
  if (call.timer) timers_.erase({*call.timer, call.id});
  call.timer.reset();
}

int CurlLoop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void* known) {
  const auto& shard = *static_cast<Shard*>(self);
  const CurlLoop& loop = shard.loop;
  if (what == CURL_POLL_REMOVE) {
    ::epoll_ctl(loop.epoll_.get(), EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{};
  event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
  event.data.u64 = event_of(shard.index, socket);
  const int first = known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(loop.epoll_.get(), first, socket, &event) != 0)  // a number used again for another socket
    ::epoll_ctl(loop.epoll_.get(), first == EPOLL_CTL_ADD ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  if (known == nullptr) curl_multi_assign(shard.multi.get(), socket, self);
  return 0;
}

int CurlLoop::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& shard = *static_cast<Shard*>(self);
  if (timeout_ms < 0)
    shard.timer.reset();
  else
    shard.timer = std::chrono::steady_clock::now() + milliseconds(timeout_ms);
  return 0;
}

}  // namespace modhost::platform
