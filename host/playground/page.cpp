// Embeds page/ with the assembler: no generator, no copy in the tree. The include path of the rooms finds the files.
#include "playground/page.hpp"

#include <array>

#define EMBED(symbol, file)                                                                                  \
  asm(".pushsection .rodata\n"                                                                               \
      ".global " #symbol "_begin\n.hidden " #symbol                                                          \
      "_begin\n"                                                                                             \
      ".global " #symbol "_end\n.hidden " #symbol "_end\n" #symbol "_begin:\n.incbin \"" file "\"\n" #symbol \
      "_end:\n.byte 0\n.popsection\n");                                                                      \
  extern "C" const char symbol##_begin[];                                                                    \
  extern "C" const char symbol##_end[];

EMBED(modhost_page_html, "playground/page/index.html")
EMBED(modhost_page_css, "playground/page/page.css")
EMBED(modhost_page_js, "playground/page/page.js")
EMBED(modhost_page_view_js, "playground/page/view.js")
EMBED(modhost_page_templates, "playground/page/templates.json")

#undef EMBED

namespace modhost::playground {

namespace {

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

}  // namespace

const PageFile* find_page_file(std::string_view path) {
  static const std::array<PageFile, 5> kFiles = {
      {{"/", "text/html; charset=utf-8", between(modhost_page_html_begin, modhost_page_html_end)},
       {"/page.css", "text/css; charset=utf-8", between(modhost_page_css_begin, modhost_page_css_end)},
       {"/page.js", "text/javascript; charset=utf-8", between(modhost_page_js_begin, modhost_page_js_end)},
       {"/view.js", "text/javascript; charset=utf-8", between(modhost_page_view_js_begin, modhost_page_view_js_end)},
       {"/templates.json", "application/json; charset=utf-8",
        between(modhost_page_templates_begin, modhost_page_templates_end)}}};
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
