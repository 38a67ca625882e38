#include "loader/probe.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>

#include "base/unique_fd.hpp"
#include "loader/probe_verdict.hpp"

namespace modhost::loader {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kStderrKept = 4096;

Error probe_failed(std::string_view what, int error) {
  return internal_error("can not be probed: " + std::string(what) + ": " + std::generic_category().message(error));
}

struct Pipe {
  UniqueFd read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return probe_failed("pipe", errno);
  // Only our end may not block; the child's must.
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

class SpawnSetup {
 public:
  SpawnSetup() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

// A child in a process group of its own, with the two pipes and nothing else of ours.
Result<pid_t> spawn(const std::filesystem::path& program, const std::filesystem::path& file, const Pipe& verdict,
                    const Pipe& errors) {
  SpawnSetup setup;
  // Out of the way first: a pipe end may itself be 2 or 3.
  const int verdict_copy = std::max({verdict.write.get(), errors.write.get(), kVerdictFd}) + 1;
  const int errors_copy = verdict_copy + 1;
  ::posix_spawn_file_actions_adddup2(&setup.actions, verdict.write.get(), verdict_copy);
  ::posix_spawn_file_actions_adddup2(&setup.actions, errors.write.get(), errors_copy);
  ::posix_spawn_file_actions_addopen(&setup.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&setup.actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&setup.actions, errors_copy, STDERR_FILENO);
  ::posix_spawn_file_actions_adddup2(&setup.actions, verdict_copy, kVerdictFd);
  ::posix_spawn_file_actions_addclosefrom_np(&setup.actions, kVerdictFd + 1);
  sigset_t none, standard;
  ::sigemptyset(&none);
  ::sigfillset(&standard);
  ::posix_spawnattr_setsigmask(&setup.attributes, &none);
  ::posix_spawnattr_setsigdefault(&setup.attributes, &standard);
  ::posix_spawnattr_setpgroup(&setup.attributes, 0);
  ::posix_spawnattr_setflags(&setup.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string arguments[] = {program.string(), std::string(kProbeCommand), file.string()};
  char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(), nullptr};
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, program.c_str(), &setup.actions, &setup.attributes, argv, environ);
  if (failed != 0) return probe_failed(program.string(), failed);
  return child;
}

// Appends what is there to read, up to `max` bytes kept; false at the end of the stream.
bool drain(int fd, std::string& into, std::size_t max) {
  std::array<char, 4096> chunk;
  for (;;) {
    const ssize_t count = ::read(fd, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count != 0;
    into.append(chunk.data(), static_cast<std::size_t>(count));
    if (into.size() > max) into.erase(0, into.size() - max);  // the last words count
  }
}

struct ChildEnd {
  std::string verdict, errors;
  bool has_hung = false;
  int status = 0;  // as waitpid gives it
};

// Waits for the child, at most until the deadline, then leaves nobody of its group alive.
ChildEnd watch(pid_t child, const Pipe& verdict, const Pipe& errors, steady_clock::time_point deadline) {
  ChildEnd end;
  // Readable when the child ends, even while somebody it started holds the pipes. -1 on old kernels: poll skips it.
  const UniqueFd ended(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  bool verdict_open = true, errors_open = true;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    std::array<pollfd, 3> fds{{{verdict_open ? verdict.read.get() : -1, POLLIN, 0},
                               {errors_open ? errors.read.get() : -1, POLLIN, 0},
                               {ended.get(), POLLIN, 0}}};
    if (left > 0 && ::poll(fds.data(), fds.size(), static_cast<int>(left)) < 0 && errno != EINTR) break;
    verdict_open = verdict_open && drain(verdict.read.get(), end.verdict, kVerdictBytesMax);
    errors_open = errors_open && drain(errors.read.get(), end.errors, kStderrKept);
    if (fds[2].revents != 0 || (!ended.is_open() && !verdict_open && !errors_open)) break;
    if (left <= 0) {
      end.has_hung = true;
      break;
    }
  }
  if (end.has_hung) ::kill(child, SIGKILL);
  siginfo_t info{};
  // Unreaped, its number is still its own, so the group to kill is surely the right one.
  while (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  ::kill(-child, SIGKILL);
  while (::waitpid(child, &end.status, 0) < 0 && errno == EINTR) {
  }
  drain(verdict.read.get(), end.verdict, kVerdictBytesMax);
  drain(errors.read.get(), end.errors, kStderrKept);
  return end;
}

std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return std::string(text.substr(text.find_last_of('\n') + 1));
}

std::string signal_name(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  const char* const words = ::sigdescr_np(signal);
  if (name == nullptr || words == nullptr) return "signal " + std::to_string(signal);
  return "SIG" + std::string(name) + " (" + words + ")";
}

Result<void> explain(const ChildEnd& end, std::chrono::milliseconds timeout) {
  const std::string said = end.errors.empty() ? "" : "; it wrote: " + last_line(end.errors);
  if (end.verdict.size() >= 2) {
    const std::string text = end.verdict.substr(2);
    switch (static_cast<VerdictKind>(end.verdict[0])) {
      case VerdictKind::kLoaded:
        return {};
      case VerdictKind::kRefused:
        return Error{static_cast<Code>(end.verdict[1] - 'a'), text};
      case VerdictKind::kThrew:
        return invalid("can not be loaded: one of its initialisers " + text +
                       "; nothing may be thrown before create() is called");
    }
  }
  if (end.has_hung)
    return Error{Code::kTimeout, "can not be loaded: its initialisers have not come back after " +
                                     std::to_string(timeout.count()) + " ms; move long work to create() or start()" +
                                     said};
  if (WIFSIGNALED(end.status))
    return invalid("can not be loaded: one of its initialisers crashed with " + signal_name(WTERMSIG(end.status)) +
                   said);
  return invalid("can not be loaded: one of its initialisers ended the process with exit code " +
                 std::to_string(WEXITSTATUS(end.status)) + said);
}

}  // namespace

Result<void> probe(const std::filesystem::path& file, const ProbeOptions& options) {
  const auto deadline = steady_clock::now() + options.timeout;
  auto verdict = make_pipe();
  if (!verdict) return std::move(verdict).error();
  auto errors = make_pipe();
  if (!errors) return std::move(errors).error();
  const auto child = spawn(options.program, file, *verdict, *errors);
  verdict->write.reset();
  errors->write.reset();
  if (!child) return child.error();
  return explain(watch(*child, *verdict, *errors, deadline), options.timeout);
}

}  // namespace modhost::loader
