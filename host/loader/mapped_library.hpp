// The only dlopen of a plugin: by the probe child first, by the host after it.
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "loader/import.hpp"

namespace modhost::loader {

// Unmaps on destruction, unless keep() made the mapping last as long as the process. [one thread]
class MappedLibrary {
 public:
  // Binds everything now, into no namespace but its own. Errors name what could not be bound and how to mend it.
  // Code of the file's initialisers runs here and nothing it throws can be survived.
  static Result<MappedLibrary> map(const std::filesystem::path& file);

  MappedLibrary(MappedLibrary&& other) noexcept;
  MappedLibrary& operator=(MappedLibrary&&) = delete;
  ~MappedLibrary();

  // Reads the entry of this file, not of another that the dynamic linker took for it.
  [[nodiscard]] Result<ImportedPlugin> import() const;
  // Pins the mapping: a thread of the plugin may be inside it to the very end.
  [[nodiscard]] Result<void> keep();

 private:
  MappedLibrary(void* handle, std::filesystem::path file) : handle_(handle), file_(std::move(file)) {}
  void* handle_;
  std::filesystem::path file_;
};

}  // namespace modhost::loader
