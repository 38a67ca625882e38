#include <cxxabi.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <string>
#include <typeinfo>

#include "loader/mapped_library.hpp"
#include "loader/probe.hpp"
#include "loader/probe_verdict.hpp"

namespace modhost::loader {
namespace {

[[noreturn]] void report(VerdictKind kind, Code code, std::string_view text) {
  std::string verdict{static_cast<char>(kind), static_cast<char>('a' + static_cast<int>(code))};
  verdict += text.substr(0, kVerdictBytesMax - verdict.size());
  // One write below PIPE_BUF: all of it or nothing.
  const ssize_t written = ::write(kVerdictFd, verdict.data(), verdict.size());
  ::_exit(written < 0 ? 1 : 0);  // without the finalisers of a library we do not trust
}

std::string type_name(const std::type_info& type) {
  int status = 0;
  char* const readable = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string name = readable == nullptr ? type.name() : readable;
  std::free(readable);  // NOLINT: the C++ runtime's malloc
  return name;
}

// Reached when nothing caught what an initialiser threw.
[[noreturn]] void report_terminate() {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (type == nullptr) report(VerdictKind::kThrew, Code::kInvalid, "called std::terminate");
  std::string text = "threw " + type_name(*type);
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::exception& thrown) {
    text += std::string(": ") + thrown.what();
  } catch (...) {
  }
  report(VerdictKind::kThrew, Code::kInvalid, text);
}

}  // namespace

int probe_main(int argc, char** argv) {
  if (argc != 3) return 2;
  ::alarm(kChildSecondsMax);  // should the parent be gone
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP})
    static_cast<void>(std::signal(signal, SIG_DFL));
  std::set_terminate(report_terminate);
  try {
    auto library = MappedLibrary::map(argv[2]);
    if (!library) report(VerdictKind::kRefused, library.error().code, library.error().message);
    auto plugin = library->import();
    if (!plugin) report(VerdictKind::kRefused, plugin.error().code, plugin.error().message);
  } catch (...) {
    report_terminate();
  }
  report(VerdictKind::kLoaded, Code::kInternal, "");
}

}  // namespace modhost::loader
