#include "app.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <limits>
#include <memory>
#include <utility>

#include "admin/render.hpp"
#include "admin/server.hpp"
#include "admin/token.hpp"
#include "app_actions.hpp"
#include "app_folders.hpp"
#include "app_signals.hpp"
#include "base/anchored_clock.hpp"
#include "base/fault_point.hpp"
#include "base/unique_fd.hpp"
#include "base/version.hpp"
#include "config/current.hpp"
#include "dispatch/crash_blame.hpp"
#include "dispatch/dispatcher.hpp"
#include "dispatch/ending.hpp"
#include "dispatch/gauges.hpp"
#include "event/json_reader.hpp"
#include "executor/run_record.hpp"
#include "ingest/ingest.hpp"
#include "journal/sqlite_journal.hpp"
#include "loader/loader.hpp"
#include "platform/curl_client.hpp"
#include "playground/playground.hpp"
#include "plugin/registry.hpp"
#include "reload/reloader.hpp"
#include "router/router.hpp"
#include "signature/secret_watch.hpp"
#include "signature/verifier.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "webhook/endpoint.hpp"

namespace modhost {

namespace {

using namespace std::chrono_literals;

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitAbandoned = 3;

std::set<std::string> once_modules_of(const config::Config& config) {
  std::set<std::string> names;
  for (const auto& [name, module] : config.modules)
    if (module.side_effects == config::SideEffects::kOnce) names.insert(name);
  return names;
}

std::string url_of(const config::Address& address, std::uint16_t port, const std::string& path) {
  std::string host = address.host;
  if (host == "0.0.0.0" || host == "::" || host.empty()) host = "127.0.0.1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return "http://" + host + ":" + std::to_string(port) + path;
}

// Whoever waits for the file sees all of it or nothing. It may hold a key: nobody else reads it.
bool write_private_file(const std::string& file, std::string_view text) {
  const std::string draft = file + ".new";
  ::unlink(draft.c_str());
  const UniqueFd made(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  return made.is_open() && ::write(made.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
         ::rename(draft.c_str(), file.c_str()) == 0;
}

}  // namespace

// All rooms of one host. The members stand in the order of the path backwards, from the platform to the door, so that
// the door goes first and what it leads to last.
class App {
 public:
  App(config::Config config, AppOptions options) : config_(std::move(config)), options_(std::move(options)) {}

  Result<void> open() {
    if (auto prepared = prepare(http::raise_descriptor_limit()); !prepared) return prepared;
    if (auto made = make_private_folder(config_.state_dir); !made) return made;
    // A port that is taken is known before a plugin runs.
    for (const auto step : {&App::open_platform, &App::open_playground, &App::open_config, &App::open_journal,
                            &App::open_door, &App::open_admin, &App::open_plugins, &App::open_reloader})
      if (auto opened = (this->*step)(); !opened) return opened;
    return {};
  }

  void start() {
    if (!options_.paused) dispatcher_->start();
    if (playground_) playground_->start();
    admin_->start();
    endpoint_->start();
    watch_secrets();
    is_serving_ = true;
    reloader_->start();
    announce();
  }

  // Soon, without waiting for it.
  void reload_after_signal() { reloader_->request("SIGHUP"); }

  // Accepting goes on until the last moment: receiving is independent of running. (decisions: drain.)
  int drain(const Signals& signals) {
    is_serving_ = false;
    fault_point("app.draining");
    const Deadline end = Deadline::after(clock_, limits::kStopMax);
    reloader_->close();
    const config::LimitsConfig limits = current_->get()->limits;
    const auto delay = options_.dev ? 0ms : limits.drain_delay;
    const auto grace = options_.dev ? std::min<std::chrono::milliseconds>(2s, limits.drain_grace) : limits.drain_grace;
    log_.info("stopping: still accepting, finishing what runs (a second signal hurries)",
              {{"running", dispatcher_->running()}});
    bool is_hurried = delay > 0ms && signals.stop_comes_within(delay);
    dispatcher_->pause();
    const Deadline grace_end = Deadline::after(clock_, grace);
    while (!is_hurried && dispatcher_->running() > 0 && !grace_end.has_passed(clock_))
      if (!dispatcher_->wait_idle(Deadline::after(clock_, 100ms))) is_hurried = signals.stop_comes_within(1ms);
    plugins_->cancel_all(plugin::CancelReason::kStopping);
    const bool is_idle = dispatcher_->wait_idle(Deadline::after(clock_, limits::kDrainCancel));
    const bool are_joined = plugins_->stop(Deadline::after(clock_, limits::kDrainPlugins));
    fault_point("app.plugins_stopped");
    endpoint_->drain(Deadline::after(clock_, limits::kDrainEndpoint));
    if (playground_) playground_->stop();
    dispatcher_->stop();
    // A plugin that hangs while a reload starts it is abandoned like any other, and with it who waits for the reload.
    const bool is_reloaded = reloader_->wait_idle(is_hurried ? Deadline::after(clock_, 0ms) : end);
    if (is_reloaded) admin_->stop();
    fault_point("app.door_closed");
    journal_->release_unstarted();
    journal_->flush();
    fault_point("app.stopped");
    log_.info("stopped");
    return is_idle && are_joined && is_reloaded ? kExitOk : kExitAbandoned;
  }

 private:
  // What this machine and `dev` make of the configuration, once; adapt() is the same for one that comes later.
  Result<void> prepare(std::size_t descriptors) {
    if (options_.dev && !options_.persist) {
      auto folder = TemporaryFolder::make();
      if (!folder) return folder.error();
      temporary_ = *std::move(folder);
    }
    // Calls to the platform leave the endpoint, the journal and plugins some descriptors.
    if (descriptors > 0) connections_max_ = std::max<long>(4, static_cast<long>(descriptors - descriptors / 8));
    if (config_.http_client.connections > connections_max_)
      log_.warn(
          "http_client.connections is nearly all of the files this process may open: raise `ulimit -n`",
          {{"connections", config_.http_client.connections}, {"used", connections_max_}, {"open_files", descriptors}});
    adapt(config_);
    return {};
  }

  void adapt(config::Config& config) const {
    config.http_client.connections = std::min(config.http_client.connections, connections_max_);
    if (!options_.dev) return;
    // A stand-in for the platform needs no account: its own app, key and secret, everything on loopback.
    if (!config.origins.contains("log.format")) config.log.format = config::LogFormat::kText;
    config.listen.host = "127.0.0.1";
    config.admin.host = "127.0.0.1";
    if (!temporary_.path().empty()) config.state_dir = temporary_.path();
  }

  Result<void> open_platform() {
    platform::CurlClientOptions client;
    client.http = config_.http_client;
    auto opened = platform::CurlClient::open(clock_, std::move(client));
    if (!opened) return opened.error();
    client_ = *std::move(opened);
    return {};
  }

  // Before everything that borrows the configuration: its port decides the API base.
  Result<void> open_playground() {
    if (!options_.dev) return {};
    apps_of_file_ = config_.apps;
    config::App& app = config_.apps.front();
    if (app.secrets.empty()) app.secrets.push_back({app.id + "/1", playground::make_endpoint_secret(), {}, {}});
    has_made_key_ = app.api_key.empty();
    if (has_made_key_) app.api_key = playground::make_api_key();
    playground::PlaygroundOptions options;
    options.port = options_.page_port;
    options.app_id = app.id;
    options.api_key = app.api_key;
    options.endpoint_secret = app.secrets.front().value;
    for (const auto& [name, module] : config_.modules) options.modules.push_back(name);
    // The page offers the first: not one that events without a module name are for, it may never answer in a chat.
    std::stable_partition(options.modules.begin(), options.modules.end(), [this](const std::string& name) {
      return std::none_of(config_.subscriptions.begin(), config_.subscriptions.end(),
                          [&](const auto& one) { return one.second == name; });
    });
    options.knowledge_folder = options_.knowledge_folder;
    if (options_.persist) options.state_file = config_.state_dir / "stand-in.json";
    options.model.delay = options_.model_delay;
    options.model.upstream_url = options_.model_url;
    while (options.model.upstream_url.ends_with('/')) options.model.upstream_url.pop_back();
    options.model.upstream_model = options_.model_name;
    if (!options_.model_key_env.empty()) {
      const char* const key = std::getenv(options_.model_key_env.c_str());
      if (key == nullptr) return invalid("--model-key-env: the variable " + options_.model_key_env + " is not set");
      options.model.upstream_key = Secret(key);
    }
    playground_ = std::make_unique<playground::Playground>(
        options, event_clock_, *client_, [this](const std::string& event_id) { return host_view(event_id); });
    if (auto bound = playground_->bind(); !bound) return bound;
    app.api_base = playground_->api_base();
    return {};
  }

  // What is read from here on may be replaced while the host runs.
  Result<void> open_config() {
    current_.emplace(std::make_shared<const config::Config>(config_));
    return {};
  }

  Result<void> open_journal() {
    journal::Options options;
    options.state_dir = config_.state_dir;
    options.clock = &event_clock_;
    options.log = &log_;
    options.ready_events_max = config_.limits.ready_events;
    options.ready_bytes_max = config_.limits.ready_bytes;
    options.queued_bytes_max = config_.limits.receiving_bytes;
    options.keep_body = config_.journal.keep_body;
    options.dedupe_retention = config_.journal.dedupe_retention;
    options.secure_delete = config_.journal.secure_delete;
    options.paused = options_.paused;
    for (const auto& [name, module] : config_.modules) options.modules.insert(name);
    options.once_modules = once_modules_of(config_);
    options.interrupted_ending = [this](const Event& event, const std::string& module) {
      const auto found = config_.modules.find(module);
      return found == config_.modules.end()
                 ? std::string()
                 : dispatch::ending_for(found->second, event, journal::State::kDead, {}, event_clock_.unix_now());
    };
    open_run_record(options);
    auto opened = journal::SqliteJournal::open(std::move(options));
    if (!opened) return opened.error();
    journal_ = *std::move(opened);
    if (!run_record_) return {};
    run_record_->begin(journal_->epoch());
    run_record_->catch_faults();
    return {};
  }

  // What the last process ran when it ended, and whose code ended it.
  void open_run_record(journal::Options& options) {
    auto opened = executor::RunRecord::open(config_.state_dir / "running");
    if (!opened) return log_.warn("a crash of plugin code will not be told from others: " + opened.error().message, {});
    run_record_ = *std::move(opened);
    options.has_run_record = true;
    options.settled = [this](journal::EventSeq seq) { run_record_->settled(seq); };
    const executor::RunRecord::LastRun& last = run_record_->last();
    for (const auto& fault : last.faults)
      if (fault.is_of_last_run)
        log_.error("the last run ended by a fatal signal in plugin code",
                   {{"module", fault.module}, {"signal", fault.signal}, {"seq", fault.event}});
    options.last_running = dispatch::last_running(last);
  }

  Result<void> open_plugins() {
    shared_.emplace(
        services::Shared{event_clock_, log_, *client_, *current_, metrics_, {*journal_, *journal_, *journal_}});
    loader::Loader::Options options;
    options.stage_dir = config_.state_dir / "stage";
    loader_ = std::make_unique<loader::Loader>(std::move(options));
    watchdog_ = std::make_unique<executor::Watchdog>(clock_);
    plugins_ = std::make_unique<plugin::Registry>(
        *shared_, *loader_, *watchdog_,
        plugin::Registry::Options{[this] { dispatcher_->wake(); }, options_.no_third_party, run_record_.get(),
                                  [this](const std::string& module) { return kept_out(module); }});
    dispatcher_ = std::make_unique<dispatch::Dispatcher>(
        *journal_, [this](const std::string& module) { return plugins_->find(module); }, *client_, *current_,
        event_clock_, log_, metrics_);
    if (run_record_)
      for (const std::string& module :
           dispatch::modules_to_hold(run_record_->last().faults, event_clock_.unix_now(), true))
        dispatcher_->hold(module);
    const auto paused = journal_->operations().paused();
    if (!paused) return paused.error();
    for (const journal::PausedModule& one : *paused) dispatcher_->pauses().pause(one.module);
    plugins_->start();
    return {};
  }

  // A plugin that ends the host while it starts would do so for ever.
  std::string kept_out(const std::string& module) {
    if (!run_record_) return {};
    const auto bad = dispatch::modules_to_hold(run_record_->last().faults, clock_.unix_now(), false);
    return bad.contains(module)
               ? "its plugin ended the host several times within a minute, outside of any event; mend it, "
                 "then restart"
               : "";
  }

  Result<void> open_door() {
    secret_watch_ = std::make_unique<signature::SecretWatch>(config_.apps, clock_, log_, metrics_);
    verifier_ = std::make_unique<signature::Verifier>(config_.apps, config_.limits.timestamp_tolerance, clock_);
    router_ = std::make_unique<router::Router>(*current_);
    ingest_ = std::make_unique<ingest::Ingest>(
        *verifier_, *journal_,
        [this](const Event& event) -> std::optional<std::string> {
          const config::ModulePtr module = router_->route(event);
          return module == nullptr ? std::nullopt : std::optional<std::string>(module->name);
        },
        clock_, log_, metrics_, ingest::Options{config_.limits.max_event_age, secret_watch_.get()});
    endpoint_ = std::make_unique<webhook::Endpoint>(config_, *ingest_, event_clock_);
    if (auto bound = endpoint_->bind(); !bound) return Error(bound.error()).within("listen");
    if (playground_) playground_->set_webhook_url(url_of(config_.listen, endpoint_->port(), config_.apps.front().path));
    return {};
  }

  Result<void> open_admin() {
    auto token = admin::load_or_make_token(config_.state_dir);
    if (!token) return token.error();
    gauges_ = std::make_unique<dispatch::Gauges>(*journal_, metrics_, *current_);
    const OperatedParts parts{current_, plugins_, dispatcher_, reloader_, event_clock_};
    admin_ = std::make_unique<admin::Server>(
        config_, *std::move(token), *journal_, journal_->operations(), metrics_,
        admin::Sources{[this] { return readiness(); }, [parts] { return module_states(parts); }},
        operator_actions(parts), clock_);
    if (auto bound = admin_->bind(); !bound) return Error(bound.error()).within("admin");
    return {};
  }

  void watch_secrets() {
    const auto next = secret_watch_->look();
    watchdog_->schedule(clock_.steady_now() + next, [this] { watch_secrets(); });
  }

  Result<void> open_reloader() {
    reloader_ = std::make_unique<reload::Reloader>(
        *current_,
        reload::Steps{[this] { return load_again(); }, [this](const config::Snapshot& next) { return stage(next); }},
        clock_, log_, metrics_);
    return {};
  }

  reload::Loaded load_again() {
    reload::Loaded loaded{config::examine(options_.load), {}};
    config::Config& config = loaded.examined.config;
    adapt(config);
    if (!options_.dev || loaded.examined.error) return loaded;
    // The stand-in keeps the app, key and secret it began with.
    config::Config before;
    before.apps = apps_of_file_;
    before.modules = config.modules;
    for (const std::string& what : config::differences(before, config))
      if (what.starts_with("app ")) loaded.needs_restart.push_back(what);
    config.apps = current_->get()->apps;
    return loaded;
  }

  Result<reload::Staged> stage(const config::Snapshot& next) {
    auto modules = plugins_->stage(next);
    if (!modules) return modules.error();
    reload::Staged staged;
    for (const std::string& name : modules->recovered) staged.applied.push_back("module " + name + ": runs now");
    for (const std::string& name : modules->changed_plugins)
      staged.needs_restart.push_back("plugin " + name + ": its file is another one than the one that runs");
    const auto shared = std::make_shared<plugin::Registry::Staged>(*std::move(modules));
    staged.discard = [this, shared] { plugins_->discard(std::move(*shared)); };
    staged.commit = [this, shared](const config::Snapshot& now) {
      journal_->set_once_modules(once_modules_of(*now));  // before the first claim that it is about
      current_->set(now);                                 // first: what a new secret lets in finds its module
      secret_watch_->replace(now->apps);
      verifier_->replace(now->apps, now->limits.timestamp_tolerance);
      endpoint_->replace(*now);
      log_.set_level(now->log.level);
      plugins_->commit(std::move(*shared));
      dispatcher_->wake();
    };
    return staged;
  }

  admin::Readiness readiness() {
    if (!is_serving_) return {false, "draining or not started"};
    const journal::Stats stats = journal_->stats();
    if (!stats.writable) return {false, stats.last_error};
    const auto modules = plugins_->status();
    const bool is_any_running =
        std::any_of(modules.begin(), modules.end(), [](const plugin::RuntimeStatus& one) { return one.running; });
    if (!modules.empty() && !is_any_running) return {false, "no module runs: the log says why of each"};
    return {};
  }

  std::string host_view(const std::string& event_id) {
    journal::Filter filter;
    filter.id = event_id;
    filter.limit = 1;
    const auto rows = journal_->query(filter);
    if (!rows || rows->empty()) return "null";
    const auto attempts = journal_->attempts(rows->front().seq);
    return admin::render(rows->front(), attempts ? *attempts : std::vector<journal::Attempt>());
  }

  void announce() {
    const std::string webhook = url_of(config_.listen, endpoint_->port(),
                                       config_.apps.empty() ? config_.webhook_path : config_.apps.front().path);
    const std::string admin = url_of(config_.admin, admin_->port(), "/");
    const std::string page = playground_ ? playground_->page_url() : std::string();
    const std::string ports = "{\"webhook\":" + quote_json(webhook) + ",\"admin\":" + quote_json(admin) +
                              ",\"page\":" + quote_json(page) +
                              ",\"state_dir\":" + quote_json(config_.state_dir.string()) + stand_in_json() + "}\n";
    if (!options_.ports_file.empty() && !write_private_file(options_.ports_file, ports))
      log_.warn("--ports-file can not be written", {{"file", options_.ports_file}, {"error", std::strerror(errno)}});
    if (options_.json)
      std::cout << ports << std::flush;
    else if (options_.dev)
      print_screen(page, webhook, admin);
    log_.info("serving", {{"webhook", webhook}, {"admin", admin}, {"version", kVersion}});
  }

  // How a program reaches the stand-in; empty without one.
  std::string stand_in_json() const {
    if (!playground_) return {};
    const config::App& app = config_.apps.front();
    return ",\"api_base\":" + quote_json(app.api_base) + ",\"app_id\":" + quote_json(app.id) +
           ",\"api_key\":" + quote_json(app.api_key.reveal());
  }

  void print_screen(const std::string& page, const std::string& webhook, const std::string& admin) {
    std::cout << "\n  modhost " << kVersion << " dev: for trying out, not for production\n\n"
              << "  chat page   " << page << "\n"
              << "  webhook     " << webhook << "\n"
              << "  admin       " << admin << "\n"
              << "  API base    " << config_.apps.front().api_base << "\n"
              << "  app id      " << config_.apps.front().id << "\n"
              << "  API key     "
              << (has_made_key_ ? config_.apps.front().api_key.reveal() : std::string_view("the configured key"))
              << "\n"
              << "  journal     " << (config_.state_dir / "journal.db").string()
              << (options_.persist ? "\n" : "   (gone when this ends; --persist keeps it)\n") << "\n  modules\n";
    for (const plugin::RuntimeStatus& status : plugins_->status())
      std::cout << "    " << status.module << "  " << status.plugin << " "
                << (status.running ? status.version : "DOES NOT RUN: " + status.problem) << "\n";
    std::cout << "\n  Open the chat page, pick a module and type. Ctrl-C stops.\n" << std::endl;
  }

  config::Config config_;  // as the host begins with it; from open_config() on current_ is what counts
  const AppOptions options_;
  std::vector<config::App> apps_of_file_;  // dev: before the stand-in made its own of them
  long connections_max_ = std::numeric_limits<long>::max();
  TemporaryFolder temporary_;
  bool has_made_key_ = false;  // dev: the stand-in's key is not one of the configuration
  SystemClock clock_;
  const AnchoredClock event_clock_{clock_};
  telemetry::Log log_{config_.log};
  telemetry::Metrics metrics_;
  std::atomic<bool> is_serving_{false};
  std::unique_ptr<executor::RunRecord> run_record_;
  std::optional<config::Current> current_;
  std::unique_ptr<journal::SqliteJournal> journal_;  // what the last calls of the client say is written down
  std::unique_ptr<platform::CurlClient> client_;
  std::optional<services::Shared> shared_;
  std::unique_ptr<loader::Loader> loader_;
  std::unique_ptr<signature::SecretWatch> secret_watch_;  // looked at by the watchdog
  std::unique_ptr<executor::Watchdog> watchdog_;
  std::unique_ptr<plugin::Registry> plugins_;
  std::unique_ptr<dispatch::Dispatcher> dispatcher_;
  std::unique_ptr<dispatch::Gauges> gauges_;
  std::unique_ptr<signature::Verifier> verifier_;
  std::unique_ptr<router::Router> router_;
  std::unique_ptr<ingest::Ingest> ingest_;
  std::unique_ptr<webhook::Endpoint> endpoint_;
  std::unique_ptr<admin::Server> admin_;
  std::unique_ptr<playground::Playground> playground_;
  std::unique_ptr<reload::Reloader> reloader_;
};

int run_app(config::Config config, AppOptions options) {
  if (options.dev && !config.origins.contains("log.format"))
    config.log.format = config::LogFormat::kText;  // the log begins with it
  const Signals signals;                           // before any thread: they all inherit the mask
  App app(std::move(config), std::move(options));
  if (const auto opened = app.open(); !opened) {
    std::cerr << "modhost: " << opened.error().message << std::endl;
    return kExitFailed;
  }
  app.start();
  signals.wait([&app] { app.reload_after_signal(); });
  const int code = app.drain(signals);
  // A thread stuck in plugin code can not be joined, and what it may still touch must not be torn down under it.
  if (code == kExitAbandoned) std::_Exit(code);
  return code;
}

}  // namespace modhost
