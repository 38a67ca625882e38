#include "admin/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <memory>
#include <utility>

#include "admin/filter.hpp"
#include "admin/render.hpp"
#include "admin/reply.hpp"
#include "crypto/digest.hpp"
#include "event/json_reader.hpp"
#include "http/query.hpp"

namespace modhost::admin {

namespace {

constexpr std::size_t kJobsMax = 64;
constexpr std::size_t kBackupsMax = 1;  // waiting, beside the one that is made
constexpr std::size_t kBodyBytesMax = 64 * 1024;
constexpr std::size_t kAuditRows = 50;

http::ServerOptions options_of(const config::Config& config) {
  http::ServerOptions options;
  options.name = "admin";
  options.address = config.admin.host;
  options.port = config.admin.port;
  options.threads = 1;
  options.connections_max = 256;
  options.body_bytes_max = kBodyBytesMax;
  return options;
}

// "localhost:8081" -> "localhost", "[::1]:8081" -> "::1".
std::string host_name(std::string_view authority) {
  if (authority.starts_with('[')) return std::string(authority.substr(1, authority.find(']') - 1));
  return std::string(authority.substr(0, authority.rfind(':')));
}

bool is_address(std::string_view name) {
  unsigned char bytes[sizeof(in6_addr)];
  const std::string text(name);
  return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

}  // namespace

void Server::Lane::start() {
  thread_ = std::thread([this] {
    while (std::optional<Job> job = jobs_.pop()) (*job)();
  });
}

void Server::Lane::stop() {
  jobs_.close();
  if (thread_.joinable()) thread_.join();
}

Server::Server(const config::Config& config, Secret token, journal::Journal& journal, journal::Operations& operations,
               telemetry::Metrics& metrics, Sources sources, Actions actions, const Clock& clock)
    : token_(std::move(token)),
      host_(config.admin.host),
      clock_(clock),
      journal_(journal),
      operations_(operations),
      metrics_(metrics),
      sources_(std::move(sources)),
      desk_(journal, operations, std::move(actions), sources_.modules, clock),
      reads_(kJobsMax),
      actions_(kJobsMax),
      backups_(kBackupsMax),
      server_(options_of(config), clock, [this](http::Request request, http::Responder responder) {
        handle(std::move(request), std::move(responder));
      }) {}

Server::~Server() { stop(); }

void Server::start() {
  for (Lane* lane : {&reads_, &actions_, &backups_}) lane->start();
  server_.start();
}

void Server::stop() {
  server_.stop();
  desk_.stop();
  for (Lane* lane : {&reads_, &actions_, &backups_}) lane->stop();
}

void Server::handle(http::Request request, http::Responder responder) {
  if (!is_local(request)) return responder.respond(error(403, "this listener answers only under its own address"));
  const std::string_view path = request.path();
  const bool is_action = Desk::is_action(path);
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  if (is_action ? request.method != "POST" : !is_read) {
    http::Response response = error(405, is_action ? "this is an action: POST it" : "method not allowed");
    response.headers.push_back({"Allow", is_action ? "POST" : "GET, HEAD"});
    return responder.respond(response);
  }
  if (path == "/livez" || path == "/readyz" || path == "/") return responder.respond(open_page(request));
  if (path != "/metrics" && !is_authorised(request)) {
    http::Response response = error(401, "send the token of <state_dir>/admin.token as Authorization: Bearer");
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
    return responder.respond(response);
  }
  Lane& lane = !is_action ? reads_ : Desk::is_backup(path) ? backups_ : actions_;
  auto shared = std::make_shared<std::pair<http::Request, http::Responder>>(std::move(request), std::move(responder));
  if (!lane.try_push([this, is_action, shared] {
        shared->second.respond(is_action ? desk_.act(shared->first) : api(shared->first));
      }))
    shared->second.respond(error(503, "too many admin requests at once"));
}

http::Response Server::open_page(const http::Request& request) {
  if (request.path() == "/livez") return json("{\"status\":\"ok\"}");
  if (request.path() == "/readyz") {
    const Readiness readiness = sources_.readiness();
    if (readiness.is_ready) return json("{\"status\":\"ready\"}");
    http::Response response = error(503, readiness.why);
    response.body = "{\"status\":\"not ready\",\"why\":" + quote_json(readiness.why) + "}";
    return response;
  }
  http::Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body =
      "modhost admin\n\n/livez /readyz /metrics\n\nWith Authorization: Bearer <state_dir>/admin.token:\n"
      "/api/events /api/events/<seq> /api/modules /api/audit\n"
      "POST /api/replay /api/purge /api/export /api/backup /api/reload\n"
      "POST /api/events/<seq>/cancel /api/modules/<name>/pause, /resume, /drain\n\n"
      "`modhost events --help` and its neighbours do all of it.\n";
  return response;
}

http::Response Server::api(const http::Request& request) {
  const std::string_view path = request.path();
  constexpr std::string_view kEvent = "/api/events/";
  if (path == "/metrics") {
    http::Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = metrics_.scrape();
    return response;
  }
  if (path == "/api/events") return events(request);
  if (path.starts_with(kEvent)) return event(path.substr(kEvent.size()));
  if (path == "/api/modules") return modules();
  if (path == "/api/audit") return audit(request);
  return error(404, "no such page; see /");
}

http::Response Server::events(const http::Request& request) {
  const Result<journal::Filter> filter = filter_of_query(request.query(), clock_.unix_now());
  if (!filter) return problem(filter.error());
  const Result<journal::Page> page = operations_.page(*filter);
  return page ? json(render(*page, *filter)) : problem(page.error());
}

http::Response Server::event(std::string_view text) {
  const Result<std::int64_t> seq = parse_number("the event's seq", text);
  if (!seq) return problem(seq.error());
  const Result<journal::Details> event = operations_.details(*seq);
  return event ? json(render(*event)) : problem(event.error());
}

http::Response Server::modules() {
  const auto paused = operations_.paused();
  return paused ? json(render(sources_.modules(), journal_.stats(), *paused)) : problem(paused.error());
}

http::Response Server::audit(const http::Request& request) {
  std::int64_t before = 0;
  std::size_t limit = kAuditRows;
  for (const auto& [name, value] : http::parse_query(request.query())) {
    if (name != "before" && name != "limit")
      return problem(invalid("unknown parameter " + name + "; there are before and limit"));
    const Result<std::int64_t> number = parse_number(name, value);
    if (!number) return problem(number.error());
    if (name == "before")
      before = *number;
    else
      limit = std::clamp<std::size_t>(static_cast<std::size_t>(*number), 1, journal::kPageRowsMax);
  }
  const auto entries = operations_.audited(before, limit);
  return entries ? json(render(*entries, limit)) : problem(entries.error());
}

// A page of another site that resolves its name to this machine is stopped by the Host, a form of it by the Origin.
bool Server::is_local(const http::Request& request) const {
  const bool is_any = host_ == "0.0.0.0" || host_ == "::";
  const auto is_ours = [&](std::string_view name) {
    // Listening on every address, it is reached by any of them; rebinding needs a name.
    return name == "localhost" || name == "127.0.0.1" || name == "::1" || name == host_ || (is_any && is_address(name));
  };
  if (const auto host = request.header("Host"); host && !is_ours(host_name(*host))) return false;
  if (const auto origin = request.header("Origin")) {
    constexpr std::string_view kScheme = "http://";
    return origin->starts_with(kScheme) && is_ours(host_name(origin->substr(kScheme.size())));
  }
  return true;
}

bool Server::is_authorised(const http::Request& request) const {
  constexpr std::string_view kBearer = "Bearer ";
  const auto header = request.header("Authorization");
  return header && header->starts_with(kBearer) &&
         crypto::equal_constant_time(header->substr(kBearer.size()), token_.reveal());
}

}  // namespace modhost::admin
