// The signals that the host knows, blocked in every thread and fetched by the main one.
#pragma once

#include <signal.h>

#include <chrono>
#include <functional>

namespace modhost {

class Signals {
 public:
  Signals() {
    for (sigset_t* set : {&known_, &stop_}) ::sigemptyset(set);
    for (const int signal : {SIGTERM, SIGINT}) {
      ::sigaddset(&known_, signal);
      ::sigaddset(&stop_, signal);
    }
    ::sigaddset(&known_, SIGHUP);
    // For good: one that is pending at the end must not turn a clean exit into a kill.
    ::pthread_sigmask(SIG_BLOCK, &known_, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);  // a file size limit is a full disk to the journal, not an end
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Returns with SIGTERM or SIGINT, or when the terminal has gone, which the kernel says by a SIGHUP of its own;
  // `reload` is called for each SIGHUP of somebody else until then.
  void wait(const std::function<void()>& reload) const {
    for (;;) {
      siginfo_t info{};
      const int signal = ::sigwaitinfo(&known_, &info);
      if (signal == SIGTERM || signal == SIGINT) return;
      if (signal == SIGHUP && info.si_code == SI_KERNEL) return;
      if (signal == SIGHUP) reload();
    }
  }
  // True when a further SIGTERM or SIGINT came within the time. SIGHUP stays blocked and so without effect.
  [[nodiscard]] bool stop_comes_within(std::chrono::milliseconds time) const {
    const timespec limit{static_cast<time_t>(time.count() / 1000), static_cast<long>(time.count() % 1000) * 1'000'000};
    return ::sigtimedwait(&stop_, nullptr, &limit) > 0;
  }

 private:
  sigset_t known_{}, stop_{};
};

}  // namespace modhost
