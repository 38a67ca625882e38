// Work without an event: soon, later and again and again, and gone with its owner.
#include <future>

#include "sdk_support.hpp"

namespace {

using namespace sdk_test;

// An instance whose constructor is the test's.
struct Owns {
  using Setup = std::function<void(const Host&, std::vector<Task>&)>;
  explicit Owns(const Host& host) { setup(host, tasks); }
  Outcome on_event(const Event&) {
    tasks.clear();
    return {};
  }
  static inline Setup setup;
  std::vector<Task> tasks;
};
constexpr modhost_plugin kOwns = detail::make_table<Owns>("org.modhost.test", "1.0.0");

void log_when_due(FakeHost& host, std::size_t lines) {
  while (host.logs().size() < lines) host.advance(100ms);
}

TEST(Task, RunsSoonLaterAndAgainUntilItsOwnerIsGone) {
  FakeHost host;
  Owns::setup = [](const Host& to, std::vector<Task>& tasks) {
    const auto say = [to](const char* what) { return [to, what] { to.log().info(what); }; };
    tasks.push_back(to.submit(say("soon")).value());
    tasks.push_back(to.after(1s, say("later")).value());
    tasks.push_back(to.every(2s, say("again")).value());
    tasks.push_back(to.after(24h * 365 * 10, say("never")).value());
  };
  PluginUnderTest plugin(host, kOwns);
  host.await_logs(1);
  log_when_due(host, 5);
  Lines first = logged(host);  // more may have come meanwhile
  first.resize(5);
  EXPECT_EQ(first, (Lines{"soon", "later", "again", "again", "again"}));
  EXPECT_EQ(host.logs()[2].event, 0u);
  EXPECT_EQ(plugin.run(FakeEvent::chat("drop them")).status, MODHOST_OK);
  const std::size_t lines = host.logs().size();
  host.advance(2h);
  host.settle();
  EXPECT_EQ(host.logs().size(), lines);
}

TEST(Task, WhatItThrowsIsALineInTheLog) {
  FakeHost host;
  int runs = 0;
  Owns::setup = [&runs](const Host& to, std::vector<Task>& tasks) {
    tasks.push_back(to.every(1s, [&runs] {
                        if (++runs == 1) throw std::runtime_error("no money left");
                        throw Error(failed("none at all"));
                      }).value());
  };
  PluginUnderTest plugin(host, kOwns);
  log_when_due(host, 2);
  EXPECT_EQ(host.logs()[0].message, "a task failed: no money left");
  EXPECT_EQ(host.logs()[0].level, MODHOST_LOG_ERROR);
  EXPECT_EQ(host.logs()[1].message, "a task failed: none at all");
}

TEST(Task, DroppingWaitsForWhatRuns) {
  FakeHost host;
  const Host lent(host.raw());
  std::promise<void> begun, go_on;
  std::atomic<bool> is_done{false};
  std::optional<Task> task = lent.submit([&] {
                                   begun.set_value();
                                   go_on.get_future().wait();
                                   is_done = true;
                                 })
                                 .value();
  begun.get_future().wait();
  std::thread dropping([&] {
    task.reset();
    EXPECT_TRUE(is_done);
  });
  go_on.set_value();
  dropping.join();
}

TEST(Task, MayDropItself) {
  FakeHost host;
  const Host lent(host.raw());
  Task task;
  std::promise<void> set;
  task = lent.every(1s,
                    [&] {
                      set.get_future().wait();
                      task.cancel();
                      lent.log().info("once");
                    })
             .value();
  set.set_value();
  host.advance(1s);
  host.await_logs(1);
  host.advance(1h);
  host.settle();
  EXPECT_EQ(logged(host), (Lines{"once"}));
}

TEST(Task, CallsWithoutAnEvent) {
  FakeHost host;
  const Host lent(host.raw());
  host.answer("GET", "https://rates.example.com", Answer{.body = R"({"chf": 1.1})"});
  host.answer("GET", "/users", Answer{.result = MODHOST_E_DENIED, .is_refused = true});
  const Task task = lent.submit([lent] {
                          HttpRequest request;
                          request.target = "https://rates.example.com/today";
                          request.is_platform_call = false;
                          lent.log().info(lent.http().send(std::move(request)).get().value().body);
                          lent.api().get("/users").get().value();
                        })
                        .value();
  host.await_logs(2);
  EXPECT_EQ(host.calls().at(0).event, 0u);
  EXPECT_EQ(logged(host).at(0), R"({"chf": 1.1})");
  EXPECT_TRUE(logged(host).at(1).starts_with("a task failed: GET /users: not granted")) << logged(host).at(1);
}

TEST(Task, IsNotTakenByAnInstanceThatStops) {
  FakeHost host;
  modhost_status refused = MODHOST_OK;
  Owns::setup = [&](const Host& to, std::vector<Task>& tasks) {
    EXPECT_EQ(to.every(0ms, [] {}).failure().status, MODHOST_E_INVALID);
    tasks.push_back(to.after(1h, [] { ADD_FAILURE() << "not at the end"; }).value());
  };
  { PluginUnderTest plugin(host, kOwns); }
  static constexpr modhost_task_service kClosed{
      sizeof kClosed, 0,
      [](const modhost_host*, modhost_task_fn, void*) noexcept -> modhost_status { return MODHOST_E_CLOSED; },
      [](const modhost_host*, std::int64_t, modhost_task_fn, void*, modhost_timer_id*) noexcept -> modhost_status {
        return MODHOST_E_FULL;
      },
      nullptr};
  detail::Services services = Host(host.raw()).services();
  services.task = &kClosed;
  refused = Task::make(
                services, [] {}, 0ms, 0ms)
                .failure()
                .status;
  EXPECT_EQ(refused, MODHOST_E_CLOSED);
  EXPECT_EQ(Task::make(
                services, [] {}, 1ms, 0ms)
                .failure()
                .status,
            MODHOST_E_FULL);
}

}  // namespace
