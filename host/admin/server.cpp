#include "admin/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <memory>
#include <utility>

#include "admin/render.hpp"
#include "crypto/digest.hpp"
#include "event/json_reader.hpp"
#include "http/query.hpp"

namespace modhost::admin {

namespace {

constexpr std::size_t kJobsMax = 64;
constexpr std::size_t kPageMax = 500;

http::ServerOptions options_of(const config::Config& config) {
  http::ServerOptions options;
  options.name = "admin";
  options.address = config.admin.host;
  options.port = config.admin.port;
  options.threads = 1;
  options.connections_max = 256;
  return options;
}

http::Response error(int status, std::string_view text) {
  http::Response response;
  response.status = status;
  response.body = "{\"error\":" + quote_json(text) + "}";
  return response;
}

http::Response json(std::string body) {
  http::Response response;
  response.body = std::move(body);
  return response;
}

http::Response problem(const Error& cause) {
  return error(cause.code == Code::kNotFound ? 404 : cause.code == Code::kInvalid ? 400 : 503, cause.message);
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

Result<std::int64_t> integer(std::string_view name, std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < 0)
    return invalid(std::string(name) + " must be a whole number of 0 or more");
  return value;
}

Result<journal::Filter> filter_of(std::string_view query) {
  journal::Filter filter;
  for (const auto& [name, value] : http::parse_query(query)) {
    if (name == "state") {
      filter.state = journal::state_named(value);
      if (!filter.state) return invalid("state must be one of ready running waiting completed cancelled expired dead");
    } else if (name == "module") {
      filter.module = value;
    } else if (name == "chat_id") {
      filter.chat_id = value;
    } else if (name == "id") {
      filter.id = value;
    } else if (name == "before" || name == "limit") {
      const Result<std::int64_t> number = integer(name, value);
      if (!number) return number.error();
      if (name == "before")
        filter.before = *number;
      else
        filter.limit = std::min<std::size_t>(static_cast<std::size_t>(*number), kPageMax);
    } else {
      return invalid("unknown filter " + name + "; there are state, module, chat_id, id, before and limit");
    }
  }
  return filter;
}

}  // namespace

Server::Server(const config::Config& config, Secret token, journal::Journal& journal, telemetry::Metrics& metrics,
               Sources sources, const Clock& clock)
    : token_(std::move(token)),
      host_(config.admin.host),
      journal_(journal),
      metrics_(metrics),
      sources_(std::move(sources)),
      jobs_(kJobsMax),
      server_(options_of(config), clock, [this](http::Request request, http::Responder responder) {
        handle(std::move(request), std::move(responder));
      }) {}

Server::~Server() { stop(); }

void Server::start() {
  reader_ = std::thread([this] {
    while (std::optional<Job> job = jobs_.pop()) (*job)();
  });
  server_.start();
}

void Server::stop() {
  server_.stop();
  jobs_.close();
  if (reader_.joinable()) reader_.join();
}

void Server::handle(http::Request request, http::Responder responder) {
  if (!is_local(request)) return responder.respond(error(403, "this listener answers only under its own address"));
  if (request.method != "GET" && request.method != "HEAD") {
    http::Response response = error(405, "method not allowed");
    response.headers.push_back({"Allow", "GET, HEAD"});
    return responder.respond(response);
  }
  const std::string_view path = request.path();
  if (path == "/livez" || path == "/readyz" || path == "/") return responder.respond(open_page(request));
  if (path != "/metrics" && !is_authorised(request)) {
    http::Response response = error(401, "send the token of <state_dir>/admin.token as Authorization: Bearer");
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
    return responder.respond(response);
  }
  auto shared = std::make_shared<std::pair<http::Request, http::Responder>>(std::move(request), std::move(responder));
  if (!jobs_.try_push([this, shared] { shared->second.respond(api(shared->first)); }))
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
      "modhost admin\n\n/livez /readyz /metrics\n/api/events /api/events/<seq> /api/modules   (Authorization: Bearer "
      "<state_dir>/admin.token)\n";
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
  if (path == "/api/modules") return json(render(sources_.modules()));
  return error(404, "no such page; see /");
}

http::Response Server::events(const http::Request& request) {
  const Result<journal::Filter> filter = filter_of(request.query());
  if (!filter) return problem(filter.error());
  const Result<std::vector<journal::Row>> rows = journal_.query(*filter);
  return rows ? json(render(*rows)) : problem(rows.error());
}

http::Response Server::event(std::string_view text) {
  const Result<std::int64_t> seq = integer("the event's seq", text);
  if (!seq) return problem(seq.error());
  journal::Filter filter;
  filter.before = *seq + 1;
  filter.limit = 1;
  const Result<std::vector<journal::Row>> rows = journal_.query(filter);
  if (!rows) return problem(rows.error());
  if (rows->empty() || rows->front().seq != *seq) return problem(not_found("no event with seq " + std::string(text)));
  const Result<std::vector<journal::Attempt>> attempts = journal_.attempts(*seq);
  return attempts ? json(render(rows->front(), *attempts)) : problem(attempts.error());
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
