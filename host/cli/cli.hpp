// The command line: `modhost run | dev | check | send | sign | verify | version`, and the commands of operators.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.hpp"

namespace modhost::cli {

// Does what the arguments say; the exit code: 0 ok, 1 failed, 2 usage, 3 partial, 4 unreachable.
int run_command_line(int argc, char** argv);

// The same over other streams; args without the program's name.
int run_command_line(std::vector<std::string> args, Terminal& terminal);

}  // namespace modhost::cli
