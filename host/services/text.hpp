// What plugins say, made fit for logs and records: valid UTF-8, bounded, without the values of secrets.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace modhost::services {

// At most `bytes_max` bytes, cut between characters; invalid UTF-8 becomes U+FFFD.
std::string clean_text(std::string_view text, std::size_t bytes_max);

// Blots out secret values. Borrows them.
class Redactor {
 public:
  explicit Redactor(const std::map<std::string, Secret>& secrets);
  // As clean_text. Reads little more of `text` than the result needs: a huge text costs no more than a long one.
  [[nodiscard]] std::string redact(std::string_view text, std::size_t bytes_max) const;

 private:
  std::vector<const Secret*> secrets_;
};

}  // namespace modhost::services
