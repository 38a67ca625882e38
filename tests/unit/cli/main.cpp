// gtest's main, and the child that maps a plugin first: `check` starts this program for it.
#include <gtest/gtest.h>

#include "loader/probe.hpp"

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == modhost::loader::kProbeCommand) return modhost::loader::probe_main(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
