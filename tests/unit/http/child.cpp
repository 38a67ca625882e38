#include "unit/http/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

extern char** environ;

namespace modhost::http::test {

namespace {

constexpr int kChildReads = 198;  // above what the child opens itself, below any limit it is given
constexpr int kChildWrites = 199;

}  // namespace

Child::Child(const std::string& test, const std::vector<std::pair<std::string, std::string>>& environment) {
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0) return;
  const UniqueFd child_reads(to[0]);
  const UniqueFd child_writes(from[1]);
  to_child_ = UniqueFd(to[1]);
  from_child_ = UniqueFd(from[0]);
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, child_reads.get(), kChildReads);
  ::posix_spawn_file_actions_adddup2(&actions, child_writes.get(), kChildWrites);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);

  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  std::vector<char*> all;
  for (char** one = environ; *one != nullptr; ++one) all.push_back(*one);
  for (auto& variable : variables) all.push_back(variable.data());
  all.push_back(nullptr);
  std::string program = "/proc/self/exe";
  std::string filter = "--gtest_filter=" + test;
  std::string disabled = "--gtest_also_run_disabled_tests";
  std::array<char*, 4> arguments{program.data(), filter.data(), disabled.data(), nullptr};
  if (::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), all.data()) != 0) pid_ = -1;
  ::posix_spawn_file_actions_destroy(&actions);
}

Child::~Child() { finish(); }

std::string Child::read_line() {
  for (;;) {
    const auto end = output_.find('\n');
    if (end != std::string::npos) {
      std::string line = output_.substr(0, end);
      output_.erase(0, end + 1);
      return line;
    }
    pollfd readable{from_child_.get(), POLLIN, 0};
    if (::poll(&readable, 1, 60'000) <= 0) return {};
    std::array<char, 256> buffer{};
    const ssize_t count = ::read(from_child_.get(), buffer.data(), buffer.size());
    if (count <= 0) return {};
    output_.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

int Child::finish() {
  to_child_.reset();
  if (pid_ <= 0) return -1;
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void Child::tell(const std::string& line) {
  const std::string text = line + "\n";
  [[maybe_unused]] const auto written = ::write(kChildWrites, text.data(), text.size());
}

void Child::wait_for_end() {
  char byte = 0;
  while (::read(kChildReads, &byte, 1) > 0) {
  }
}

int Child::number(const char* variable) {
  const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): no other thread runs yet
  return value != nullptr ? std::atoi(value) : 0;
}

}  // namespace modhost::http::test
