// Puts the parts together and the HTTP server in front.
#include "playground/playground.hpp"

#include "http/query.hpp"
#include "http/server.hpp"
#include "playground/answer.hpp"
#include "playground/api.hpp"
#include "playground/blob.hpp"
#include "playground/control.hpp"
#include "playground/elicitation.hpp"
#include "playground/event_socket.hpp"
#include "playground/faults.hpp"
#include "playground/ids.hpp"
#include "playground/json_object.hpp"
#include "playground/live_feed.hpp"
#include "playground/page.hpp"
#include "playground/sender.hpp"
#include "playground/state_file.hpp"
#include "playground/target.hpp"
#include "playground/worker.hpp"

namespace modhost::playground {

namespace {

constexpr std::size_t kApiBodyBytesMax = 8 * 1024 * 1024;

http::ServerOptions server_options(const PlaygroundOptions& options) {
  http::ServerOptions server;
  server.name = "playground";
  server.address = options.address;
  server.port = options.port;
  server.threads = 1;
  return server;
}

// Prompts carry whole documents, uploads whole files; a page's own requests are small.
http::HeadVerdict check_head(const http::Request& head, const LibraryLimits& limits) {
  http::HeadVerdict verdict;
  if (head.path().starts_with(kBlobPath))
    verdict.body_bytes_max = limits.content_bytes;
  else if (!head.path().starts_with("/dev/"))
    verdict.body_bytes_max = kApiBodyBytesMax;
  return verdict;
}

bool is_for_page(const http::Request& request) {
  const std::string_view path = request.path();
  return path.starts_with("/dev/") || find_page_file(path) != nullptr;
}

// For the page's own eyes, and only now.
http::Response fresh(http::Response answer) {
  answer.headers.push_back({"Cache-Control", "no-store"});
  answer.headers.push_back({"X-Content-Type-Options", "nosniff"});
  return answer;
}

http::Response fault_answer(FaultMode mode) {
  if (mode == FaultMode::kTooManyRequests) {
    http::Response answer = nest_error(429, "Too many requests: the playground's switch \"429\" is on");
    answer.headers.push_back({"Retry-After", "1"});
    return answer;
  }
  return nest_error(500, "Internal server error: the playground's switch \"500\" is on");
}

}  // namespace

class Playground::Impl {
 public:
  Impl(const PlaygroundOptions& options, const Clock& clock, platform::HttpClient& client, HostView host_view)
      : address_(options.address),
        knowledge_folder_(options.knowledge_folder),
        clock_(clock),
        host_view_(std::move(host_view)),
        worker_(clock),
        feed_(clock, worker_),
        platform_(clock, options.modules,
                  [this](std::string_view kind, const auto& json) { feed_.publish(kind, json); }),
        library_(clock),
        records_(clock, [this](std::string_view kind, const auto& json) { on_record(kind, json); }),
        socket_(clock, worker_, {options.app_id, options.api_key}),
        sender_(sender_options(options), clock, client, platform_, worker_),
        services_{clock, platform_, library_, records_,
                  [this](const std::vector<std::string>& keys) {
                    for (const std::string& key : keys) sender_.deliver(key);
                  }},
        api_(services_, {options.app_id, options.api_key}),
        desk_(options.model, clock, client, platform_, worker_),
        control_(services_, faults_, sender_, {options.user_id, options.company_id}),
        state_(options.state_file, clock, worker_, platform_, library_, records_),
        server_(
            server_options(options), clock,
            [this](http::Request request, http::Responder responder) {
              on_request(std::move(request), std::move(responder));
            },
            [this](const http::Request& head) { return check_head(head, library_.limits()); }) {}
  ~Impl() { stop(); }

  Result<void> bind() {
    if (knowledge_folder_.empty())
      library_.load_shipped();
    else if (const auto loaded = library_.load_folder(knowledge_folder_); !loaded)
      return loaded.error();
    if (auto loaded = state_.load(); !loaded) return loaded;
    seed_folders(records_);
    return server_.bind();
  }

  void start() {
    worker_.start();
    server_.start();
  }

  // From the door inwards: no new requests, no new tries, then nothing runs any more and the streams can be ended.
  void stop() {
    server_.stop();
    sender_.stop();
    desk_.stop();
    worker_.stop();
    feed_.end();
    socket_.end();
    // Nobody is left to tell of a full disk; the file before stays whole.
    [[maybe_unused]] const auto written = state_.flush();
  }

  const std::string address_;
  const std::filesystem::path knowledge_folder_;
  const Clock& clock_;
  const HostView host_view_;
  Worker worker_;
  LiveFeed feed_;
  Platform platform_;
  Library library_;
  Records records_;
  Faults faults_;
  EventSocket socket_;
  Sender sender_;
  const ApiServices services_;
  Api api_;
  ModelDesk desk_;
  Control control_;
  StateFile state_;
  http::Server server_;

 private:
  SenderOptions sender_options(const PlaygroundOptions& options) {
    SenderOptions sender;
    sender.webhook_url = options.webhook_url;
    sender.secret = options.endpoint_secret;
    sender.retries = options.delivery_retries;
    sender.backoff_first = options.delivery_backoff;
    sender.announce = [this](const EventRecord& event) { socket_.publish(event); };
    return sender;
  }

  void on_request(http::Request request, http::Responder responder) {
    if (is_for_page(request))
      answer_page(request, std::move(responder));
    else if (request.path().starts_with(kBlobPath))
      answer_file(std::move(request), std::move(responder));
    else if (request.method == "GET" && request.path() == kEventSocketPath)
      socket_.watch(request, std::move(responder));
    else
      answer_api(std::move(request), std::move(responder));
  }

  void answer_page(const http::Request& request, http::Responder responder) {
    if (auto refusal = refuse_foreign(request, server_.port(), address_)) return responder.respond(*refusal);
    const std::string_view path = request.path();
    const bool is_get = request.method == "GET";
    if (const PageFile* file = find_page_file(path))
      return responder.respond(is_get ? page_answer(*file)
                                      : nest_error(404, "Cannot " + request.method + " this page"));
    if (is_get && path == "/dev/stream") return feed_.watch(std::move(responder));
    if (is_get && path == "/dev/view") return answer_view(request, std::move(responder));
    responder.respond(fresh(control_.handle(request)));
    if (!is_get) state_.touch();
  }

  void answer_file(http::Request request, http::Responder responder) {
    const bool is_change = request.method != "GET";
    responder.respond(answer_blob(library_, request));
    if (is_change) state_.touch();
  }

  // What the page shows of the smaller resources.
  void on_record(std::string_view kind, const std::function<std::string()>& json) {
    if (kind == kElicitation) feed_.publish("elicitation", json);
    if (kind == "MessageExecution") feed_.publish("execution", json);
  }

  // The host's view may read a disk: not on an http thread.
  void answer_view(const http::Request& request, http::Responder responder) {
    std::string event_id;
    for (const auto& [name, value] : http::parse_query(request.query()))
      if (name == "eventId") event_id = value;
    auto shared = std::make_shared<http::Responder>(std::move(responder));
    worker_.post([this, shared, event_id] {
      shared->respond(fresh(json_answer(200, host_view_ && !event_id.empty() ? host_view_(event_id) : "null")));
    });
  }

  void answer_api(http::Request request, http::Responder responder) {
    // Only browsers say so of themselves: no page of any site has business here, nor may it fill the timeline.
    if (request.header("origin") || request.header("sec-fetch-site"))
      return responder.respond(nest_error(403, "the API is for programs: a web page asks this"));
    const Fault fault = faults_.take(below_base(request.path()));
    if (fault.mode != FaultMode::kSlow) return work(request, std::move(responder), fault.mode);
    auto later = std::make_shared<std::pair<http::Request, http::Responder>>(std::move(request), std::move(responder));
    worker_.at(clock_.steady_now() + fault.delay,
               [this, later] { work(later->first, std::move(later->second), FaultMode::kSlow); });
  }

  void work(const http::Request& request, http::Responder responder, FaultMode fault) {
    const bool is_spoiled = fault == FaultMode::kTooManyRequests || fault == FaultMode::kServerError;
    ModelOutcome outcome = is_spoiled ? ModelOutcome(fault_answer(fault)) : api_.begin(request);
    Reply reply(std::move(responder), recorder(request, fault));
    if (auto* job = std::get_if<ModelJob>(&outcome)) return desk_.run(std::move(*job), std::move(reply));
    reply.respond(std::get<http::Response>(outcome));
  }

  // Notes the call in the timeline once its answer is known.
  Reply::Record recorder(const http::Request& request, FaultMode fault) {
    const Api::Subject subject = Api::subject_of(request);
    CallRecord call;
    call.method = request.method;
    call.target = request.target;
    call.request_body = request.body;
    call.chat_id = subject.chat_id;
    call.fault = fault == FaultMode::kNone ? "" : to_string(fault);
    call.at = request.received_at;
    return
        [this, call = std::move(call), thing_id = subject.thing_id, began = request.received_steady,
         traceparent = std::string(request.header("traceparent").value_or(""))](int status, std::string body) mutable {
          call.status = status;
          call.response_body = std::move(body);
          call.took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady_now() - began).count();
          if (call.method != "GET") state_.touch();
          platform_.add_call(std::move(call), traceparent, thing_id);
        };
  }
};

Playground::Playground(const PlaygroundOptions& options, const Clock& clock, platform::HttpClient& client,
                       HostView host_view)
    : impl_(std::make_unique<Impl>(options, clock, client, std::move(host_view))) {}
Playground::~Playground() = default;

Result<void> Playground::bind() { return impl_->bind(); }
void Playground::set_webhook_url(std::string url) { impl_->sender_.set_webhook_url(std::move(url)); }
void Playground::start() { impl_->start(); }
void Playground::stop() { impl_->stop(); }
std::uint16_t Playground::port() const { return impl_->server_.port(); }

std::string Playground::page_url() const {
  std::string host = impl_->address_;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos && host.front() != '[') host = "[" + host + "]";
  return "http://" + host + ":" + std::to_string(port()) + "/";
}

std::string Playground::api_base() const { return page_url() + "public/chat"; }
http::ServerCounters Playground::counters() const { return impl_->server_.counters(); }
Platform& Playground::platform() { return impl_->platform_; }
Sender& Playground::sender() { return impl_->sender_; }

Secret make_endpoint_secret() { return Secret(new_id("usig_")); }
Secret make_api_key() { return Secret(new_id("ukey_")); }
std::string make_app_id() { return new_id("app_"); }

}  // namespace modhost::playground
