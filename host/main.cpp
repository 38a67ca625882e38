// The command line in, one exit code out.
#include <exception>
#include <iostream>

#include "cli/cli.hpp"

int main(int argc, char** argv) {
  try {
    return modhost::cli::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "modhost: a fault of modhost itself: " << error.what() << '\n';
  } catch (...) {
    std::cerr << "modhost: a fault of modhost itself, of unknown kind\n";
  }
  return 1;
}
