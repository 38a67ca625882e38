#include "loader/mapped_library.hpp"

#include <dlfcn.h>

#include <utility>

namespace modhost::loader {
namespace {

std::string after(const std::string& text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string::npos ? std::string() : text.substr(at + mark.size());
}

// glibc's words, as what is missing and how to mend it.
Error explain_dlerror(const std::filesystem::path& file) {
  const char* const words = ::dlerror();
  std::string text = words == nullptr ? "unknown error" : words;
  const std::string prefix = file.string() + ": ";
  if (text.compare(0, prefix.size(), prefix) == 0) text.erase(0, prefix.size());
  if (const std::string symbol = after(text, "undefined symbol: "); !symbol.empty())
    return invalid("needs the symbol " + symbol.substr(0, symbol.find(' ')) +
                   ", which no library it links provides; link it with -Wl,--no-undefined to see it at build time");
  if (const std::size_t at = text.find(": cannot open shared object file"); at != std::string::npos)
    return not_found("needs " + text.substr(0, at) + ", which is not installed on this machine");
  if (text.find("failed to map segment") != std::string::npos)
    return Error{Code::kDenied, "can not be mapped from " + file.parent_path().string() +
                                    "; put state_dir on a file system that is not mounted noexec (" + text + ")"};
  return invalid("can not be mapped: " + text);
}

}  // namespace

Result<MappedLibrary> MappedLibrary::map(const std::filesystem::path& file) {
  void* const handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return explain_dlerror(file);
  return MappedLibrary(handle, file);
}

MappedLibrary::MappedLibrary(MappedLibrary&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), file_(std::move(other.file_)) {}

MappedLibrary::~MappedLibrary() {
  if (handle_ != nullptr) ::dlclose(handle_);
}

Result<ImportedPlugin> MappedLibrary::import() const {
  const void* const entry = ::dlsym(handle_, "modhost_entry_v1");
  if (entry == nullptr) return invalid("does not export modhost_entry_v1");
  Dl_info where{};
  if (::dladdr(entry, &where) == 0 || where.dli_fname == nullptr || file_ != where.dli_fname)
    return invalid("is mixed up with " + std::string(where.dli_fname == nullptr ? "another file" : where.dli_fname) +
                   ", whose modhost_entry_v1 the dynamic linker found instead");
  return import_plugin(entry);
}

Result<void> MappedLibrary::keep() {
  void* const pinned = ::dlopen(file_.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD | RTLD_NODELETE);
  if (pinned == nullptr) return explain_dlerror(file_);
  return {};
}

}  // namespace modhost::loader
