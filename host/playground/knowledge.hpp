// The knowledge base inside the program: the Markdown files of knowledge/, the handbook of an invented company.
#pragma once

#include <string_view>
#include <vector>

namespace modhost::playground {

struct ShippedFile {
  std::string_view name, text;
};

const std::vector<ShippedFile>& shipped_knowledge();

}  // namespace modhost::playground
