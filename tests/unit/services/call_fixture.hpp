// The services of one instance over a fake client and a lane that runs when the test says so.
#pragma once

#include <gtest/gtest.h>

#include <mutex>

#include "manual_threads.hpp"
#include "services/host_record.hpp"
#include "services/instance_services.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_http_client.hpp"
#include "support/fake_journal.hpp"
#include "support/fake_key_values.hpp"
#include "support/fake_open_steps.hpp"
#include "support/gate.hpp"

namespace modhost::services {

// Writes down what a call tells: "head 200", "data abc", "done 0".
class Notes final : public CallListener {
 public:
  modhost_status on_head(Handle, int status, const HeaderList& headers) override {
    {
      std::lock_guard lock(mutex_);
      headers_ = headers;
    }
    return add("head " + std::to_string(status));
  }
  modhost_status on_data(Handle, std::string_view chunk) override { return add("data " + std::string(chunk)); }
  void on_done(Handle, modhost_status result, std::string_view) override { add("done " + std::to_string(result)); }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
  }
  [[nodiscard]] HeaderList headers() const {
    std::lock_guard lock(mutex_);
    return headers_;
  }
  modhost_status answer = MODHOST_OK;

 private:
  modhost_status add(std::string line) {
    std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    return answer;
  }
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  HeaderList headers_;
};

class CallTest : public testing::Test {
 public:
  CallTest() {
    config_.apps.emplace_back();
    config_.apps.back().id = "app_1";
    config_.apps.back().api_base = "https://api.example.com/public";
    config_.apps.back().api_key = Secret("ukey_test");
    module_.name = "module";
  }
  // As at the end of an instance: what is still under way ends, or its calls would keep each other alive.
  ~CallTest() override {
    if (services_) services_->close();
    lane_.run();
  }
  CallTest(const CallTest&) = delete;
  CallTest& operator=(const CallTest&) = delete;

 protected:
  // Once, after module_ is as the test wants it.
  InstanceServices& services() {
    if (!services_)
      services_.emplace(
          module_, shared_, std::uint16_t{5},
          InstanceServices::Hooks{[this](OpenEvent&, EventEnd end) { ends_.push_back(std::move(end)); }, [] {},
                                  [this](std::function<void()> task) { return lane_.post(std::move(task)); },
                                  timers_.hooks()});
    return *services_;
  }
  const modhost_host* host() {
    if (record_ == nullptr) record_ = &HostRecord::make(module_.name, services());
    return record_->host();
  }

  std::shared_ptr<OpenEvent> begin_event(std::chrono::milliseconds time = std::chrono::minutes(5),
                                         std::int64_t journal_seq = 7) {
    Event event;
    event.app = "app_1";
    event.id = "evt_1";
    event.user_id = "user_1";
    event.company_id = "company_1";
    event.assistant_message_id = "msg_answer";
    auto open = std::make_shared<OpenEvent>(std::move(event), 1, Deadline::after(clock_, std::chrono::minutes(10)),
                                            journal_seq);
    EXPECT_TRUE(services().events.admit(open));
    EXPECT_TRUE(open->begin(Deadline::after(clock_, time)));
    return open;
  }
  HttpCall call_for(const OpenEvent& event) {
    HttpCall call;
    call.is_platform = true;
    call.method = "GET";
    call.target = "/messages?chatId=chat_1";
    call.event = event.id();
    return call;
  }

  test::FakeClock clock_;
  config::Config config_;
  config::ModuleConfig module_;
  telemetry::Log log_{config::LogConfig{}};
  test::FakeHttpClient client_;
  telemetry::Metrics metrics_;
  test::FakeJournal journal_;
  test::FakeKeyValues key_values_;
  test::FakeOpenSteps open_steps_;
  config::Current current_{config::Snapshot(config::Snapshot(), &config_)};  // as a test leaves it
  Shared shared_{clock_, log_, client_, current_, metrics_, {journal_, key_values_, open_steps_}};
  ManualLane lane_;
  ManualTimers timers_;
  std::vector<EventEnd> ends_;
  std::optional<InstanceServices> services_;
  HostRecord* record_ = nullptr;
};

}  // namespace modhost::services
