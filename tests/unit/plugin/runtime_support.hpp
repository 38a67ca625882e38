// What tests of running plugins share besides the fixture: collected outcomes, sample events, plugins by table or
// folder.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "plugin/in_process_runtime.hpp"
#include "support/gate.hpp"

namespace modhost::plugin {

// The outcomes of submitted attempts, by their number.
class Outcomes {
 public:
  OutcomeListener listener(int number) {
    return [this, number](Outcome outcome) {
      std::lock_guard lock(mutex_);
      outcomes_[number].push_back(std::move(outcome));
      changed_.notify_all();
    };
  }
  // Waits, bounded. An outcome that never comes is a crash of the test, not a hang.
  Outcome wait(int number) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return !outcomes_[number].empty(); });
    return outcomes_[number].at(0);
  }
  std::size_t count(int number) {
    std::lock_guard lock(mutex_);
    return outcomes_[number].size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int, std::vector<Outcome>> outcomes_;
};

inline Event sample_event(int number) {
  Event event;
  event.app = "app_1";
  event.id = "evt_" + std::to_string(number);
  event.name = kExternalModuleChosen;
  event.reference = "module";
  event.user_id = "user_1";
  event.company_id = "company_1";
  event.chat_id = "chat_1";
  event.assistant_message_id = "msg_answer";
  event.body = R"({"id":")" + event.id + R"(","payload":{"text":"hello"}})";
  return event;
}

// A table written in the test.
inline std::shared_ptr<const loader::LoadedPlugin> plugin_of(const modhost_plugin& table, std::string schema = {}) {
  auto plugin = std::make_shared<loader::LoadedPlugin>();
  plugin->table = table;
  plugin->name = "under_test";
  plugin->version = "1.0.0";
  plugin->config_schema = std::move(schema);
  return plugin;
}

// A folder of tests/plugins. Mapped for good, as by the host.
inline std::shared_ptr<const loader::LoadedPlugin> fault(const std::string& folder) {
  const std::string file = std::string(MODHOST_BINARY_DIR "/tests/plugins/") + folder + ".so";
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) throw std::runtime_error(::dlerror());
  const auto* entry = static_cast<const modhost_entry*>(::dlsym(library, "modhost_entry_v1"));
  ::dlclose(library);  // stays mapped
  return plugin_of(*entry->plugin);
}

}  // namespace modhost::plugin
