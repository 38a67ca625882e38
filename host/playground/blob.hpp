// The addresses to which files are written and from which they are read: no credentials but the address, as with the
// platform's blob store. (Dossier 3.10.)
#pragma once

#include <string_view>

#include "http/server.hpp"
#include "playground/library.hpp"

namespace modhost::playground {

inline constexpr std::string_view kBlobPath = "/blob/";

// The content's bytes as a download, never as something that a browser would show as a page of this server.
http::Response file_answer(const Content& content);

// PUT and GET below kBlobPath.
http::Response answer_blob(Library& library, http::Request& request);

}  // namespace modhost::playground
