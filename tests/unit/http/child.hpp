// This test binary started once more, to run one of its disabled tests in a process of its own: with its own descriptor
// limit, or as the other end of thousands of connections.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"

namespace modhost::http::test {

class Child {
 public:
  // The test's full name, e.g. "Child.DISABLED_HoldsConnections", and variables for its environment.
  Child(const std::string& test, const std::vector<std::pair<std::string, std::string>>& environment);
  ~Child();  // finish()
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  std::string read_line();  // of what the child tells; empty at its end
  int finish();             // lets it come to its end and waits; its exit status

  // In the child:
  static void tell(const std::string& line);
  static void wait_for_end();  // until the parent calls finish()
  static int number(const char* variable);

 private:
  pid_t pid_ = -1;
  UniqueFd to_child_;
  UniqueFd from_child_;
  std::string output_;
};

}  // namespace modhost::http::test
