// A folder that lives as long as the test.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace modhost::test {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& file);
// A file of tests/fixtures.
std::string fixture(const std::string& name);

}  // namespace modhost::test
