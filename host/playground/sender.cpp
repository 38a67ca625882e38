// Signs and posts events; decides about retries.
#include "playground/sender.hpp"

#include "playground/ids.hpp"
#include "signature/verifier.hpp"

namespace modhost::playground {

using std::chrono::milliseconds;

namespace {

constexpr std::int64_t kStaleBySeconds = 400;  // past the tolerance of 300 s

bool asks_for_retry(int status) {
  return status == 0 || (status >= 300 && status < 400) || status == 429 || status >= 500;
}

}  // namespace

std::optional<Corrupt> corrupt_named(std::string_view name) {
  for (const Corrupt one : {Corrupt::kNothing, Corrupt::kSignature, Corrupt::kTimestamp, Corrupt::kBody})
    if (to_string(one) == name) return one;
  return std::nullopt;
}

std::string_view to_string(Corrupt corrupt) {
  switch (corrupt) {
    case Corrupt::kNothing:
      return "";
    case Corrupt::kSignature:
      return "signature";
    case Corrupt::kTimestamp:
      return "timestamp";
    case Corrupt::kBody:
      return "body";
  }
  return "";
}

Sender::Sender(SenderOptions options, const Clock& clock, platform::HttpClient& client, Platform& platform,
               Worker& worker)
    : options_(std::move(options)), clock_(clock), client_(client), platform_(platform), worker_(worker) {}

Sender::~Sender() { stop(); }

void Sender::deliver(const std::string& key, Corrupt corrupt) {
  platform_.set_outcome(key, Outcome::kSending);
  if (const auto record = platform_.event(key); record && options_.announce && corrupt == Corrupt::kNothing)
    options_.announce(*record);
  attempt(key, corrupt, options_.retries, options_.backoff_first);
}

platform::HttpRequest Sender::request_for(const EventRecord& record, Corrupt corrupt) const {
  auto sent_at_s = std::chrono::floor<std::chrono::seconds>(clock_.unix_now()).time_since_epoch().count();
  std::string signature = signature::sign(options_.secret.reveal(), record.body);
  platform::HttpRequest request;
  request.body = record.body;
  if (corrupt == Corrupt::kSignature) signature.front() = signature.front() == '0' ? '1' : '0';
  if (corrupt == Corrupt::kTimestamp) sent_at_s -= kStaleBySeconds;
  if (corrupt == Corrupt::kBody) request.body += ' ';
  request.method = "POST";
  request.url = options_.webhook_url;
  request.headers = {{"Content-Type", "application/json"},
                     {"X-Unique-Id", record.event_id},
                     {"X-Unique-Signature", signature},
                     {"X-Unique-Version", "1.0.0"},
                     {"X-Unique-Created-At", std::to_string(sent_at_s)},
                     {"X-Unique-User-Id", record.user_id},
                     {"X-Unique-Company-Id", record.company_id},
                     {"traceparent", "00-" + record.trace_id + "-" + random_hex(8) + "-01"}};
  for (auto& [name, value] : request.headers)
    std::erase_if(value, [](unsigned char c) { return c < 0x20 || c == 0x7F; });  // ids are the composer's free text
  request.deadline = Deadline::after(clock_, options_.answer_timeout);
  request.attempts_max = 1;  // retries are ours: each is a try of its own in the timeline
  return request;
}

void Sender::attempt(const std::string& key, Corrupt corrupt, unsigned retries_left, milliseconds backoff) {
  const auto record = platform_.event(key);
  if (!record) return;
  const std::uint64_t token = begin();
  if (token == 0) return;
  const auto began = clock_.steady_now();
  const auto began_unix = clock_.unix_now();
  auto done = [=, this](Result<platform::HttpResponse> answer) {
    DeliveryTry one;
    one.at = began_unix;
    one.corrupted = to_string(corrupt);
    one.took_ms = std::chrono::duration_cast<milliseconds>(clock_.steady_now() - began).count();
    one.status = answer ? answer->status : 0;
    one.answer = answer ? std::move(answer->body) : answer.error().message;
    on_answer(key, corrupt, retries_left, backoff, std::move(one));
    finish(token);
  };
  const auto call = client_.start(request_for(*record, corrupt), platform::collect(done));
  if (!call) {
    done(call.error());
    return;
  }
  bool is_too_late = false;
  {
    MutexLock lock(mutex_);
    if (const auto mine = on_the_way_.find(token); mine != on_the_way_.end()) mine->second = *call;
    is_too_late = stopped_;
  }
  if (is_too_late) client_.cancel(*call);
}

void Sender::on_answer(const std::string& key, Corrupt corrupt, unsigned retries_left, milliseconds backoff,
                       DeliveryTry one) {
  const bool is_delivered = one.status >= 200 && one.status < 300;
  const bool again = !is_delivered && asks_for_retry(one.status) && retries_left > 0;
  platform_.add_try(key, std::move(one),
                    is_delivered ? Outcome::kDelivered
                    : again      ? Outcome::kRetrying
                                 : Outcome::kExpired);
  if (!again) return;
  worker_.at(clock_.steady_now() + backoff, [=, this] { attempt(key, corrupt, retries_left - 1, backoff * 2); });
}

std::uint64_t Sender::begin() {
  MutexLock lock(mutex_);
  if (stopped_) return 0;
  on_the_way_[++last_token_] = 0;
  return last_token_;
}

void Sender::finish(std::uint64_t token) {
  MutexLock lock(mutex_);
  on_the_way_.erase(token);
  if (on_the_way_.empty())
    idle_.notify_all();  // under the lock: stop() may end this object's life as soon as it may look
}

void Sender::stop() {
  std::vector<platform::CallId> calls;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    for (const auto& [token, call] : on_the_way_)
      if (call != 0) calls.push_back(call);
  }
  for (const platform::CallId call : calls) client_.cancel(call);
  MutexLock lock(mutex_);
  while (!on_the_way_.empty()) lock.wait(idle_);
}

}  // namespace modhost::playground
