#include "services/http_service.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <condition_variable>
#include <utility>

#include "base/fault_point.hpp"
#include "base/limits.hpp"
#include "event/json_reader.hpp"
#include "platform/http_text.hpp"
#include "platform/unique_request.hpp"
#include "services/call_meaning.hpp"

namespace modhost::services {

namespace {

constexpr std::string_view kGrantHttp = "http:";
constexpr std::string_view kGrantWithoutEvent = "platform-without-event";
// A call that opens a log step may outlive its event by this, for its answer names the step that is to be closed.
constexpr std::chrono::milliseconds kStepCallTimeout{30'000};
constexpr std::size_t kShownAnswerMax = 256 * 1024;  // kept for each event whose answer grows

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

// Framing and connection are the client's also where the host adds no credentials.
bool is_framing_header(std::string_view name) {
  constexpr std::array<std::string_view, 9> kFraming = {
      "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect"};
  const std::string lower = to_lower(name);
  return lower.starts_with("proxy-") || std::find(kFraming.begin(), kFraming.end(), lower) != kFraming.end();
}

modhost_status status_of(Code code) {
  switch (code) {
    case Code::kInvalid:
      return MODHOST_E_INVALID;
    case Code::kDenied:
      return MODHOST_E_DENIED;
    case Code::kFull:
      return MODHOST_E_FULL;
    case Code::kGone:
      return MODHOST_E_CLOSED;  // the client is stopping
    case Code::kTimeout:
      return MODHOST_E_TIMEOUT;
    case Code::kUnavailable:
      return MODHOST_E_NETWORK;
    default:
      return MODHOST_E_INTERNAL;
  }
}

// Waits for a whole answer.
class Collector final : public CallListener {
 public:
  modhost_status on_head(Handle, int status, const HeaderList& headers) override {
    MutexLock lock(mutex_);
    response_.status = status;
    response_.headers = headers;
    return MODHOST_OK;
  }
  modhost_status on_data(Handle, std::string_view chunk) override {
    MutexLock lock(mutex_);
    response_.body += chunk;
    return MODHOST_OK;
  }
  void on_done(Handle, modhost_status result, std::string_view detail) override {
    MutexLock lock(mutex_);
    result_ = Refusal{result, std::string(detail)};
    is_done_ = true;
    done_.notify_all();
  }
  Refusal wait(platform::HttpResponse& response) {
    MutexLock lock(mutex_);
    while (!is_done_) lock.wait(done_);  // the client ends every call by its deadline
    if (result_.ok()) response = std::move(response_);
    return std::move(result_);
  }

 private:
  Mutex mutex_;
  std::condition_variable done_;
  platform::HttpResponse response_ GUARDED_BY(mutex_);
  Refusal result_ GUARDED_BY(mutex_);
  bool is_done_ GUARDED_BY(mutex_) = false;
};

}  // namespace

std::string origin_of(std::string_view url) {
  if (!std::all_of(url.begin(), url.end(),
                   [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '\\' && c != '#'; }))
    return {};
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return {};
  const auto host_end = std::min(url.find_first_of("/?", scheme_end + 3), url.size());
  const std::string origin = to_lower(url.substr(0, host_end));
  const bool is_http = origin.starts_with("http://") || origin.starts_with("https://");
  if (!is_http || host_end == scheme_end + 3 || origin.find('@') != std::string::npos) return {};
  // The default port is no other origin.
  const std::string_view port = origin.starts_with("https") ? ":443" : ":80";
  return origin.ends_with(port) ? origin.substr(0, origin.size() - port.size()) : origin;
}

HttpService::HttpService(const config::Current& config, const config::ModuleConfig& module, const Clock& clock,
                         EventService& events, journal::OpenSteps& steps, std::shared_ptr<CallContext> context)
    : config_(config),
      module_name_(module.name),
      app_id_(module.app),
      clock_(clock),
      events_(events),
      steps_(steps),
      context_(std::move(context)) {
  for (const std::string& grant : module.grants) {
    if (grant == kGrantWithoutEvent) is_platform_without_event_ = true;
    if (grant.starts_with(kGrantHttp)) origins_.push_back(origin_of(grant.substr(kGrantHttp.size())));
  }
}

bool HttpService::is_granted(std::string_view url) const {
  const std::string origin = origin_of(url);
  return !origin.empty() && std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

// Who may call what, and when.
Refusal HttpService::check(const HttpCall& call, std::shared_ptr<OpenEvent>& event) {
  if (is_closed_.load()) return {MODHOST_E_CLOSED, "the instance is stopping"};
  if (call.headers.size() > kCallHeadersMax) return {MODHOST_E_INVALID, "more than 64 headers"};
  if (call.body.size() > kCallBodyBytesMax) return {MODHOST_E_INVALID, "the body is larger than 16 MiB"};
  if (call.timeout.count() < 0) return {MODHOST_E_INVALID, "timeout_ms is negative"};
  if (call.event != 0) {
    event = events_.find(call.event);
    if (!event) return {events_.why(call.event), "the event this call serves has ended"};
  }
  if (call.is_platform && !event && !is_platform_without_event_)
    return {MODHOST_E_DENIED, "a platform call needs a live event; or add platform-without-event to `grants:`"};
  if (!call.is_platform && origin_of(call.target).empty())
    return {MODHOST_E_INVALID,
            "the target is no absolute http or https URL; set MODHOST_HTTP_PLATFORM for the platform"};
  const bool is_upload = event && event->uploads.allows(call.target, clock_.steady_now());
  if (!call.is_platform && !is_upload && !is_granted(call.target))
    return {MODHOST_E_DENIED, "not granted: add http:" + origin_of(call.target) + " to `grants:` of the module"};
  return {};
}

// Without an event: the app of the module, or the only one.
const config::App* HttpService::own_app(const config::Config& config) const {
  if (!app_id_.empty()) return config.app(app_id_);
  return config.apps.size() == 1 ? &config.apps.front() : nullptr;
}

Refusal HttpService::build(HttpCall& call, const OpenEvent* event, platform::HttpRequest& request) const {
  const auto bytes_max = call.response_bytes_max == 0
                             ? limits::kResponseBytesMax
                             : std::min<std::uint64_t>(call.response_bytes_max, limits::kResponseBytesMax);
  if (call.is_platform) {
    const config::Snapshot config = config_.get();
    const config::App* app = event != nullptr ? config->app(event->event().app) : own_app(*config);
    if (app == nullptr)
      return {MODHOST_E_INTERNAL, event != nullptr ? "the app of the event is not configured any more"
                                                   : "which app calls without an event? Set `app:` of the module"};
    platform::UniqueCall unique;
    unique.method = std::move(call.method);
    unique.target = std::move(call.target);
    unique.headers = std::move(call.headers);
    unique.body = std::move(call.body);
    if (event != nullptr) {
      unique.user_id = event->event().user_id;
      unique.company_id = event->event().company_id;
      unique.traceparent = event->event().traceparent;
    }
    unique.safe_to_repeat = call.is_safe_to_repeat;
    unique.response_bytes_max = bytes_max;
    auto built = platform::build_request(*app, std::move(unique));
    if (!built) return {status_of(built.error().code), std::move(built).error().message};
    request = std::move(*built);
    return {};
  }
  constexpr std::array<std::string_view, 6> kMethods = {"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"};
  if (std::find(kMethods.begin(), kMethods.end(), call.method) == kMethods.end())
    return {MODHOST_E_INVALID, "the method is none of GET, POST, PATCH, PUT, DELETE, HEAD"};
  for (const auto& [name, value] : call.headers)
    if (!platform::is_token(name) || !platform::is_header_value(value) || is_framing_header(name))
      return {MODHOST_E_INVALID, "header '" + platform::printable(name, 40) + "' is malformed or belongs to the host"};
  request.method = std::move(call.method);
  request.url = std::move(call.target);
  request.headers = std::move(call.headers);
  request.body = std::move(call.body);
  request.safe_to_repeat = call.is_safe_to_repeat;
  request.response_bytes_max = bytes_max;
  return {};
}

// What the answer means for the event, beside what it means to the plugin.
Call::Purpose HttpService::purpose_of(const HttpCall& call, std::shared_ptr<OpenEvent> event) const {
  Call::Purpose purpose;
  purpose.event = std::move(event);
  if (!call.is_platform || !purpose.event) return purpose;
  CallMeaning meaning = meaning_of(purpose.event->event(), call.method, call.target, call.body);
  // Until the platform has stored it, only the user has it.
  const bool is_shown = meaning.shows_answer || meaning.stores_answer;
  if (is_shown && call.body.size() <= kShownAnswerMax) purpose.event->note_shown_answer(call.body);
  if (meaning.replaces_answer) purpose.event->note_shown_answer({});
  const bool is_recorded = purpose.event->journal_seq() != 0;
  purpose.outlives_event = is_recorded && meaning.opens_step;  // ended by start_recorded()
  purpose.keeps_answer = meaning.asks_for_upload || purpose.outlives_event;
  const bool closes_step = is_recorded && !meaning.closes_step.empty();
  if (!meaning.completes_turn && !meaning.stores_answer && !meaning.asks_for_upload && !closes_step) return purpose;
  const SteadyTime grants_until = clock_.steady_now() + kUploadGrant;
  purpose.ended = [event = purpose.event, meaning = std::move(meaning), closes_step, grants_until, &steps = steps_](
                      bool is_success, std::string_view answer) {
    if (!is_success) return;
    if (meaning.completes_turn) {
      event->note_turn_completed();
      if (event->journal_seq() != 0) steps.turn_completed(event->journal_seq());
    }
    if (meaning.stores_answer) event->note_shown_answer({});
    if (meaning.asks_for_upload) event->uploads.add(answer, grants_until);
    if (closes_step) steps.closed(event->journal_seq(), journal::step_ending(meaning.closes_step));
  };
  return purpose;
}

// The record of a log step is committed before its call leaves, and holds the step's id as soon as the platform has
// told it: whatever happens to the event, the host can close what it opened.
void HttpService::start_recorded(const std::shared_ptr<Call>& running, platform::HttpRequest request,
                                 const std::shared_ptr<StepRecord>& record, journal::EventSeq seq) {
  const auto waiting = std::make_shared<platform::HttpRequest>(std::move(request));
  steps_.opening(seq, [running, waiting, record, context = context_, &steps = steps_](const auto& recorded) {
    if (!recorded)
      return running->failed_to_start(status_of(recorded.error().code),
                                      "the log step can not be recorded: " + recorded.error().message);
    *record = *recorded;
    fault_point("services.step_recorded");
    Result<platform::CallId> client_call = Error{Code::kGone, "cancelled before it left"};
    if (!running->is_over()) client_call = context->client.start(std::move(*waiting), running);
    if (client_call) return running->started(*client_call);
    steps.not_opened(*recorded);
    running->failed_to_start(status_of(client_call.error().code), client_call.error().message);
  });
}

Refusal HttpService::launch(HttpCall call, std::shared_ptr<CallListener> listener, Call::Delivery delivery,
                            Handle& started) {
  std::shared_ptr<OpenEvent> event;
  if (Refusal refusal = check(call, event); !refusal.ok()) return refusal;
  Call::Purpose purpose = purpose_of(call, event);
  const bool is_recorded = purpose.outlives_event;
  const auto record = is_recorded ? std::make_shared<StepRecord>() : nullptr;
  if (is_recorded)
    purpose.ended = [record, &steps = steps_](bool is_success, std::string_view answer) {
      fault_point("services.step_answered");
      const std::string step = is_success ? opened_step(answer) : std::string();
      step.empty() ? steps.not_opened(*record) : steps.opened(*record, journal::step_ending(step));
    };
  const auto longest = is_recorded ? kStepCallTimeout : limits::kCallTimeoutMax;
  const auto timeout = call.timeout.count() == 0 ? longest : std::min<std::chrono::milliseconds>(call.timeout, longest);
  platform::HttpRequest request;
  if (Refusal refusal = build(call, event.get(), request); !refusal.ok()) return refusal;
  request.deadline = Deadline::after(clock_, timeout);
  request.group = module_name_;
  request.is_wanted_once_sent = is_recorded;

  const auto id = context_->calls.reserve();
  if (!id) return {MODHOST_E_FULL, "too many calls of this module at once"};
  const auto running = std::make_shared<Call>(context_, *id, std::move(purpose), std::move(listener), delivery);
  context_->calls.fill(*id, running);
  if (event) {
    const auto deadline = event->attach(running);
    if (!deadline) {
      running->never_started();
      return {MODHOST_E_GONE, "the event this call serves has ended"};
    }
    if (!is_recorded) request.deadline = std::min(request.deadline, *deadline);
  }
  // Looked at again: close() may have run before the call was in the table.
  if (is_closed_.load()) {
    running->never_started();
    return {MODHOST_E_CLOSED, "the instance is stopping"};
  }
  if (is_recorded) {
    started = *id;
    running->accept();
    start_recorded(running, std::move(request), record, event->journal_seq());
    return {};
  }
  const auto client_call = context_->client.start(std::move(request), running);
  if (!client_call) {
    running->never_started();
    return {status_of(client_call.error().code), client_call.error().message};
  }
  started = *id;
  running->started(*client_call);
  return {};
}

Refusal HttpService::start(HttpCall call, std::shared_ptr<CallListener> listener, Handle& started) {
  return launch(std::move(call), std::move(listener), Call::Delivery::kPosted, started);
}

Refusal HttpService::perform(HttpCall call, platform::HttpResponse& response) {
  const auto collector = std::make_shared<Collector>();
  Handle ignored = 0;
  if (Refusal refusal = launch(std::move(call), collector, Call::Delivery::kDirect, ignored); !refusal.ok())
    return refusal;
  return collector->wait(response);
}

modhost_status HttpService::why(Handle call) {
  return context_->calls.state(call) == HandleState::kInvalid ? MODHOST_E_INVALID : MODHOST_E_GONE;
}

modhost_status HttpService::pause(Handle call, bool is_paused) {
  const auto found = context_->calls.find(call);
  if (!found) return why(call);
  return found->pause(is_paused) ? MODHOST_OK : MODHOST_E_GONE;
}

modhost_status HttpService::cancel(Handle call) {
  const auto found = context_->calls.find(call);
  if (!found) return why(call);
  return found->cancel(MODHOST_E_CANCELLED) ? MODHOST_OK : MODHOST_E_GONE;
}

void HttpService::close() {
  is_closed_.store(true);
  for (const auto& call : context_->calls.all()) call->cancel(MODHOST_E_CLOSED, "the instance is stopping");
}

}  // namespace modhost::services
