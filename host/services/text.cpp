#include "services/text.hpp"

#include <algorithm>

#include "event/json_reader.hpp"

namespace modhost::services {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kBlot = "[secret]";

// Bytes of the character at the front, 0 when it is none.
std::size_t character_length(std::string_view text) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length)
    if (is_utf8(text.substr(0, length))) return length;
  return 0;
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max && is_utf8(text)) return std::string(text);
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view character = length == 0 ? kReplacement : text.substr(0, length);
    if (clean.size() + character.size() > bytes_max) break;
    clean += character;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

Redactor::Redactor(const std::map<std::string, Secret>& secrets) {
  for (const auto& [name, secret] : secrets)
    if (!secret.empty()) secrets_.push_back(&secret);
  // The longest first: one secret may begin with another.
  std::sort(secrets_.begin(), secrets_.end(),
            [](const Secret* a, const Secret* b) { return a->reveal().size() > b->reveal().size(); });
}

std::string Redactor::redact(std::string_view text, std::size_t bytes_max) const {
  if (secrets_.empty()) return clean_text(text, bytes_max);
  std::string redacted;
  const std::size_t end = std::min(text.size(), bytes_max);
  for (std::size_t at = 0; at < end && redacted.size() < bytes_max;) {
    // Looked for in the whole text: a secret that crosses the cut is one too.
    const auto found = std::find_if(secrets_.begin(), secrets_.end(), [&](const Secret* secret) {
      return text.compare(at, secret->reveal().size(), secret->reveal()) == 0;
    });
    if (found == secrets_.end()) {
      redacted += text[at++];
    } else {
      redacted += kBlot;
      at += (*found)->reveal().size();
    }
  }
  return clean_text(redacted, bytes_max);
}

}  // namespace modhost::services
