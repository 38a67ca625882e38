// `modhost check`: everything that can be known before `run`, one line each.
#include "cli/findings.hpp"
#include "cli/json.hpp"
#include "cli/options.hpp"
#include "config/load.hpp"
#include "config/values.hpp"

namespace modhost::cli {
namespace {

std::string_view word(Level level) { return level == Level::kOk ? "OK" : level == Level::kWarning ? "WARN" : "ERROR"; }

std::string in_words(std::size_t count, std::string_view thing) {
  return std::to_string(count) + " " + std::string(thing) + (count == 1 ? "" : "s");
}

int print(const CheckOptions& options, const Findings& findings, const config::Config* config, Terminal& terminal) {
  std::size_t errors = 0, warnings = 0;
  for (const Finding& finding : findings) {
    errors += finding.level == Level::kError ? 1 : 0;
    warnings += finding.level == Level::kWarning ? 1 : 0;
  }
  const int code = errors == 0 ? kOk : kFailed;
  if (options.json) {
    JsonObject out;
    out.field("ok", errors == 0).field("errors", errors).field("warnings", warnings).begin_list("findings");
    for (const Finding& finding : findings)
      out.begin_object()
          .field("level", word(finding.level))
          .field("about", finding.about)
          .field("what", finding.what)
          .end_object();
    out.end_list();
    if (options.show && config != nullptr) out.field("config", config::describe(*config));
    terminal.out << out.finish() << '\n';
    return code;
  }
  for (const Finding& finding : findings) {
    std::string level(word(finding.level));
    level.resize(6, ' ');
    terminal.out << level << finding.about << ": " << finding.what << '\n';
  }
  if (options.show && config != nullptr) terminal.out << '\n' << config::describe(*config);
  terminal.out << '\n' << in_words(errors, "error") << ", " << in_words(warnings, "warning") << '\n';
  return code;
}

}  // namespace

int run_check(const CheckOptions& options, Terminal& terminal) {
  config::LoadOptions load;
  load.file = options.config;
  const config::Examined examined = config::examine(load);
  const config::Config& config = examined.config;
  Findings findings;
  for (const config::Problem& problem : examined.problems)
    findings.push_back(
        {problem.severity == config::Severity::kError ? Level::kError : Level::kWarning, "config", to_string(problem)});
  const bool is_good = !examined.error;
  if (is_good)
    findings.insert(findings.begin(), {Level::kOk, "config",
                                       config.file.string() + ": " + in_words(config.apps.size(), "app") + ", " +
                                           in_words(config.modules.size(), "module")});
  // What could be read is looked at all the same, but not a file that could not.
  if (config.file.empty()) return print(options, findings, nullptr, terminal);
  if (is_good) check_apps(config, SystemClock().unix_now(), findings);
  check_plugins(config, findings);
  check_ports(config, findings);
  check_state(config, findings);
  check_descriptors(config, findings);
  check_clock(findings);
  return print(options, findings, &config, terminal);
}

}  // namespace modhost::cli
