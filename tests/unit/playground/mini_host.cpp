#include "unit/playground/mini_host.hpp"

#include "event/json_reader.hpp"
#include "playground/json_object.hpp"

namespace modhost::playground::test {

namespace {

std::vector<config::App> app_with(const std::string& secret) {
  config::App app;
  app.id = "app_TEST";
  config::EndpointSecret one;
  one.id = "test/1";
  one.value = Secret(secret);
  app.secrets.push_back(std::move(one));
  std::vector<config::App> apps;
  apps.push_back(std::move(app));
  return apps;
}

http::ServerOptions one_thread() {
  http::ServerOptions options;
  options.name = "mini host";
  options.threads = 1;
  return options;
}

}  // namespace

MiniHost::MiniHost(const Clock& clock, platform::HttpClient& client, const std::string& secret)
    : clock_(clock),
      client_(client),
      verifier_(app_with(secret), limits::kTimestampTolerance, clock),
      server_(one_thread(), clock,
              [this](http::Request request, http::Responder responder) { on_request(request, std::move(responder)); }) {
  if (const auto bound = server_.bind(); !bound) throw std::runtime_error(bound.error().message);
  server_.start();
}

MiniHost::~MiniHost() { server_.stop(); }

void MiniHost::answer_through(std::string api_base, std::string app_id, std::string api_key) {
  MutexLock lock(mutex_);
  api_base_ = std::move(api_base);
  app_id_ = std::move(app_id);
  api_key_ = std::move(api_key);
}

void MiniHost::refuse_with(std::deque<int> statuses) {
  MutexLock lock(mutex_);
  refusals_ = std::move(statuses);
}

std::string MiniHost::url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/webhook"; }

std::vector<http::Request> MiniHost::deliveries() const {
  MutexLock lock(mutex_);
  return deliveries_;
}

void MiniHost::on_request(const http::Request& request, http::Responder responder) {
  http::Response response = receive(request);
  const bool is_accepted = response.body.find("accepted") != std::string::npos;
  responder.respond(response);
  if (is_accepted) answer(request.body);
}

http::Response MiniHost::receive(const http::Request& request) {
  RawRequest raw;
  raw.path = "/webhook";
  raw.body = request.body;
  if (const auto value = request.header("X-Unique-Signature")) raw.signature = *value;
  if (const auto value = request.header("X-Unique-Created-At")) raw.timestamp = *value;
  const bool is_signed = verifier_.explain(raw).failure == signature::Failure::kNone;
  const auto document = parse_json(request.body);
  const std::string id(document ? string_member(*document, "id") : std::string_view());
  MutexLock lock(mutex_);
  deliveries_.push_back(request);
  if (!refusals_.empty()) {
    const int status = refusals_.front();
    refusals_.pop_front();
    return {status, "application/json", R"({"error":"asked to refuse"})", {}, false};
  }
  if (!is_signed) return {401, "application/json", R"({"error":"Invalid webhook signature"})", {}, false};
  const char* status = seen_.insert(id).second ? "accepted" : "duplicate";
  return {200, "application/json", JsonObject().text("status", status).text("id", id).str(), {}, false};
}

void MiniHost::answer(const std::string& body) {
  const auto event = parse_json(body);
  if (!event || string_member(*event, "event") != "unique.chat.external-module.chosen") return;
  const auto& payload = (*event)["payload"];
  const std::string chat(string_member(payload, "chatId")), user(string_member(*event, "userId")),
      company(string_member(*event, "companyId"));
  const std::string text =
      "Hello from the Assistant Demo! 🚀 echo " + std::string(string_member(payload["userMessage"], "text"));
  call("POST", "/messages",
       JsonObject()
           .text("chatId", chat)
           .text("assistantId", string_member(payload, "assistantId"))
           .text("role", "ASSISTANT")
           .text("text", text)
           .str(),
       user, company, {});
  call("PATCH", "/messages/" + std::string(string_member(payload["assistantMessage"], "id")),
       JsonObject().text("chatId", chat).time("completedAt", clock_.unix_now()).str(), user, company, {});
}

void MiniHost::call(std::string method, const std::string& target, std::string body, const std::string& user_id,
                    const std::string& company_id, const std::string& traceparent) {
  platform::HttpRequest request;
  {
    MutexLock lock(mutex_);
    if (api_base_.empty()) return;
    request.url = api_base_ + target;
    request.headers = {{"Authorization", "Bearer " + api_key_}, {"x-app-id", app_id_}};
  }
  request.method = std::move(method);
  request.body = std::move(body);
  request.headers.insert(request.headers.end(), {{"x-user-id", user_id},
                                                 {"x-company-id", company_id},
                                                 {"x-api-version", "2023-12-06"},
                                                 {"Content-Type", "application/json"}});
  if (!traceparent.empty()) request.headers.push_back({"traceparent", traceparent});
  request.deadline = Deadline::after(clock_, std::chrono::seconds(10));
  // Refused only when the client is full; the test then misses the answer and says so.
  [[maybe_unused]] const auto started =
      client_.start(std::move(request), platform::collect([](Result<platform::HttpResponse>) {}));
}

}  // namespace modhost::playground::test
