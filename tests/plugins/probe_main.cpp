// The smallest program that can be the loader's probe child, for tests that are not the modhost binary.
#include "loader/probe.hpp"

int main(int argc, char** argv) { return modhost::loader::probe_main(argc, argv); }
