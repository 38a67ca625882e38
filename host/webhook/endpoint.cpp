#include "webhook/endpoint.hpp"

#include <memory>
#include <utility>

#include "base/fault_point.hpp"
#include "event/json_reader.hpp"

namespace modhost::webhook {

namespace {

std::set<std::string> paths_of(const config::Config& config) {
  std::set<std::string> paths;
  for (const config::App& app : config.apps) paths.insert(app.path);
  if (paths.empty()) paths.insert(config.webhook_path);
  return paths;
}

http::ServerOptions options_of(const config::Config& config) {
  http::ServerOptions options;
  options.name = "webhook";
  options.address = config.listen.host;
  options.port = config.listen.port;
  options.threads = config.limits.http_threads;
  options.connections_max = config.limits.connections;
  options.body_bytes_max = config.limits.body_bytes;
  options.receiving_bytes_max = config.limits.receiving_bytes;
  options.answer_timeout = config.limits.ack_timeout;
  return options;
}

http::Response error(int status, const char* text, std::vector<http::Header> headers = {}) {
  http::Response response;
  response.status = status;
  response.body = std::string("{\"error\":\"") + text + "\"}";
  response.headers = std::move(headers);
  return response;
}

http::Response response_of(ingest::Answer answer, const std::string& id) {
  switch (answer) {
    case ingest::Answer::kRefused:
      return error(401, "unauthorized");
    case ingest::Answer::kThrottled:
      return error(429, "too many bad signatures from this address",
                   {{"Retry-After", std::to_string(std::chrono::seconds(limits::kFailureWindow).count())}});
    case ingest::Answer::kUnavailable:
      return error(503, "not stored; send it again", {{"Retry-After", "1"}});
    default:
      break;
  }
  http::Response response;
  response.body = "{\"status\":\"";
  response.body.append(ingest::to_string(answer)).append("\",\"id\":").append(quote_json(id)).append("}");
  return response;
}

// A header given twice is nobody's: the verifier then sees a value that can not match.
std::optional<std::string> only(const http::Request& request, std::string_view name) {
  const auto value = request.header(name);
  if (!value) return std::nullopt;
  if (request.count(name) > 1) return std::string("given more than once");
  return std::string(*value);
}

}  // namespace

Endpoint::Endpoint(const config::Config& config, ingest::Ingest& ingest, const Clock& clock)
    : door_(door_of(config)),
      clients_(config.trusted_proxies),
      ingest_(ingest),
      server_(
          options_of(config), clock,
          [this](http::Request request, http::Responder responder) {
            handle(std::move(request), std::move(responder));
          },
          [this](const http::Request& head) { return check(head); }) {}

std::shared_ptr<const Endpoint::Door> Endpoint::door_of(const config::Config& config) {
  return std::make_shared<const Door>(Door{paths_of(config), config.limits.body_bytes});
}

void Endpoint::replace(const config::Config& config) {
  auto next = door_of(config);
  MutexLock lock(mutex_);
  door_.swap(next);
}

std::shared_ptr<const Endpoint::Door> Endpoint::door() const {
  MutexLock lock(mutex_);
  return door_;
}

http::HeadVerdict Endpoint::check(const http::Request& head) const {
  const std::string path(head.path());
  const auto open = door();
  if (open->paths.contains(path)) {
    if (head.method == "POST") return {std::nullopt, open->body_bytes_max};
    return {error(405, "method not allowed", {{"Allow", "POST"}}), 0};
  }
  if (path == "/" || path == "/health") {
    if (head.method == "GET" || head.method == "HEAD") return {std::nullopt, 0};
    return {error(405, "method not allowed", {{"Allow", "GET, HEAD"}}), 0};
  }
  return {error(404, "not found"), 0};
}

void Endpoint::handle(http::Request request, http::Responder responder) {
  http::Response response;
  if (request.method != "POST") {
    if (request.path() == "/health") {
      response.body = "{\"status\":\"ok\"}";
    } else {
      response.content_type = "text/plain; charset=utf-8";
      response.body = "modhost receives signed Unique events at POST " + *door()->paths.begin() + "\n";
    }
    return responder.respond(response);
  }
  RawRequest raw;
  raw.path = request.path();
  raw.signature = only(request, "X-Unique-Signature");
  raw.timestamp = only(request, "X-Unique-Created-At");
  raw.company = only(request, "X-Unique-Company-Id");
  Client client = clients_.of(request);
  raw.client = std::move(client.name);
  raw.client_address = client.address;
  raw.traceparent = only(request, "traceparent").value_or("");
  raw.received_at = request.received_at;
  raw.received_steady = request.received_steady;
  raw.body = std::move(request.body);
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  ingest_.accept(std::move(raw), [shared](ingest::Answer answer, const std::string& id) {
    fault_point("webhook.before_answer");
    shared->respond(response_of(answer, id));
    fault_point("webhook.answered");
  });
}

}  // namespace modhost::webhook
