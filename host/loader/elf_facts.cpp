#include "loader/elf_facts.hpp"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace modhost::loader {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
constexpr bool kStackExecutableByDefault = true;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
constexpr bool kStackExecutableByDefault = false;
#else
#error "modhost runs on x86-64 and aarch64"
#endif

constexpr std::string_view kNoteName{"modhost\0", 8};
constexpr std::string_view kEntryPrefix = "modhost_entry_v";
constexpr std::string_view kOurPrefix = "modhost_";
constexpr unsigned char kBindUnique = 10;  // STB_GNU_UNIQUE

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_386:
      return "32-bit x86";
    case EM_X86_64:
      return "x86-64";
    case EM_ARM:
      return "32-bit ARM";
    case EM_AARCH64:
      return "aarch64";
    case EM_RISCV:
      return "RISC-V";
    default:
      return "machine " + std::to_string(machine);
  }
}

Error damaged(std::string_view what) { return invalid("is damaged: " + std::string(what)); }

Error cut_short(std::string_view what, std::uint64_t size) {
  return invalid("is cut short: " + std::string(what) + " ends beyond its " + std::to_string(size) +
                 " bytes; copy it again");
}

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  Result<ElfFacts> read();

 private:
  // What the dynamic section says, as addresses of the mapped image.
  struct Dynamic {
    std::uint64_t strings = 0, strings_size = 0, symbols = 0, hash = 0, gnu_hash = 0;
    std::uint64_t version_needs = 0, version_need_count = 0, versions = 0, version_count = 0;
    std::uint64_t runpath = 0, rpath = 0;
    std::vector<std::uint64_t> libraries;
  };

  // A copy of the T at this offset; the file's own alignment is not to be trusted.
  template <class T>
  [[nodiscard]] std::optional<T> at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  [[nodiscard]] bool is_inside(std::uint64_t offset, std::uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  // The offset in the file of an address in the image.
  [[nodiscard]] std::optional<std::uint64_t> offset_of(std::uint64_t address) const;
  // A string of the dynamic string table.
  [[nodiscard]] Result<std::string_view> string(std::uint64_t index) const;

  Result<void> read_header();
  Result<void> read_segments();
  Result<void> check_sections() const;
  Result<void> read_notes(const Elf64_Phdr& segment);
  Result<void> read_dynamic(const Elf64_Phdr& segment);
  void apply_flags(const Elf64_Dyn& entry);
  Result<void> open_strings();
  Result<void> read_names();
  [[nodiscard]] Result<std::uint64_t> symbol_count() const;
  [[nodiscard]] Result<std::uint64_t> gnu_symbol_count(std::uint64_t table) const;
  Result<void> read_symbols();
  void note_symbol(const Elf64_Sym& symbol, std::string_view name);
  Result<void> read_version_needs();
  Result<void> read_versions();

  std::string_view bytes_;
  std::string_view strings_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> loads_;
  Dynamic dynamic_;
  bool is_program_ = false;
  ElfFacts facts_;
};

Result<ElfFacts> Reader::read() {
  using Step = Result<void> (Reader::*)();
  for (const Step step : std::array<Step, 6>{&Reader::read_header, &Reader::read_segments, &Reader::open_strings,
                                             &Reader::read_names, &Reader::read_symbols, &Reader::read_version_needs})
    if (auto done = (this->*step)(); !done) return std::move(done).error();
  if (auto done = read_versions(); !done) return std::move(done).error();
  return std::move(facts_);
}

Result<void> Reader::read_header() {
  if (bytes_.substr(0, SELFMAG) != std::string_view(ELFMAG, SELFMAG))
    return invalid("is not an ELF file; a plugin is a shared library");
  const auto header = at<Elf64_Ehdr>(0);
  if (!header) return cut_short("the ELF header", bytes_.size());
  header_ = *header;
  std::string kind;
  if (header_.e_ident[EI_CLASS] != ELFCLASS64) kind = "a 32-bit process on ";
  if (header_.e_ident[EI_DATA] != ELFDATA2LSB) kind = "big-endian ";
  if (!kind.empty() || header_.e_machine != kMachine)
    return invalid("is built for " + kind + machine_name(header_.e_machine) + ", this host is " +
                   (kind.empty() ? "" : "64-bit little-endian ") + machine_name(kMachine) +
                   "; build it for this machine");
  if (header_.e_type != ET_DYN)
    return invalid("is not a shared library (ELF type " + std::to_string(header_.e_type) + "); link it with -shared");
  if (header_.e_phentsize != sizeof(Elf64_Phdr) || header_.e_phnum == 0 || header_.e_phnum == PN_XNUM)
    return damaged("its table of segments can not be read");
  return {};
}

Result<void> Reader::read_segments() {
  std::vector<Elf64_Phdr> notes;
  std::optional<Elf64_Phdr> dynamic;
  facts_.has_executable_stack = kStackExecutableByDefault;
  for (std::uint64_t i = 0; i < header_.e_phnum; ++i) {
    if (header_.e_phoff > bytes_.size()) return cut_short("the table of segments", bytes_.size());
    const auto segment = at<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr));
    if (!segment) return cut_short("the table of segments", bytes_.size());
    if (segment->p_type == PT_LOAD) {
      if (!is_inside(segment->p_offset, segment->p_filesz))
        return cut_short("segment " + std::to_string(i), bytes_.size());
      loads_.push_back(*segment);
    } else if (segment->p_type == PT_NOTE) {
      notes.push_back(*segment);
    } else if (segment->p_type == PT_DYNAMIC) {
      dynamic = *segment;
    } else if (segment->p_type == PT_GNU_STACK) {
      facts_.has_executable_stack = (segment->p_flags & PF_X) != 0;
    }
  }
  // Cut by one byte, a file still has all its segments: the table of sections is its last part.
  if (auto done = check_sections(); !done) return done;
  for (const Elf64_Phdr& segment : notes)
    if (auto done = read_notes(segment); !done) return done;
  if (!dynamic) return damaged("it has no dynamic section; link it with -shared");
  return read_dynamic(*dynamic);
}

Result<void> Reader::check_sections() const {
  if (header_.e_shoff == 0) return {};  // stripped of its sections, which loading does not need
  std::uint64_t count = header_.e_shnum;
  if (count == 0) {  // more than 65,279: the first section holds the number
    const auto first = at<Elf64_Shdr>(header_.e_shoff);
    count = first ? first->sh_size : 1;
  }
  if (header_.e_shentsize != sizeof(Elf64_Shdr)) return damaged("its table of sections can not be read");
  if (count > bytes_.size() || !is_inside(header_.e_shoff, count * sizeof(Elf64_Shdr)))
    return cut_short("the table of sections", bytes_.size());
  return {};
}

Result<void> Reader::read_notes(const Elf64_Phdr& segment) {
  if (!is_inside(segment.p_offset, segment.p_filesz)) return cut_short("a note", bytes_.size());
  const std::uint64_t align = segment.p_align == 8 ? 8 : 4;
  const auto aligned = [align](std::uint64_t position) { return (position + align - 1) / align * align; };
  std::uint64_t offset = segment.p_offset;
  const std::uint64_t end = segment.p_offset + segment.p_filesz;
  for (std::size_t notes = 0; offset + sizeof(Elf64_Nhdr) <= end; ++notes) {
    const auto note = at<Elf64_Nhdr>(offset);
    if (!note || notes == kNotesMax) return damaged("its notes can not be read");
    const std::uint64_t name = offset + sizeof(Elf64_Nhdr);
    const std::uint64_t desc = offset + aligned(sizeof(Elf64_Nhdr) + note->n_namesz);
    if (desc > end || note->n_descsz > end - desc) return damaged("a note is longer than its segment");
    if (!facts_.abi && note->n_type == 1 && bytes_.substr(name, note->n_namesz) == kNoteName) {
      const auto words = at<std::array<std::uint32_t, 4>>(desc);
      if (!words || note->n_descsz < sizeof *words) return damaged("its .note.modhost is too short");
      facts_.abi = ElfFacts::Abi{(*words)[0], (*words)[1], (*words)[2]};
    }
    offset += aligned(desc - offset + note->n_descsz);
  }
  return {};
}

Result<void> Reader::read_dynamic(const Elf64_Phdr& segment) {
  if (!is_inside(segment.p_offset, segment.p_filesz)) return cut_short("the dynamic section", bytes_.size());
  for (std::uint64_t offset = 0; offset + sizeof(Elf64_Dyn) <= segment.p_filesz; offset += sizeof(Elf64_Dyn)) {
    const auto entry = at<Elf64_Dyn>(segment.p_offset + offset);
    if (entry->d_tag == DT_NULL) break;
    const std::uint64_t value = entry->d_un.d_val;
    switch (entry->d_tag) {
      case DT_STRTAB:
        dynamic_.strings = value;
        break;
      case DT_STRSZ:
        dynamic_.strings_size = value;
        break;
      case DT_SYMTAB:
        dynamic_.symbols = value;
        break;
      case DT_HASH:
        dynamic_.hash = value;
        break;
      case DT_GNU_HASH:
        dynamic_.gnu_hash = value;
        break;
      case DT_VERNEED:
        dynamic_.version_needs = value;
        break;
      case DT_VERNEEDNUM:
        dynamic_.version_need_count = value;
        break;
      case DT_VERDEF:
        dynamic_.versions = value;
        break;
      case DT_VERDEFNUM:
        dynamic_.version_count = value;
        break;
      case DT_RUNPATH:
        dynamic_.runpath = value;
        break;
      case DT_RPATH:
        dynamic_.rpath = value;
        break;
      case DT_NEEDED:
        if (dynamic_.libraries.size() == kLibrariesMax) return damaged("it needs too many libraries");
        dynamic_.libraries.push_back(value);
        break;
      default:
        apply_flags(*entry);
    }
  }
  if (is_program_) return invalid("is a program, not a shared library; link it with -shared");
  return {};
}

void Reader::apply_flags(const Elf64_Dyn& entry) {
  const std::uint64_t value = entry.d_un.d_val;
  if (entry.d_tag == DT_TEXTREL) facts_.has_text_relocations = true;
  if (entry.d_tag == DT_FLAGS) {
    facts_.has_text_relocations |= (value & DF_TEXTREL) != 0;
    facts_.has_static_tls |= (value & DF_STATIC_TLS) != 0;
  }
  if (entry.d_tag == DT_FLAGS_1) is_program_ |= (value & DF_1_PIE) != 0;
}

std::optional<std::uint64_t> Reader::offset_of(std::uint64_t address) const {
  for (const Elf64_Phdr& load : loads_)
    if (address >= load.p_vaddr && address - load.p_vaddr < load.p_filesz)
      return load.p_offset + (address - load.p_vaddr);
  return std::nullopt;
}

Result<void> Reader::open_strings() {
  const auto offset = offset_of(dynamic_.strings);
  if (!offset || !is_inside(*offset, dynamic_.strings_size)) return damaged("its string table lies outside the file");
  strings_ = bytes_.substr(*offset, dynamic_.strings_size);
  return {};
}

Result<std::string_view> Reader::string(std::uint64_t index) const {
  if (index >= strings_.size()) return damaged("a name lies outside the string table");
  const std::string_view rest = strings_.substr(index, kSymbolNameMax + 1);
  const std::size_t length = rest.find('\0');
  if (length == std::string_view::npos) return damaged("a name has no end or is too long");
  return rest.substr(0, length);
}

Result<void> Reader::read_names() {
  for (const std::uint64_t library : dynamic_.libraries) {
    auto name = string(library);
    if (!name) return std::move(name).error();
    facts_.libraries.emplace_back(*name);
  }
  if (const std::uint64_t path = dynamic_.runpath != 0 ? dynamic_.runpath : dynamic_.rpath; path != 0) {
    auto name = string(path);
    if (!name) return std::move(name).error();
    facts_.runpath = *name;
  }
  return {};
}

// The dynamic symbol table does not say how long it is; its hash table does.
Result<std::uint64_t> Reader::symbol_count() const {
  if (dynamic_.hash != 0) {
    const auto table = offset_of(dynamic_.hash);
    const auto chains = table ? at<std::uint32_t>(*table + 4) : std::nullopt;
    if (!chains) return damaged("its hash table lies outside the file");
    return std::uint64_t{*chains};
  }
  const auto table = offset_of(dynamic_.gnu_hash);
  if (dynamic_.gnu_hash == 0 || !table) return damaged("it has no hash table of its symbols");
  return gnu_symbol_count(*table);
}

Result<std::uint64_t> Reader::gnu_symbol_count(std::uint64_t table) const {
  struct Head {
    std::uint32_t buckets, first, bloom_words, shift;
  };
  const auto head = at<Head>(table);
  if (!head) return damaged("its hash table lies outside the file");
  const std::uint64_t buckets = table + sizeof(Head) + std::uint64_t{head->bloom_words} * 8;
  const std::uint64_t chains = buckets + std::uint64_t{head->buckets} * 4;
  if (!is_inside(table, chains - table)) return damaged("its hash table lies outside the file");
  std::uint32_t last = 0;
  for (std::uint64_t i = 0; i < head->buckets; ++i) last = std::max(last, *at<std::uint32_t>(buckets + i * 4));
  if (last < head->first) return std::uint64_t{head->first};  // nothing exported
  for (std::uint64_t symbol = last;; ++symbol) {
    const auto hash = at<std::uint32_t>(chains + (symbol - head->first) * 4);
    if (!hash) return damaged("its hash table lies outside the file");
    if ((*hash & 1) != 0) return symbol + 1;  // the chain's end
  }
}

Result<void> Reader::read_symbols() {
  const auto symbols = offset_of(dynamic_.symbols);
  if (!symbols) return damaged("its symbol table lies outside the file");
  const auto count = symbol_count();
  if (!count) return count.error();
  if (*count > kSymbolsMax || !is_inside(*symbols, *count * sizeof(Elf64_Sym)))
    return damaged("its symbol table lies outside the file");
  for (std::uint64_t i = 1; i < *count; ++i) {
    const auto symbol = at<Elf64_Sym>(*symbols + i * sizeof(Elf64_Sym));
    const auto name = string(symbol->st_name);
    if (!name) return name.error();
    note_symbol(*symbol, *name);
  }
  return {};
}

void Reader::note_symbol(const Elf64_Sym& symbol, std::string_view name) {
  const unsigned char bind = ELF64_ST_BIND(symbol.st_info);
  const unsigned char visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  const bool is_ours = starts_with(name, kOurPrefix);
  if (bind == kBindUnique) facts_.has_unique_symbols = true;
  if (symbol.st_shndx == SHN_UNDEF) {
    if (is_ours && facts_.undefined_modhost.size() < kExportsKept) facts_.undefined_modhost.emplace_back(name);
    return;
  }
  if (visibility == STV_HIDDEN || visibility == STV_INTERNAL || bind == STB_LOCAL) return;
  if (starts_with(name, kEntryPrefix)) {
    if (facts_.entries.size() < kExportsKept) facts_.entries.emplace_back(name);
  } else if (bind == STB_GLOBAL && facts_.exports.size() < kExportsKept) {
    facts_.exports.emplace_back(name);
  }
}

Result<void> Reader::read_version_needs() {
  if (dynamic_.version_needs == 0) return {};
  auto offset = offset_of(dynamic_.version_needs);
  std::size_t seen = 0;
  for (std::uint64_t i = 0; i < dynamic_.version_need_count; ++i) {
    const auto need = offset ? at<Elf64_Verneed>(*offset) : std::nullopt;
    if (!need) return damaged("its needed versions lie outside the file");
    const auto library = string(need->vn_file);
    if (!library) return library.error();
    std::uint64_t position = *offset + need->vn_aux;
    for (unsigned j = 0; j < need->vn_cnt; ++j) {
      const auto version = at<Elf64_Vernaux>(position);
      if (!version) return damaged("its needed versions lie outside the file");
      const auto name = string(version->vna_name);
      if (!name) return name.error();
      if (++seen > kVersionsMax) return damaged("it needs too many symbol versions");
      // A weak need (VER_FLG_WEAK) may stay unmet.
      if ((version->vna_flags & VER_FLG_WEAK) == 0) facts_.needs.push_back({std::string(*library), std::string(*name)});
      position += version->vna_next;
    }
    if (need->vn_next == 0) break;
    *offset += need->vn_next;
  }
  return {};
}

Result<void> Reader::read_versions() {
  if (dynamic_.versions == 0) return {};
  auto offset = offset_of(dynamic_.versions);
  for (std::uint64_t i = 0; i < dynamic_.version_count; ++i) {
    const auto definition = offset ? at<Elf64_Verdef>(*offset) : std::nullopt;
    const auto name_of = definition ? at<Elf64_Verdaux>(*offset + definition->vd_aux) : std::nullopt;
    if (!name_of || i == kVersionsMax) return damaged("its versions lie outside the file");
    const auto name = string(name_of->vda_name);
    if (!name) return name.error();
    facts_.provides.emplace_back(*name);
    if (definition->vd_next == 0) break;
    *offset += definition->vd_next;
  }
  return {};
}

}  // namespace

Result<ElfFacts> read_elf_facts(std::string_view bytes) { return Reader(bytes).read(); }

}  // namespace modhost::loader
