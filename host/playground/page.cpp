// Embeds page/.
#include "playground/page.hpp"

#include <array>

#include "playground/embed.hpp"

MODHOST_EMBED(modhost_page_html, "playground/page/index.html")
MODHOST_EMBED(modhost_page_css, "playground/page/page.css")
MODHOST_EMBED(modhost_page_js, "playground/page/page.js")
MODHOST_EMBED(modhost_page_view_js, "playground/page/view.js")
MODHOST_EMBED(modhost_page_markdown_js, "playground/page/markdown.js")
MODHOST_EMBED(modhost_page_templates, "playground/page/templates.json")

namespace modhost::playground {

const PageFile* find_page_file(std::string_view path) {
  static const std::array<PageFile, 6> kFiles = {
      {{"/", "text/html; charset=utf-8", MODHOST_EMBEDDED(modhost_page_html)},
       {"/page.css", "text/css; charset=utf-8", MODHOST_EMBEDDED(modhost_page_css)},
       {"/page.js", "text/javascript; charset=utf-8", MODHOST_EMBEDDED(modhost_page_js)},
       {"/view.js", "text/javascript; charset=utf-8", MODHOST_EMBEDDED(modhost_page_view_js)},
       {"/markdown.js", "text/javascript; charset=utf-8", MODHOST_EMBEDDED(modhost_page_markdown_js)},
       {"/templates.json", "application/json; charset=utf-8", MODHOST_EMBEDDED(modhost_page_templates)}}};
  for (const PageFile& file : kFiles)
    if (file.path == path) return &file;
  return nullptr;
}

http::Response page_answer(const PageFile& file) {
  return {200,
          std::string(file.content_type),
          std::string(file.content),
          {{"Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
           {"X-Content-Type-Options", "nosniff"},
           {"Referrer-Policy", "no-referrer"},
           {"Cross-Origin-Opener-Policy", "same-origin"},
           {"Cache-Control", "no-cache"}},
          false};
}

}  // namespace modhost::playground
