// The demo module of the platform's "first module" guide: it says hello and repeats what the user wrote.
#include <modhost/sdk/plugin.hpp>
#include <modhost/unique/message.hpp>

namespace {

struct DemoApp {
  static constexpr unsigned kThreadsMax = modhost::kAnyThreads;

  modhost::Async<modhost::Outcome> on_event(modhost::Event event) {
    if (event.name() != modhost::kExternalModuleChosen) co_return {};
    const std::string said = event.payload()["userMessage"]["text"].text();
    co_return co_await modhost::unique::Message::create(event,
                                                        {.text = "Hello from the Assistant Demo! 🚀 echo " + said});
  }
};

}  // namespace

MODHOST_PLUGIN(DemoApp, "org.modhost.demo-app", "1.0.0", "Says hello and repeats what the user wrote.");
