// Bytes that the platform sends: contents, reports.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "modhost/unique/resource.hpp"

namespace modhost::unique {

struct File {
  std::string bytes;
  std::string name;       // as the platform says; empty when it does not
  std::string mime_type;  // the same
};

namespace detail {

inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
inline std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : hex_digit(text[i + 2]);
    decoded += low < 0 ? text[i] : static_cast<char>(high * 16 + low);
    if (low >= 0) i += 2;
  }
  return decoded;
}
// The name in a Content-Disposition: filename*=UTF-8''a%20b before filename="a b".
inline std::string file_name(std::string_view disposition) {
  constexpr std::string_view kEncoded = "filename*=UTF-8''", kPlain = "filename=";
  if (const auto at = disposition.find(kEncoded); at != std::string_view::npos) {
    const std::string_view rest = disposition.substr(at + kEncoded.size());
    return percent_decode(rest.substr(0, rest.find(';')));
  }
  const auto at = disposition.find(kPlain);
  if (at == std::string_view::npos) return {};
  std::string_view rest = disposition.substr(at + kPlain.size());
  if (!rest.starts_with('"')) return std::string(rest.substr(0, rest.find(';')));
  rest.remove_prefix(1);
  std::string name;
  for (std::size_t i = 0; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    name += rest[i];
  }
  return name;
}

// A GET whose answer is bytes.
inline Call<File> get_file(const Event& event, std::string target) {
  HttpRequest request;
  request.target = std::move(target);
  return event.api().send(std::move(request)).then([](HttpResponse answer) {
    File file;
    file.name = file_name(answer.header("content-disposition"));
    file.mime_type = answer.header("content-type");
    file.bytes = std::move(answer.body);
    return file;
  });
}

}  // namespace detail
}  // namespace modhost::unique
