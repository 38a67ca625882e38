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
constexpr long kHostsBusyMax = 4;             // connections in all: of so many hosts at their limit

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
      share_(curl_share_init()),
      multi_(curl_multi_init()) {}

Result<void> CurlLoop::set_up() {
  epoll_event wake{};
  wake.events = EPOLLIN;
  wake.data.fd = table_.wake_fd();
  if (!epoll_.is_open() || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, table_.wake_fd(), &wake) != 0)
    return unavailable("HTTP client: no epoll descriptor (" + std::generic_category().message(errno) +
                       "): raise the limit of open files");
  if (share_ == nullptr || multi_ == nullptr) return unavailable("HTTP client: libcurl gives no handle");
  curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  const long connections = options_.connections_per_host * kHostsBusyMax;
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, connections);
  return {};
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
    if (event.data.fd == table_.wake_fd()) {
      has_mail = true;
      continue;
    }
    int mask = 0;  // errors too are for libcurl to find by reading and writing, so that it says what they are
    if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0) mask |= CURL_CSELECT_IN;
    if ((event.events & (EPOLLOUT | EPOLLERR)) != 0) mask |= CURL_CSELECT_OUT;
    curl_multi_socket_action(multi_.get(), event.data.fd, mask, &running);
  }
  if (has_mail) read_inbox();
  fire_timers();
  if (curl_timer_ && *curl_timer_ <= std::chrono::steady_clock::now()) {
    curl_timer_.reset();
    curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
  }
  collect_ended();
}

int CurlLoop::wait_ms() const {
  milliseconds wait = std::chrono::hours(1);
  if (curl_timer_)
    wait = std::min(wait, std::chrono::ceil<milliseconds>(*curl_timer_ - std::chrono::steady_clock::now()));
  if (!timers_.empty())
    wait = std::min(wait, std::chrono::ceil<milliseconds>(timers_.begin()->first.first - clock_.steady_now()));
  return static_cast<int>(std::max(wait, milliseconds(0)).count());
}

void CurlLoop::read_inbox() {
  for (const CallPtr& call : table_.take_inbox()) {
    if (call->state == Call::State::kDone) continue;
    if (call->cancelled) {
      give_up(call, Error{Code::kGone, describe(call->request) + ": cancelled"});
    } else if (call->state == Call::State::kNew) {
      call->origin = origin_of(call->request.url);
      admit(call);
    } else if (call->state == Call::State::kHeld) {
      deliver_held(call);
    } else if (const auto it = active_.find(call->id); it != active_.end()) {
      if (const CURLcode code = it->second->resume(); code != CURLE_OK) attempt_ended(*it->second, code);
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

void CurlLoop::collect_ended() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    attempt_ended(*Transfer::of(message->easy_handle), code);
  }
}

void CurlLoop::admit(const CallPtr& call) {
  if (call->request.deadline.has_passed(clock_)) return finish(call, timed_out(call->request, "before it was sent"));
  Origin& origin = origins_.try_emplace(call->origin, options_.connections_per_host).first->second;
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
  if (const CURLMcode code = curl_multi_add_handle(multi_.get(), transfer->handle()); code != CURLM_OK)
    return internal_error(describe(call->request) + ": " + curl_multi_strerror(code));
  call->state = Call::State::kActive;
  ++call->attempts;
  origin.began(*call);
  active_.emplace(call->id, std::move(transfer));
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
  if (call->cancelled) return finish(call, Error{Code::kGone, describe(call->request) + ": cancelled"});
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
  std::unique_ptr<Transfer> transfer = std::move(node.mapped());
  curl_multi_remove_handle(multi_.get(), transfer->handle());
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
  auto& loop = *static_cast<CurlLoop*>(self);
  if (what == CURL_POLL_REMOVE) {
    ::epoll_ctl(loop.epoll_.get(), EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{};
  event.events = ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
  event.data.fd = socket;
  const int first = known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(loop.epoll_.get(), first, socket, &event) != 0)  // a number used again for another socket
    ::epoll_ctl(loop.epoll_.get(), first == EPOLL_CTL_ADD ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  if (known == nullptr) curl_multi_assign(loop.multi_.get(), socket, self);
  return 0;
}

int CurlLoop::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& loop = *static_cast<CurlLoop*>(self);
  if (timeout_ms < 0)
    loop.curl_timer_.reset();
  else
    loop.curl_timer_ = std::chrono::steady_clock::now() + milliseconds(timeout_ms);
  return 0;
}

}  // namespace modhost::platform
