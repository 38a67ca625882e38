#include "router/router.hpp"

namespace modhost::router {
namespace {

config::Current two_modules() {
  config::Config config;
  config.modules["DemoApp"].name = "DemoApp";
  config.modules["Log"].name = "Log";
  config.modules["Bound"].name = "Bound";
  config.modules["Bound"].app = "app_2";
  config.subscriptions["unique.chat.user-message.created"] = "Log";
  return config::Current(std::make_shared<const config::Config>(std::move(config)));
}

Event event(std::string name, std::string reference, std::string app = "app_1") {
  Event made;
  made.name = std::move(name);
  made.reference = std::move(reference);
  made.app = std::move(app);
  return made;
}

std::string name_of(const config::ModulePtr& module) { return module == nullptr ? "nobody" : module->name; }

TEST(Router, ChosenEventsGoByReferenceOthersBySubscription) {
  const config::Current config = two_modules();
  const Router router(config);
  EXPECT_EQ(name_of(router.route(event(kExternalModuleChosen, "DemoApp"))), "DemoApp");
  EXPECT_EQ(name_of(router.route(event("unique.chat.user-message.created", ""))), "Log");
  EXPECT_EQ(name_of(router.route(event("unique.chat.user-message.created", "DemoApp"))), "Log")
      << "a name in another event's payload routes nothing";
}

TEST(Router, UnknownNamesAreNobodys) {
  const config::Current config = two_modules();
  const Router router(config);
  EXPECT_EQ(router.route(event(kExternalModuleChosen, "demoapp")), nullptr) << "names are case-sensitive";
  EXPECT_EQ(router.route(event(kExternalModuleChosen, "")), nullptr);
  EXPECT_EQ(router.route(event("unique.ingestion.content.finished", "")), nullptr);
}

TEST(Router, AModuleBoundToAnAppTakesOnlyItsEvents) {
  const config::Current config = two_modules();
  const Router router(config);
  EXPECT_EQ(router.route(event(kExternalModuleChosen, "Bound", "app_1")), nullptr);
  EXPECT_NE(router.route(event(kExternalModuleChosen, "Bound", "app_2")), nullptr);
}

TEST(Router, AReloadTakesPlaceBetweenTwoEvents) {
  config::Current config = two_modules();
  const Router router(config);
  const config::ModulePtr before = router.route(event(kExternalModuleChosen, "DemoApp"));
  config::Config next = *config.get();
  next.modules["DemoApp"].on_failure = "another text";
  next.modules["New"].name = "New";
  next.modules.erase("Log");
  next.subscriptions["unique.chat.user-message.created"] = "New";
  config.set(std::make_shared<const config::Config>(std::move(next)));
  EXPECT_EQ(name_of(router.route(event("unique.chat.user-message.created", ""))), "New");
  EXPECT_EQ(name_of(router.route(event(kExternalModuleChosen, "Log"))), "nobody");
  EXPECT_EQ(router.route(event(kExternalModuleChosen, "DemoApp"))->on_failure, "another text");
  EXPECT_NE(before->on_failure, "another text") << "what was routed before keeps what it began with";
}

}  // namespace
}  // namespace modhost::router
