// What a command talks to: standard streams in the program, strings in a test. And the exit codes, which scripts rely
// on.
#pragma once

#include <istream>
#include <ostream>
#include <string_view>

namespace modhost::cli {

enum ExitCode : int { kOk = 0, kFailed = 1, kUsage = 2, kPartial = 3, kUnreachable = 4 };

struct Terminal {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

// "modhost: message" on err, or {"error": message} on out; returns `code`.
int fail(Terminal& terminal, bool json, std::string_view message, ExitCode code = kFailed);

}  // namespace modhost::cli
