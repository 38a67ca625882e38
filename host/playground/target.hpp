// The parts of a request target: the path below any base-path form, its segments, the query.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modhost::playground {

// "/public/chat-gen2/messages" -> "/messages"; also for /public/chat, /public and no base at all. (Dossier 3.0.1.)
std::string_view below_base(std::string_view path);

// Percent-decoded, plus is a space as in form quoting (clients quote some ids so); malformed escapes stay.
std::string percent_decode(std::string_view text);

std::vector<std::string> segments_of(std::string_view path);

// Decoded pairs in order; a name without '=' has an empty value.
std::vector<std::pair<std::string, std::string>> query_of(std::string_view query);

}  // namespace modhost::playground
