// The parts of a request target: the path below any base-path form, its segments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace modhost::playground {

// "/public/chat-gen2/messages" -> "/messages"; also for /public/chat, /public and no base at all. (Dossier 3.0.1.)
std::string_view below_base(std::string_view path);

// Percent-decoded.
std::vector<std::string> segments_of(std::string_view path);

}  // namespace modhost::playground
