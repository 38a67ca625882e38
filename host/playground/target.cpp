// Takes request targets apart.
#include "playground/target.hpp"

#include "base/percent.hpp"

namespace modhost::playground {

std::string_view below_base(std::string_view path) {
  for (const std::string_view base : {"/public/chat-gen2", "/public/chat", "/public"}) {
    if (!path.starts_with(base)) continue;
    const std::string_view rest = path.substr(base.size());
    if (rest.empty() || rest.front() == '/') return rest;
  }
  return path;
}

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    if (path.front() == '/') path.remove_prefix(1);
    const std::size_t end = path.find('/');
    segments.push_back(percent_decoded(path.substr(0, end)));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return segments;
}

}  // namespace modhost::playground
