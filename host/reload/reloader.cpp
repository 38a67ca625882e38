#include "reload/reloader.hpp"

#include <utility>

namespace modhost::reload {

namespace {

constexpr char kWhatIsCounted[] = "Reloads of the configuration by result";

void append(std::vector<std::string>& to, std::vector<std::string> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

Error stopping() { return Error{Code::kGone, "the host is stopping: nothing is reloaded any more"}; }

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out.append(out.empty() ? "" : "; ").append(line);
  return out;
}

}  // namespace

Reloader::Reloader(config::Current& current, Steps steps, const Clock& clock, telemetry::Log& log,
                   telemetry::Metrics& metrics, FileWatch::Options watch)
    : current_(current),
      steps_(std::move(steps)),
      clock_(clock),
      log_(log),
      applied_(metrics.counter("reload_total", kWhatIsCounted, {{"result", "applied"}})),
      rejected_(metrics.counter("reload_total", kWhatIsCounted, {{"result", "rejected"}})),
      unchanged_(metrics.counter("reload_total", kWhatIsCounted, {{"result", "unchanged"}})),
      loaded_at_(metrics.gauge("config_loaded_timestamp_seconds",
                               "When the configuration was last read and found good, in unix time")),
      watch_(log, watch, [this] { request("a changed file"); }) {
  loaded_at_.set(static_cast<double>(clock_.unix_now().time_since_epoch().count()) / 1000);
}

Reloader::~Reloader() {
  close();
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  condition_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Reloader::start() {
  thread_ = std::thread([this] { run(); });
  watch_.watch(current_.get()->files);
}

void Reloader::run() {
  for (;;) {
    std::string cause;
    {
      MutexLock lock(mutex_);
      while (!requested_ && !is_stopping_) lock.wait(condition_);
      if (is_stopping_) return;
      cause = *std::exchange(requested_, std::nullopt);
    }
    if (const auto done = reload(cause); !done) continue;  // it is in the log
  }
}

void Reloader::request(const std::string& cause) {
  {
    MutexLock lock(mutex_);
    requested_ = cause;
  }
  condition_.notify_all();
}

Result<config::ReloadReport> Reloader::reload(const std::string& cause) {
  {
    MutexLock lock(mutex_);
    ++under_way_;
  }
  Result<config::ReloadReport> result = stopping();
  {
    MutexLock one(one_at_a_time_);
    bool is_closed = false;
    {
      MutexLock lock(commit_mutex_);
      is_closed = is_closed_;
    }
    if (!is_closed) {
      result = apply(steps_.load());
      report(cause, result);
    }
  }
  {
    MutexLock lock(mutex_);
    --under_way_;
  }
  condition_.notify_all();
  return result;
}

Result<config::ReloadReport> Reloader::apply(Loaded loaded) {
  const config::Snapshot now = current_.get();
  // Those of the configuration in force, too: one that is refused may have named others, or have hidden them.
  FileWatch::Files files = loaded.examined.config.files;
  files.insert(now->files.begin(), now->files.end());
  watch_.watch(std::move(files));
  if (loaded.examined.error) return *std::move(loaded.examined.error);

  config::Config next = std::move(loaded.examined.config);
  config::ReloadReport report;
  report.needs_restart = config::keep_fixed(*now, next);
  append(report.needs_restart, std::move(loaded.needs_restart));
  report.applied = config::differences(*now, next);
  const auto snapshot = std::make_shared<const config::Config>(std::move(next));
  Result<Staged> staged = steps_.stage(snapshot);
  if (!staged) return staged.error();
  append(report.applied, std::move(staged->applied));
  append(report.needs_restart, std::move(staged->needs_restart));
  if (report.applied.empty()) {
    staged->discard();
    return report;
  }
  MutexLock lock(commit_mutex_);
  if (is_closed_) {
    lock.unlock();
    staged->discard();
    return stopping();
  }
  staged->commit(snapshot);
  return report;
}

void Reloader::report(const std::string& cause, const Result<config::ReloadReport>& result) {
  if (!result && result.error().code == Code::kGone) return log_.warn(result.error().message, {{"cause", cause}});
  if (!result) {
    rejected_.add();
    const std::string& problems = result.error().message;
    for (std::size_t begin = 0; begin < problems.size();) {
      const std::size_t end = std::min(problems.find('\n', begin), problems.size());
      log_.error("reload refused, the configuration before stays in force: " + problems.substr(begin, end - begin),
                 {{"cause", cause}});
      begin = end + 1;
    }
    return;
  }
  loaded_at_.set(static_cast<double>(clock_.unix_now().time_since_epoch().count()) / 1000);
  const bool is_applied = !result->applied.empty();
  (is_applied ? applied_ : unchanged_).add();
  if (is_applied)
    log_.info("configuration reloaded", {{"cause", cause}, {"applied", joined(result->applied)}});
  else
    log_.info("configuration read again: nothing to put in force", {{"cause", cause}});
  for (const std::string& what : result->needs_restart)
    log_.warn("takes effect after a restart only: " + what, {{"cause", cause}});
}

void Reloader::close() {
  MutexLock lock(commit_mutex_);
  is_closed_ = true;
}

bool Reloader::wait_idle(Deadline deadline) {
  MutexLock lock(mutex_);
  while (under_way_ > 0) {
    if (deadline.has_passed(clock_)) return false;
    lock.wait_until(condition_, deadline.at());
  }
  return true;
}

}  // namespace modhost::reload
