// Takes request targets apart.
#include "playground/target.hpp"

namespace modhost::playground {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view below_base(std::string_view path) {
  for (const std::string_view base : {"/public/chat-gen2", "/public/chat", "/public"}) {
    if (!path.starts_with(base)) continue;
    const std::string_view rest = path.substr(base.size());
    if (rest.empty() || rest.front() == '/') return rest;
  }
  return path;
}

std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    if (path.front() == '/') path.remove_prefix(1);
    const std::size_t end = path.find('/');
    segments.push_back(percent_decode(path.substr(0, end)));
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return segments;
}

std::vector<std::pair<std::string, std::string>> query_of(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view one = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (one.empty()) continue;
    const std::size_t equals = one.find('=');
    pairs.emplace_back(percent_decode(one.substr(0, equals)),
                       equals == std::string_view::npos ? std::string() : percent_decode(one.substr(equals + 1)));
  }
  return pairs;
}

}  // namespace modhost::playground
