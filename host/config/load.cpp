#include "config/load.hpp"

#include "base/ip_address.hpp"
#include "base/limits.hpp"
#include "config/sections.hpp"
#include "config/text_file.hpp"

namespace modhost::config {
namespace {

using namespace std::chrono_literals;

// What a stop takes beside drain_delay and drain_grace.
constexpr milliseconds kStopRest = limits::kDrainCancel + limits::kDrainPlugins + limits::kDrainEndpoint;

void read_log(const Section& top, LogConfig& out) {
  const Section section(top.context(), top.find("log"), "log", schema::kLog);
  section.read_choice("level", out.level,
                      {{"trace", LogLevel::kTrace},
                       {"debug", LogLevel::kDebug},
                       {"info", LogLevel::kInfo},
                       {"warn", LogLevel::kWarn},
                       {"error", LogLevel::kError}});
  section.read_choice("format", out.format, {{"json", LogFormat::kJson}, {"text", LogFormat::kText}});
}

void read_limits(const Section& top, LimitsConfig& out) {
  const Section section(top.context(), top.find("limits"), "limits", schema::kLimits);
  std::uint64_t body = out.body_bytes, connections = out.connections, threads = static_cast<unsigned>(out.http_threads);
  section.read_size("body_bytes", body, {1024, 64ull << 20, "events are a few KiB and every body is held in memory"});
  section.read_count("connections", connections, {1, 200'000, "each takes a file descriptor and memory"});
  section.read_count("http_threads", threads,
                     {1, 64, "they only wait for sockets: two serve thousands of connections"});
  out.body_bytes = body;
  out.connections = connections;
  out.http_threads = static_cast<int>(threads);
  section.read_count("ready_events", out.ready_events,
                     {1, 100'000'000, "the backlog that is kept before answering 503"});
  section.read_size("ready_bytes", out.ready_bytes,
                    {1ull << 20, 1ull << 50, "the backlog that is kept before answering 503"});
  section.read_size("receiving_bytes", out.receiving_bytes,
                    {1ull << 20, 64ull << 30, "the bodies that are held in memory until they are answered"});
  if (out.receiving_bytes < out.body_bytes)
    section.report(section.find("receiving_bytes") != nullptr ? "receiving_bytes" : "body_bytes",
                   "receiving_bytes is less than body_bytes: the largest body could never be received");
  section.read_duration("ack_timeout", out.ack_timeout, {100ms, 60s, "the platform waits for this answer"});
  section.read_duration("timestamp_tolerance", out.timestamp_tolerance,
                        {0ms, 24h, "older deliveries are replays; 0 switches the age test off"});
  section.read_duration("max_event_age", out.max_event_age,
                        {0ms, limits::kDedupeRetention,
                         "ids are remembered for 30 days, and an older event that is sent again would run again; 0 "
                         "takes events of any age"});
  section.read_duration("drain_delay", out.drain_delay, {0ms, limits::kStopMax, "a stop ends within 28 s"});
  section.read_duration("drain_grace", out.drain_grace, {0ms, limits::kStopMax, "a stop ends within 28 s"});
  if (out.drain_delay + out.drain_grace + kStopRest > limits::kStopMax)
    section.report(
        section.find("drain_grace") != nullptr ? "drain_grace" : "drain_delay",
        "drain_delay + drain_grace + 5s is more than 28s: a supervisor that kills after 30s would come first");
  if (out.timestamp_tolerance == 0ms)
    top.context().problems.warning(section.find("timestamp_tolerance")->mark,
                                   "limits.timestamp_tolerance 0: the age of deliveries is not checked");
}

void read_journal(const Section& top, JournalConfig& out) {
  const Section section(top.context(), top.find("journal"), "journal", schema::kJournal);
  section.read_duration("keep_body", out.keep_body,
                        {0ms, std::chrono::days(365), "bodies are what users wrote; 0 drops them at once"});
  section.read_duration("dedupe_retention", out.dedupe_retention,
                        {1h, std::chrono::days(365), "a delivery that comes again after it runs again"});
  section.read_flag("secure_delete", out.secure_delete);
  if (out.keep_body > out.dedupe_retention)
    section.report(section.find("keep_body") != nullptr ? "keep_body" : "dedupe_retention",
                   "keep_body is more than dedupe_retention: an event goes as a whole then, with its body");
}

void check_proxy(const Section& section, const std::string& proxy) {
  for (const std::string_view scheme : {"http://", "https://", "socks5://", "socks5h://"})
    if (proxy.starts_with(scheme) && proxy.size() > scheme.size() &&
        proxy.find_first_of(" \t\r\n") == std::string::npos)
      return;
  section.report("proxy", "expected a URL such as http://proxy.bank:3128 (http, https, socks5 or socks5h)");
}

void check_file(const Section& section, std::string_view key, const std::filesystem::path& file) {
  const Result<TextFile> opened = read_text_file(file, 16 << 20);
  if (!opened) section.report(key, opened.error().message);
}

void read_http_client(const Section& top, HttpClientConfig& out) {
  const Section section(top.context(), top.find("http_client"), "http_client", schema::kHttpClient);
  if (section.read_text("proxy", out.proxy) && !out.proxy.empty()) check_proxy(section, out.proxy);
  if (section.read_path("ca_file", out.ca_file)) check_file(section, "ca_file", out.ca_file);
  if (section.read_path("client_cert", out.client_cert)) check_file(section, "client_cert", out.client_cert);
  std::uint64_t connections = static_cast<std::uint64_t>(out.connections);
  section.read_count("connections", connections,
                     {4, limits::kCallsMax, "a call that waits for its answer has a connection of its own"});
  out.connections = static_cast<long>(connections);
}

void read_trusted_proxies(const Section& top, std::vector<std::string>& out) {
  const Node* node = top.find("trusted_proxies");
  if (node == nullptr || node->kind == Node::Kind::kNull) return;
  Context& context = top.context();
  if (node->kind != Node::Kind::kList) return top.report("trusted_proxies", "expected a list such as [10.0.0.0/8]");
  if (node->items.size() > 100)
    return top.report("trusted_proxies", "at most 100 networks: each is compared per connection");
  for (const Node& item : node->items) {
    auto text = expand(context, item, "trusted_proxies");
    if (!text) continue;
    const Result<IpNetwork> network = IpNetwork::parse(text->text);
    if (!network) {
      context.problems.error(item.mark, "trusted_proxies " + quoted(item) + ": " + network.error().message);
      continue;
    }
    if (network->is_everything())
      context.problems.warning(item.mark, "trusted_proxies " + quoted(item) +
                                              ": everybody may say who the client is: name the proxies only");
    out.push_back(std::move(text->text));
  }
}

void read_addresses(const Section& top, Config& config) {
  top.read_address("listen", config.listen);
  top.read_address("admin", config.admin);
  const bool is_same_port = config.listen.port == config.admin.port && config.listen.port != 0;
  const auto is_any = [](const std::string& host) { return host == "0.0.0.0" || host == "::"; };
  if (is_same_port &&
      (config.listen.host == config.admin.host || is_any(config.listen.host) || is_any(config.admin.host)))
    top.report(top.find("admin") != nullptr ? "admin" : "listen",
               "listen and admin have the same port " + std::to_string(config.admin.port) + ": give them two");
  const std::string& admin = config.admin.host;
  if (admin != "localhost" && admin != "::1" && !admin.starts_with("127."))
    top.context().problems.warning(
        top.find("admin")->mark,
        "admin: listens beyond this machine; pages and commands are guarded by the token only");
}

void read_all(Context& context, const Node* root, Purpose purpose, Config& config) {
  const Section top(context, root, "", schema::kTop);
  read_addresses(top, config);
  if (top.read_text("webhook_path", config.webhook_path)) check_webhook_path(top, "webhook_path", config.webhook_path);
  config.state_dir = context.folder / config.state_dir;
  config.plugins_dir = context.folder / config.plugins_dir;
  top.read_path("state_dir", config.state_dir);
  top.read_path("plugins_dir", config.plugins_dir);
  read_log(top, config.log);
  read_limits(top, config.limits);
  read_journal(top, config.journal);
  read_trusted_proxies(top, config.trusted_proxies);
  read_http_client(top, config.http_client);
  read_apps(top, purpose, config);
  read_modules(top, config);
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  std::error_code ignored;
  const std::filesystem::path absolute = std::filesystem::absolute(file, ignored);
  return absolute.empty() ? std::filesystem::path(".") : absolute.parent_path();
}

Environment environment_of(const LoadOptions& options, const std::filesystem::path& folder, Problems& problems) {
  Variables process = options.environment ? *options.environment : process_variables();
  if (!options.reads_env_files) return Environment(std::move(process));
  std::vector<std::filesystem::path> folders = {folder};
  std::error_code error;
  const std::filesystem::path current = std::filesystem::current_path(error);
  if (!error && current != folder) folders.push_back(current);
  return Environment::discover(std::move(process), std::move(folders), problems);
}

}  // namespace

Examined examine_text(std::string_view yaml, const LoadOptions& options) {
  Examined out;
  Config& config = out.config;
  config.file = options.file;
  Problems found(options.file.string());
  const std::filesystem::path folder = folder_of(options.file);
  const Environment environment = environment_of(options, folder, found);
  config.files = environment.files();
  Context context{found, environment, folder, config.origins, config.files};
  const std::optional<Node> root = parse_yaml(yaml, found);
  if (root) read_all(context, &*root, options.purpose, config);
  if (found.errors() > 0) out.error = invalid(found.summary());
  out.problems = std::move(found).take();
  for (const Problem& problem : out.problems)
    if (problem.severity == Severity::kWarning) config.warnings.push_back(to_string(problem));
  return out;
}

Examined examine(const LoadOptions& options) {
  const Result<TextFile> file = read_text_file(options.file, kYamlBytesMax);
  Examined out;
  if (file || (options.may_be_absent && file.error().code == Code::kNotFound)) {
    out = examine_text(file ? std::string_view(file->text) : std::string_view(), options);
    out.config.files[options.file] = fingerprint(file);
    return out;
  }
  out.config.files[options.file] = fingerprint(file);
  out.error = file.error();
  out.error->message = options.file.string() + " " + file.error().message;
  if (file.error().code == Code::kNotFound) out.error->message += ": write one, or name it with --config";
  out.problems = {{Severity::kError, "", out.error->message, 0, 0}};
  return out;
}

Result<Config> load_text(std::string_view yaml, const LoadOptions& options) {
  Examined out = examine_text(yaml, options);
  if (out.error) return *std::move(out.error);
  return std::move(out.config);
}

Result<Config> load(const LoadOptions& options) {
  Examined out = examine(options);
  if (out.error) return *std::move(out.error);
  return std::move(out.config);
}

std::vector<std::string> schema_paths() {
  std::vector<std::string> out;
  for (const schema::Section& section : schema::kSections)
    for (const std::string_view key : section.keys)
      out.push_back((section.path.empty() ? "" : std::string(section.path) + ".") + std::string(key));
  return out;
}

}  // namespace modhost::config
