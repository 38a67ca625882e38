#include "http/connection.hpp"

#include <algorithm>
#include <utility>

#include "http/exchange.hpp"
#include "http/response_writer.hpp"

namespace modhost::http {

namespace {

constexpr std::chrono::seconds kLingerTime{2};           // for the peer to read the closing answer
constexpr std::chrono::seconds kFreshGrace{1};           // a drain waits so long for a new connection's request
constexpr std::size_t kUnsentBytesToPause = 256 * 1024;  // no more requests of a client that does not read

ParserLimits parser_limits(const ServerOptions& options) {
  return {options.head_bytes_max, limits::kHeadersMax, options.body_bytes_max};
}

}  // namespace

Connection::Connection(std::shared_ptr<Core> core, std::shared_ptr<Mailbox> mailbox, int fd, std::string peer)
    : core_(std::move(core)),
      mailbox_(std::move(mailbox)),
      fd_(fd),
      peer_(std::move(peer)),
      outbox_(fd, core_->clock),
      parser_(parser_limits(core_->options)) {
  count(mailbox_->counters.opened);
  core_->open_connections.fetch_add(1, std::memory_order_relaxed);
}

Connection::~Connection() = default;

void Connection::close(Verdict verdict) {
  outbox_.close(verdict == Verdict::kReset);
  release_body(std::exchange(accounted_bytes_, 0));
  parser_.reset();
  std::string().swap(held_);
  count(mailbox_->counters.closed);
  core_->open_connections.fetch_sub(1, std::memory_order_relaxed);
}

void Connection::release_body(std::size_t bytes) {
  if (bytes > 0) core_->receiving_bytes.fetch_sub(bytes, std::memory_order_relaxed);
}

bool Connection::deliver(std::uint64_t place, const Outbox::Piece& piece) {
  const Outbox::Effect effect = outbox_.deliver(place, piece);
  if (effect.needs_attention || is_draining()) mailbox_->post(shared_from_this());
  return effect.is_taken;
}

Connection::Verdict Connection::on_input(std::string_view bytes) {
  if (is_done_reading_) return Verdict::kKeep;
  return process(bytes);
}

Connection::Verdict Connection::process(std::string_view input) {
  auto& counters = mailbox_->counters;
  for (;;) {
    if (!input.empty() && !parser_.has_begun() && outbox_.try_pause(limits::kPipelineMax, kUnsentBytesToPause)) {
      held_.assign(input);
      is_paused_ = true;
      phase_ = Phase::kIdle;
      return Verdict::kKeep;
    }
    const auto step = parser_.feed(input);
    if (!account_body()) {
      fail(503, mailbox_->counters.refused);
      return Verdict::kKeep;
    }
    switch (step) {
      case RequestParser::Step::kHead:
        on_head();
        break;
      case RequestParser::Step::kRequest:
        on_request();
        break;
      case RequestParser::Step::kFailed:
        fail(parser_.error_status(), parser_.error_status() == 413 ? counters.too_large : counters.bad);
        break;
      case RequestParser::Step::kNeedMore:
        on_partial();
        return Verdict::kKeep;
    }
    if (is_done_reading_) return Verdict::kKeep;
    if (input.empty() && !parser_.has_begun()) {
      phase_ = Phase::kIdle;
      return Verdict::kKeep;
    }
  }
}

// Asks the owner of the path; bodies that nobody wants are not waited for.
void Connection::on_head() {
  if (!core_->head_check) return;
  HeadVerdict verdict;
  try {
    verdict = core_->head_check(parser_.request());
  } catch (...) {  // the contract of HeadCheck: what it throws is our fault, not the client's
    verdict.reject = refusal(503);
  }
  if (!verdict.reject) {
    parser_.limit_body(verdict.body_bytes_max);
    return;
  }
  is_rejected_ = true;
  count(mailbox_->counters.requests);
  count_answer();
  answer_early(*verdict.reject, parser_.has_body() || !parser_.is_keep_alive());
}

void Connection::on_request() {
  phase_ = Phase::kIdle;
  is_continue_sent_ = false;
  if (std::exchange(is_rejected_, false)) {
    parser_.reset();
    return;
  }
  const bool is_keep_alive = parser_.is_keep_alive();
  const bool is_http_10 = parser_.is_http_10();
  Request request = parser_.take_request();
  request.peer = peer_;
  request.received_at = core_->clock.unix_now();
  request.received_steady = core_->clock.steady_now();
  has_had_request_ = true;
  if (!is_keep_alive) is_done_reading_ = true;
  count(mailbox_->counters.requests);
  auto exchange = std::make_shared<Responder::Exchange>();
  exchange->connection = shared_from_this();
  exchange->place = outbox_.reserve(request.received_steady);
  exchange->body_bytes = std::exchange(accounted_bytes_, 0);
  exchange->is_head = request.method == "HEAD";
  exchange->is_keep_alive = is_keep_alive;
  exchange->is_http_10 = is_http_10;
  try {
    core_->handler(std::move(request), Responder(std::move(exchange)));
  } catch (...) {  // the contract of Handler: the responder died with the stack and has answered 503
  }
}

void Connection::on_partial() {
  const SteadyTime now = core_->clock.steady_now();
  const Phase phase = parser_.is_in_body() ? Phase::kBody : parser_.has_begun() ? Phase::kHead : Phase::kIdle;
  if (phase != phase_) {
    phase_since_ = now;
    bytes_before_ = 0;
  }
  phase_ = phase;
  if (phase == Phase::kBody && parser_.wants_continue() && parser_.request().body.empty() &&
      !std::exchange(is_continue_sent_, true)) {
    if (outbox_.send_continue()) mailbox_->post(shared_from_this());
  }
}

// Books what the body has grown by; false when all bodies together are too many.
bool Connection::account_body() {
  const std::size_t bytes = parser_.request().body.size();
  if (bytes == accounted_bytes_) return true;
  const std::size_t growth = bytes - accounted_bytes_;
  accounted_bytes_ = bytes;
  return core_->receiving_bytes.fetch_add(growth, std::memory_order_relaxed) + growth <=
         core_->options.receiving_bytes_max;
}

void Connection::fail(int status, std::atomic<std::uint64_t>& counter) {
  count(counter);
  answer_early(refusal(status), true);
}

// An answer that the server gives itself, in its place behind those that are still awaited.
void Connection::answer_early(const Response& response, bool closes) {
  closes = closes || response.close || is_draining();
  std::string head;
  append_head(head, response, BodyFraming::kLength,
              closes                 ? Persistence::kClose
              : parser_.is_http_10() ? Persistence::kKeepAlive10
                                     : Persistence::kKeepAlive);
  Outbox::Piece piece{head, response.body, true, closes};
  if (parser_.request().method == "HEAD" || has_no_body(response.status)) piece.body = {};
  if (closes) {
    is_done_reading_ = true;
    release_body(std::exchange(accounted_bytes_, 0));
    parser_.reset();
    phase_ = Phase::kIdle;
  }
  has_had_request_ = true;
  deliver(outbox_.reserve(core_->clock.steady_now()), piece);
}

// The handler has not answered in time: the client hears so, and what the handler may still say goes nowhere.
void Connection::answer_overdue(const Outbox::Status& status) {
  const Response response = refusal(503);
  std::string head;
  append_head(head, response, BodyFraming::kLength, Persistence::kClose);
  if (!deliver(status.turn, {head, response.body, true, true})) return;  // it came at this moment
  count(mailbox_->counters.timeouts);
  is_done_reading_ = true;
}

void Connection::refuse(int status) { fail(status, mailbox_->counters.refused); }

Connection::Verdict Connection::on_end_of_input() {
  peer_eof_ = true;
  phase_ = Phase::kIdle;
  outbox_.set_peer_eof();
  const auto status = outbox_.status();
  return is_quiet(status) || status.shut_since ? Verdict::kDrop : Verdict::kKeep;
}

bool Connection::is_quiet(const Outbox::Status& status) const {
  return status.in_flight == 0 && status.unsent_bytes == 0 && held_.empty();
}

Connection::Verdict Connection::on_attention() {
  outbox_.flush();
  const auto status = outbox_.status();
  if (status.is_broken) return Verdict::kReset;
  if (is_paused_ && !outbox_.try_pause(limits::kPipelineMax, kUnsentBytesToPause)) {
    is_paused_ = false;
    const std::string input = std::exchange(held_, {});
    if (process(input) == Verdict::kDrop) return Verdict::kDrop;
  }
  const auto after = outbox_.status();
  if (peer_eof_ && (is_quiet(after) || after.shut_since)) return Verdict::kDrop;
  return Verdict::kKeep;
}

// A head has its time as a whole; a body as long as each slice of that time brings its share, so that no early byte
// buys a later silence.
bool Connection::is_receiving_too_slowly(SteadyTime now) {
  if (phase_ == Phase::kHead) return now - phase_since_ > core_->options.head_timeout;
  const std::chrono::milliseconds slice = core_->options.body_timeout;
  if (phase_ != Phase::kBody || now - phase_since_ <= slice) return false;
  const std::size_t bytes = parser_.request().body.size();
  const std::size_t share = limits::kBodyRateMin * static_cast<std::size_t>(slice.count()) / 1000;
  if (bytes - bytes_before_ < share) return true;
  bytes_before_ = bytes;
  phase_since_ = now;
  return false;
}

Connection::Verdict Connection::on_tick(SteadyTime now) {
  const auto status = outbox_.status();
  if (status.is_broken) return Verdict::kReset;
  if (status.shut_since) return now - *status.shut_since > kLingerTime ? Verdict::kDrop : Verdict::kKeep;
  if (status.unsent_bytes > 0) {
    if (!outbox_.is_stalled(now, core_->options.write_timeout)) return Verdict::kKeep;
    count(mailbox_->counters.timeouts);
    return Verdict::kReset;
  }
  const auto answer_timeout = core_->options.answer_timeout;
  if (answer_timeout.count() > 0 && status.in_flight > 0 && !status.is_streaming &&
      now - status.waiting_since > answer_timeout) {
    answer_overdue(status);
    return Verdict::kKeep;
  }
  if (is_receiving_too_slowly(now)) {
    fail(503, mailbox_->counters.timeouts);  // the platform delivers again after a 503, not after a 408
    return Verdict::kKeep;
  }
  if (is_quiet(status) && phase_ == Phase::kIdle && now - status.idle_since > core_->options.keep_alive_timeout) {
    return Verdict::kDrop;
  }
  return Verdict::kKeep;
}

Connection::Verdict Connection::on_drain(SteadyTime now) {
  const auto status = outbox_.status();
  if (status.is_broken) return Verdict::kReset;
  if (status.is_streaming && outbox_.end()) mailbox_->post(shared_from_this());
  if (!is_quiet(status) || phase_ != Phase::kIdle || status.shut_since) return Verdict::kKeep;
  const bool is_fresh = !has_had_request_ && now - status.idle_since < kFreshGrace;
  return is_fresh ? Verdict::kKeep : Verdict::kDrop;
}

bool Connection::is_busy() const {
  const auto status = outbox_.status();
  return !status.shut_since && !status.is_broken;
}

std::optional<SteadyTime> Connection::idle_since() const {
  const auto status = outbox_.status();
  if (!is_quiet(status) || phase_ != Phase::kIdle || status.is_ended) return std::nullopt;
  return status.idle_since;
}

bool Connection::arm_writing() {
  if (is_writing_armed_ || outbox_.status().unsent_bytes == 0) return false;
  is_writing_armed_ = true;
  return true;
}

}  // namespace modhost::http
