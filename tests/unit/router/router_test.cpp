#include "router/router.hpp"

namespace modhost::router {
namespace {

config::Config two_modules() {
  config::Config config;
  config.modules["DemoApp"].name = "DemoApp";
  config.modules["Log"].name = "Log";
  config.modules["Bound"].name = "Bound";
  config.modules["Bound"].app = "app_2";
  config.subscriptions["unique.chat.user-message.created"] = "Log";
  return config;
}

Event event(std::string name, std::string reference, std::string app = "app_1") {
  Event made;
  made.name = std::move(name);
  made.reference = std::move(reference);
  made.app = std::move(app);
  return made;
}

TEST(Router, ChosenEventsGoByReferenceOthersBySubscription) {
  const config::Config config = two_modules();
  const Router router(config);
  EXPECT_EQ(router.route(event(kExternalModuleChosen, "DemoApp")), &config.modules.at("DemoApp"));
  EXPECT_EQ(router.route(event("unique.chat.user-message.created", "")), &config.modules.at("Log"));
  EXPECT_EQ(router.route(event("unique.chat.user-message.created", "DemoApp")), &config.modules.at("Log"))
      << "a name in another event's payload routes nothing";
}

TEST(Router, UnknownNamesAreNobodys) {
  const config::Config config = two_modules();
  const Router router(config);
  EXPECT_EQ(router.route(event(kExternalModuleChosen, "demoapp")), nullptr) << "names are case-sensitive";
  EXPECT_EQ(router.route(event(kExternalModuleChosen, "")), nullptr);
  EXPECT_EQ(router.route(event("unique.ingestion.content.finished", "")), nullptr);
}

TEST(Router, AModuleBoundToAnAppTakesOnlyItsEvents) {
  const config::Config config = two_modules();
  const Router router(config);
  EXPECT_EQ(router.route(event(kExternalModuleChosen, "Bound", "app_1")), nullptr);
  EXPECT_NE(router.route(event(kExternalModuleChosen, "Bound", "app_2")), nullptr);
}

}  // namespace
}  // namespace modhost::router
