// Puts a file into the program with the assembler: no generator, no copy in the tree. The include path of the rooms
// finds it. Once a file, outside any namespace.
#pragma once

#define MODHOST_EMBED(symbol, file)                                                                          \
  asm(".pushsection .rodata\n"                                                                               \
      ".global " #symbol "_begin\n.hidden " #symbol                                                          \
      "_begin\n"                                                                                             \
      ".global " #symbol "_end\n.hidden " #symbol "_end\n" #symbol "_begin:\n.incbin \"" file "\"\n" #symbol \
      "_end:\n.byte 0\n.popsection\n");                                                                      \
  extern "C" const char symbol##_begin[];                                                                    \
  extern "C" const char symbol##_end[];

#define MODHOST_EMBEDDED(symbol) \
  std::string_view(symbol##_begin, static_cast<std::size_t>(symbol##_end - symbol##_begin))
