// The fault points of modhost-faults. MODHOST_FAULT_POINT says which one acts: "<name>@<n>=kill" ends the process with
// SIGKILL when it is reached for the n-th time, "=fail" makes that step fail once, "=break" from then on each time.
// MODHOST_FAULT_TRACE names a file that gets the name of every point that is reached, once each.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "base/fault_point.hpp"

namespace modhost {

namespace {

enum class Action { kNone, kKill, kFail, kBreak };

struct Armed {
  std::string name;
  long at = 1;
  Action action = Action::kNone;
  std::atomic<long> reached = 0;

  Armed() {
    const char* const text = std::getenv("MODHOST_FAULT_POINT");
    if (text == nullptr || *text == 0) return;
    const std::string_view all = text;
    const std::size_t count = all.find('@'), what = all.find('=');
    const std::string_view word = what == std::string_view::npos ? std::string_view() : all.substr(what + 1);
    name = all.substr(0, std::min(count, what));
    at = count < what ? std::strtol(text + count + 1, nullptr, 10) : 1;
    action = word == "kill"    ? Action::kKill
             : word == "fail"  ? Action::kFail
             : word == "break" ? Action::kBreak
                               : Action::kNone;
    if (action != Action::kNone && at > 0) return;
    std::fprintf(stderr, "MODHOST_FAULT_POINT=%s is not <name>@<n>=kill|fail|break\n", text);
    std::_Exit(2);
  }
};

// Function-local: the first point may be reached before main() or on any thread.
Armed& armed() {
  static Armed the;
  return the;
}

// One line a name: points are literals, so most are known again by their address, and a name twice does no harm.
class Trace {
 public:
  Trace() {
    const char* const file = std::getenv("MODHOST_FAULT_TRACE");
    if (file != nullptr && *file != 0) fd_ = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }
  void note(const char* name) {
    if (fd_ < 0) return;
    for (std::atomic<const char*>& known : known_) {
      const char* at = known.load();
      if (at == nullptr && known.compare_exchange_strong(at, name)) {
        const std::string line = std::string(name) + "\n";
        if (::write(fd_, line.data(), line.size()) < 0) std::perror("MODHOST_FAULT_TRACE");
        return;
      }
      if (at == name) return;
    }
  }

 private:
  int fd_ = -1;
  std::array<std::atomic<const char*>, 256> known_{};
};

Trace& trace() {
  static Trace the;
  return the;
}

bool acts(const char* name) {
  trace().note(name);
  Armed& fault = armed();
  if (fault.action == Action::kNone || fault.name != name) return false;
  const long reached = ++fault.reached;
  if (fault.action == Action::kBreak ? reached < fault.at : reached != fault.at) return false;
  if (fault.action != Action::kKill) return true;
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();  // nothing happens on this thread while the signal is on its way
}

}  // namespace

void fault_point(const char* name) noexcept { static_cast<void>(acts(name)); }
bool fails_at(const char* name) noexcept { return acts(name); }

}  // namespace modhost
