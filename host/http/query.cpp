#include "http/query.hpp"

#include <algorithm>

#include "base/percent.hpp"

namespace modhost::http {

namespace {

std::string form_decoded(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decoded(spaced);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    pairs.emplace_back(form_decoded(pair.substr(0, equals)),
                       equals == std::string_view::npos ? std::string() : form_decoded(pair.substr(equals + 1)));
  }
  return pairs;
}

}  // namespace modhost::http
