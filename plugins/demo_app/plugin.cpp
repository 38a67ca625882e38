// The demo module of the platform's "first module" guide: it says hello and repeats what the user wrote.
#include <modhost/sdk/plugin.hpp>
#include <modhost/unique/message.hpp>

namespace {

struct DemoApp {
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  modhost::Outcome on_event(const modhost::Event& event) {
    if (event.name() != modhost::kExternalModuleChosen) return {};
    const std::string said = event.payload()["userMessage"]["text"].text();
    return modhost::unique::Message::create(event, {.text = "Hello from the Assistant Demo! 🚀 echo " + said});
  }
};

}  // namespace

MODHOST_PLUGIN(DemoApp, "org.modhost.demo-app", "1.0.0", "Says hello and repeats what the user wrote.");
