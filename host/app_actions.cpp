#include "app_actions.hpp"

#include <string>

#include "dispatch/ending.hpp"

namespace modhost {

namespace {

std::string sentence(const config::ReloadReport& report) {
  std::string text;
  const auto list = [&text](const char* title, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) text.append(text.empty() ? "" : "; ").append(title).append(line);
  };
  list("", report.applied);
  list("needs a restart: ", report.needs_restart);
  return text.empty() ? "nothing has changed" : text;
}

}  // namespace

std::vector<plugin::RuntimeStatus> module_states(const OperatedParts& parts) {
  std::vector<plugin::RuntimeStatus> states = parts.plugins->status();
  for (plugin::RuntimeStatus& state : states) state.held = parts.dispatcher->is_held(state.module);
  return states;
}

admin::Actions operator_actions(OperatedParts parts) {
  admin::Actions actions;
  actions.cancelled_ending = [parts](const Event& event, const std::string& module, bool turn_completed) {
    const config::ModulePtr found = config::module_of(parts.config->get(), module);
    plugin::Outcome outcome;
    outcome.turn_completed = turn_completed;
    return dispatch::ending_for(found == nullptr ? config::ModuleConfig() : *found, event, journal::State::kCancelled,
                                outcome, parts.clock.unix_now());
  };
  actions.cancel_running = [parts](const std::string& module, journal::EventSeq seq) {
    if (plugin::PluginRuntime* const runtime = parts.plugins->find(module); runtime != nullptr)
      runtime->cancel(seq, plugin::CancelReason::kOperator);
  };
  actions.forget = [parts](journal::EventSeq seq) { parts.dispatcher->forget(seq); };
  actions.pause = [parts](const std::string& module) { parts.dispatcher->pauses().pause(module); };
  actions.resume = [parts](const std::string& module) {
    parts.dispatcher->pauses().resume(module);
    parts.dispatcher->wake();
  };
  actions.reload = [parts]() -> Result<std::string> {
    auto report = parts.reloader->reload("operator");
    if (!report) return std::move(report.error());
    return sentence(*report);
  };
  return actions;
}

}  // namespace modhost
