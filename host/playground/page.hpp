// The chat page's files, embedded into the program. Their sources are host/playground/page/.
#pragma once

#include <string_view>

#include "http/server.hpp"

namespace modhost::playground {

struct PageFile {
  std::string_view path;  // as requested: "/", "/page.css", ...
  std::string_view content_type;
  std::string_view content;
};

const PageFile* find_page_file(std::string_view path);

// With the headers a page deserves: no inline script, nothing from elsewhere, never in a frame.
http::Response page_answer(const PageFile& file);

}  // namespace modhost::playground
