#include "cli/admin_client.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <future>

#include "base/mutex.hpp"
#include "config/load.hpp"
#include "config/text_file.hpp"
#include "event/json_reader.hpp"

namespace modhost::cli {
namespace {

constexpr auto kAnswerTimeout = std::chrono::minutes(9);  // a backup takes a while
constexpr std::size_t kActorBytesMax = 100;
constexpr std::size_t kAnswerBytesMax = 64 * 1024 * 1024;  // a page of events with bodies

// Only what leads to the host is read: no secret of the configuration has to be at hand.
Result<config::Config> host_config(const HostOptions& options) {
  config::LoadOptions load;
  load.file = options.config;
  load.purpose = config::Purpose::kDev;
  config::Examined examined = config::examine(load);
  if (examined.error && examined.error->code == Code::kNotFound)
    return not_found("there is no " + options.config.string() +
                     ": name it with --config, or give both --admin and --state-dir");
  for (const config::Problem& problem : examined.problems)
    if (problem.severity == config::Severity::kError &&
        (problem.what.starts_with("admin") || problem.what.starts_with("state_dir")))
      return invalid(to_string(problem));
  return std::move(examined.config);
}

Result<std::string> admin_url(const HostOptions& options) {
  if (!options.admin.empty()) {
    if (!options.admin.starts_with("http://") && !options.admin.starts_with("https://"))
      return invalid("--admin must be a URL such as http://127.0.0.1:8081");
    return options.admin.substr(0, options.admin.find_last_not_of('/') + 1);
  }
  const auto config = host_config(options);
  if (!config) return config.error();
  std::string host = config->admin.host;
  if (config->admin.port == 0)
    return invalid("`admin` of " + options.config.string() +
                   " has port 0, any free one: give --admin with the address that the host printed at its start");
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return "http://" + host + ":" + std::to_string(config->admin.port);
}

Result<Secret> admin_token(const std::filesystem::path& state_dir) {
  const std::filesystem::path file = state_dir / "admin.token";
  const auto read = config::read_text_file(file, 4096);
  if (read) return Secret(read->text.substr(0, read->text.find_first_of("\r\n")));
  const bool is_denied = read.error().code == Code::kDenied;
  return Error{read.error().code, file.string() + " " + read.error().message +
                                      (is_denied ? ": run this as the user of the host, e.g. with sudo -u modhost"
                                                 : ": has the host been started? --state-dir names another folder")};
}

std::string login() {
  std::string name;
  if (const char* const behind = std::getenv("SUDO_USER"); behind != nullptr) {
    name = behind;
  } else if (const passwd* const entry = ::getpwuid(::geteuid()); entry != nullptr) {
    name = entry->pw_name;
  } else {
    name = "uid " + std::to_string(::geteuid());
  }
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return name;
}

Code code_of(int status) {
  switch (status) {
    case 400:
      return Code::kInvalid;
    case 404:
      return Code::kNotFound;
    case 409:
      return Code::kConflict;
    case 410:
      return Code::kGone;
    case 501:
      return Code::kUnsupported;
    default:
      return Code::kDenied;
  }
}

}  // namespace

Result<std::filesystem::path> state_dir_of(const HostOptions& options) {
  if (!options.state_dir.empty()) return options.state_dir;
  const auto config = host_config(options);
  if (!config) return config.error();
  return config->state_dir;
}

AdminClient::AdminClient(std::string url, Secret token, std::string actor)
    : url_(std::move(url)), token_(std::move(token)), actor_(std::move(actor)) {}

Result<AdminClient> AdminClient::open(const HostOptions& options, const std::string& command) {
  auto url = admin_url(options);
  if (!url) return url.error();
  const auto state_dir = state_dir_of(options);
  if (!state_dir) return state_dir.error();
  auto token = admin_token(*state_dir);
  if (!token) return token.error();
  AdminClient client(*std::move(url), *std::move(token),
                     (login() + " (modhost " + command + ")").substr(0, kActorBytesMax));
  auto opened = platform::CurlClient::open(*client.clock_);
  if (!opened) return opened.error();
  client.client_ = *std::move(opened);
  return client;
}

Result<rapidjson::Document> AdminClient::get(const std::string& target) { return call("GET", target, {}); }

Result<rapidjson::Document> AdminClient::post(const std::string& target, const std::string& body) {
  return call("POST", target, body);
}

Result<rapidjson::Document> AdminClient::call(const char* method, const std::string& target, const std::string& body) {
  platform::HttpRequest request;
  request.method = method;
  request.url = url_ + target;
  request.headers = {{"Authorization", "Bearer " + std::string(token_.reveal())}, {"X-Modhost-Actor", actor_}};
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = body;
  request.deadline = Deadline::after(*clock_, kAnswerTimeout);
  request.attempts_max = 1;
  request.response_bytes_max = kAnswerBytesMax;
  std::promise<Result<platform::HttpResponse>> promise;
  const auto started = client_->start(
      std::move(request),
      platform::collect([&promise](Result<platform::HttpResponse> answer) { promise.set_value(std::move(answer)); }));
  if (!started) return started.error();
  Result<platform::HttpResponse> answer = promise.get_future().get();
  if (!answer)
    return unavailable("nothing answers at " + url_ + " (" + answer.error().message +
                       "): is `modhost run` or `modhost dev` up? --admin names another address");
  text_ = std::move(answer->body);
  if (answer->status == 401)
    return Error{Code::kDenied, "the host at " + url_ +
                                    " refuses the token: --state-dir must be the state folder of "
                                    "that host"};
  auto document = parse_json(text_);
  if (!document || !document->IsObject())
    return unavailable("what answers at " + url_ +
                       " is not the admin listener of a host: --admin names another address");
  if (answer->status >= 200 && answer->status < 300) return document;
  return Error{code_of(answer->status), std::string(string_member(*document, "error"))};
}

void AdminClient::pause(std::chrono::milliseconds time) const {
  Mutex mutex;
  std::condition_variable never;
  const auto until = std::chrono::steady_clock::now() + time;
  MutexLock lock(mutex);
  while (lock.wait_until(never, until) != std::cv_status::timeout) {
  }
}

int fail(Terminal& terminal, const HostOptions& options, const Error& error) {
  return fail(terminal, options.json, error.message, error.code == Code::kUnavailable ? kUnreachable : kFailed);
}

std::string host_arguments(const HostOptions& options) {
  std::string text;
  if (options.has_config) text += " --config " + options.config.string();
  if (!options.admin.empty()) text += " --admin " + options.admin;
  if (!options.state_dir.empty()) text += " --state-dir " + options.state_dir.string();
  return text;
}

}  // namespace modhost::cli
