// A plugin file, made alive on a fake host.
#pragma once

#include <dlfcn.h>

#include <filesystem>
#include <list>
#include <memory>

#include "modhost/testing/fake_event.hpp"
#include "modhost/testing/fake_host_impl.hpp"

namespace modhost::testing {

// Makes and starts one instance of a plugin; for one thread. A failure is a std::runtime_error with the plugin's words.
class PluginUnderTest {
 public:
  PluginUnderTest(FakeHost& host, const std::filesystem::path& file) : host_(host) {
    library_.reset(::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL));
    if (!library_) throw std::runtime_error(::dlerror());
    const auto* const entry = static_cast<const modhost_entry*>(::dlsym(library_.get(), "modhost_entry_v1"));
    if (entry == nullptr) throw std::runtime_error("the file has no modhost_entry_v1");
    make(*entry->plugin);
  }
  // A plugin that is compiled into the test.
  PluginUnderTest(FakeHost& host, const modhost_plugin& table) : host_(host) { make(table); }
  PluginUnderTest(const PluginUnderTest&) = delete;
  PluginUnderTest& operator=(const PluginUnderTest&) = delete;
  ~PluginUnderTest() {
    const auto stop_by = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    if (plugin_->stop != nullptr)
      plugin_->stop(instance_, std::chrono::nanoseconds(stop_by.time_since_epoch()).count());
    host_.settle();
    plugin_->destroy(instance_);
  }

  struct Running {
    modhost_event_id event = 0;
    modhost_status returned = MODHOST_OK;
  };
  // Hands the plugin one event on this thread; it may go on after this.
  Running begin(const FakeEvent& event) {
    const FakeEvent& kept = events_.emplace_back(event);  // lent to the plugin, which may be late
    const modhost_event& raw = raw_.emplace_back(kept.raw());
    const modhost_event_id handle = host_.begin();
    return {handle, plugin_->on_event(instance_, handle, &raw)};
  }
  Ended await(const Running& running, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    return host_.await(running.event, running.returned, limit);
  }
  Ended run(const FakeEvent& event, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    return await(begin(event), limit);
  }
  // The host wants the result no longer.
  void cancel(const Running& running, std::int32_t reason) {
    host_.cancel(reason);
    if (plugin_->on_cancel != nullptr) plugin_->on_cancel(instance_, running.event, reason);
  }
  [[nodiscard]] const modhost_plugin& table() const { return *plugin_; }
  [[nodiscard]] modhost_instance* instance() const { return instance_; }

 private:
  struct Close {
    void operator()(void* library) const { ::dlclose(library); }
  };
  void make(const modhost_plugin& table) {
    plugin_ = &table;
    const std::string config = host_.config().dump();
    modhost_settings settings{sizeof settings, 1, 64, 0, to_str(config)};
    modhost_error error{};
    error.struct_size = sizeof error;
    require(plugin_->create(host_.raw(), &settings, &instance_, &error), "create", error);
    if (plugin_->start == nullptr) return;
    const modhost_status started = plugin_->start(instance_, &error);
    if (started < 0) plugin_->destroy(instance_);
    require(started, "start", error);
  }
  static void require(modhost_status status, const char* function, const modhost_error& error) {
    if (status >= 0) return;
    throw std::runtime_error(std::string(function) + " failed with " + std::to_string(status) + ": " +
                             std::string(error.message, error.message_len));
  }
  FakeHost& host_;
  std::unique_ptr<void, Close> library_;
  const modhost_plugin* plugin_ = nullptr;
  modhost_instance* instance_ = nullptr;
  std::list<FakeEvent> events_;
  std::list<modhost_event> raw_;
};

}  // namespace modhost::testing
