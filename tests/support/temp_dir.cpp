#include "support/temp_dir.hpp"

#include <stdlib.h>

#include <stdexcept>

namespace modhost::test {

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "modhost-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("can not make a folder like " + name);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TempDir::write(const std::string& name, std::string_view content) const {
  auto file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
  return file;
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("can not read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string fixture(const std::string& name) {
  return read_file(std::filesystem::path(MODHOST_SOURCE_DIR) / "tests/fixtures" / name);
}

}  // namespace modhost::test
