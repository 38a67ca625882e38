// Named places on an event's path where a test kills the process or makes a step fail. The product is linked with
// fault_point.cpp, where both do nothing and read nothing: no variable can arm it. modhost-faults, the same program for
// tests, is linked with tests/faults/armed_fault_points.cpp instead.
#pragma once

namespace modhost {

// May not return. A literal, "<room>.<what has just happened>", once in the source: a test lists them. [any thread]
void fault_point(const char* name) noexcept;

// The same, and true when the step that follows shall fail. [any thread]
[[nodiscard]] bool fails_at(const char* name) noexcept;

}  // namespace modhost
