"""Writes corpus/: shared libraries of a few hundred bytes, whole ones and ones that are damaged in one place.

usage: make_seeds.py    Run it after changing what the parser reads, and commit the result. The unit test
tests/unit/loader/elf_facts_test.cpp knows each seed by its name and asserts what the parser says of it.
"""
import os
import struct

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
LOAD, DYNAMIC, NOTE, GNU_STACK = 1, 2, 4, 0x6474E551
NEEDED, HASH, STRTAB, SYMTAB, STRSZ, RPATH, TEXTREL, FLAGS, RUNPATH = 1, 4, 5, 6, 10, 15, 22, 30, 29
GNU_HASH, FLAGS_1, VERDEF, VERDEFNUM, VERNEED, VERNEEDNUM = (
    0x6FFFFEF5, 0x6FFFFFFB, 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF)
GLOBAL, WEAK, UNIQUE = 1, 2, 10


def note(major=1, minor=0, min_host=0, name=b"modhost\0", size=16):
    words = struct.pack("<IIII", major, minor, min_host, 0)[:size]
    return struct.pack("<III", len(name), size, 1) + name + words


class Library:
    """The parts of a shared library; change them, then take bytes()."""

    def __init__(self):
        self.strings = bytearray(b"\0")
        self.symbols = [self.symbol("", 0, 0), self.symbol("modhost_entry_v1")]
        self.notes = note()
        self.stack_flags = 6
        self.hash = "gnu"
        self.extra = []        # (tag, value) of the dynamic section
        self.needs = b""       # .gnu.version_r and how many records
        self.need_count = 0
        self.versions = b""    # .gnu.version_d
        self.version_count = 0
        self.sections = 1

    def text(self, text):
        at = len(self.strings)
        self.strings += text.encode() + b"\0"
        return at

    def symbol(self, name, bind=GLOBAL, section=1, visibility=0):
        index = self.text(name) if name else 0
        return struct.pack("<IBBHQQ", index, bind << 4 | 1, visibility, section, 0, 0)

    def hash_table(self):
        count = len(self.symbols)
        if self.hash == "sysv":
            return struct.pack("<II", 1, count) + b"\0" * 4 * (1 + count)
        if self.hash == "empty":
            return struct.pack("<IIII", 1, count, 1, 0) + b"\0" * 12
        chain = b"".join(struct.pack("<I", 2) for _ in range(count - 2)) + struct.pack("<I", 3)
        return struct.pack("<IIII", 1, 1, 1, 0) + b"\0" * 8 + struct.pack("<I", 1) + chain

    def need(self, library, names, flags=0):
        record = struct.pack("<HHIII", 1, len(names), self.text(library), 16, 0)
        for i, name in enumerate(names):
            record += struct.pack("<IHHII", 0, flags, 2, self.text(name), 16 if i + 1 < len(names) else 0)
        self.needs, self.need_count = record, 1

    def version(self, name):
        self.versions = struct.pack("<HHHHIII", 1, 0, 1, 1, 0, 20, 0) + struct.pack("<II", self.text(name), 0)
        self.version_count = 1

    def layout(self):
        """(bytes, offset of each part)."""
        at, body, where = 64 + 4 * 56, b"", {}
        parts = [("notes", self.notes), ("strings", bytes(self.strings)), ("symbols", b"".join(self.symbols)),
                 ("hash", self.hash_table()), ("needs", self.needs), ("versions", self.versions)]
        for name, data in parts:
            body += b"\0" * (-len(body) % 8)
            where[name] = at + len(body)
            body += data
        body += b"\0" * (-len(body) % 8)
        where["dynamic"] = at + len(body)
        entries = [(STRTAB, where["strings"]), (STRSZ, len(self.strings)), (SYMTAB, where["symbols"])]
        if self.hash != "none":
            entries.append((HASH if self.hash == "sysv" else GNU_HASH, where["hash"]))
        if self.needs:
            entries += [(VERNEED, where["needs"]), (VERNEEDNUM, self.need_count)]
        if self.versions:
            entries += [(VERDEF, where["versions"]), (VERDEFNUM, self.version_count)]
        entries += self.extra + [(0, 0)]
        dynamic = b"".join(struct.pack("<QQ", tag & 2**64 - 1, value) for tag, value in entries)
        return body + dynamic, where, len(dynamic)

    def bytes(self):
        body, where, dynamic_size = self.layout()
        loaded = 64 + 4 * 56 + len(body)
        header = b"\x7fELF\2\1\1" + b"\0" * 9 + struct.pack(
            "<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, loaded if self.sections else 0, 0, 64, 56, 4, 64 if self.sections else 0,
            self.sections, 0)
        segments = [(LOAD, 5, 0, loaded, 4096), (DYNAMIC, 6, where["dynamic"], dynamic_size, 8),
                    (NOTE, 4, where["notes"], len(self.notes), 4), (GNU_STACK, self.stack_flags, 0, 0, 16)]
        table = b"".join(struct.pack("<IIQQQQQQ", kind, flags, at, at, at, size, size, align)
                         for kind, flags, at, size, align in segments)
        return bytearray(header + table + body + b"\0" * 64 * self.sections)

    def offset(self, part):
        return self.layout()[1][part]


def patched(library, offset, fmt, value):
    data = library.bytes()
    struct.pack_into("<" + fmt, data, offset, value)
    return data


def dynamic_value(library, tag, value):
    """The bytes with another value for one entry of the dynamic section."""
    data, at = library.bytes(), library.offset("dynamic")
    while struct.unpack_from("<Q", data, at)[0] != tag:
        at += 16
    struct.pack_into("<Q", data, at + 8, value)
    return data


def seeds():
    plain = Library()
    phdr = 64  # LOAD; DYNAMIC, NOTE and GNU_STACK follow, 56 bytes each
    yield "ok", plain.bytes()
    yield "not_elf", b"#!/bin/sh\n"
    yield "cut_header", plain.bytes()[:40]
    yield "cut_segment_table", plain.bytes()[:100]
    yield "cut_by_one_byte", plain.bytes()[:-1]
    for name, machine in (("x86", 3), ("arm", 40), ("aarch64", 183), ("riscv", 243), ("other", 9999)):
        yield "machine_" + name, patched(plain, 18, "H", machine)
    yield "class_32", patched(plain, 4, "B", 1)
    yield "big_endian", patched(plain, 5, "B", 2)
    yield "executable", patched(plain, 16, "H", 2)
    yield "segment_size", patched(plain, 54, "H", 32)
    yield "no_segments", patched(plain, 56, "H", 0)
    yield "too_many_segments", patched(plain, 56, "H", 0xFFFF)
    yield "segments_far_away", patched(plain, 32, "Q", 2**63)
    yield "load_outside", patched(plain, phdr + 32, "Q", 2**40)
    yield "load_overflows", patched(plain, phdr + 8, "Q", 2**64 - 1)
    yield "section_size", patched(plain, 58, "H", 40)
    yield "sections_far_away", patched(plain, 40, "Q", 2**62)
    yield "many_sections", patched(plain, 60, "H", 0)
    data = patched(plain, 60, "H", 0)
    struct.pack_into("<Q", data, len(data) - 64 + 32, 2**61)
    yield "many_sections_outside", data

    stripped = Library()
    stripped.sections = 0
    yield "ok_no_sections", stripped.bytes()

    yield "note_outside", patched(plain, phdr + 112 + 32, "Q", 2**50)
    yield "note_too_long", patched(plain, plain.offset("notes") + 4, "I", 2**31)
    other = Library()
    other.notes = note(name=b"GNU\0") + note(major=2, minor=5, min_host=3) + note(major=3)
    yield "ok_second_note", other.bytes()
    other.notes = note(size=8)
    yield "note_short", other.bytes()
    other.notes = note(name=b"", size=0) * 300
    yield "too_many_notes", other.bytes()
    other.notes = b""
    yield "ok_no_note", other.bytes()
    yield "note_align_8", patched(plain, phdr + 112 + 48, "Q", 8)

    yield "no_dynamic", patched(plain, phdr + 56, "I", 0)
    yield "dynamic_outside", patched(plain, phdr + 56 + 32, "Q", 2**50)
    program = Library()
    program.extra = [(FLAGS_1, 0x08000000)]
    yield "program", program.bytes()
    greedy = Library()
    greedy.extra = [(NEEDED, 1)] * 513
    yield "too_many_libraries", greedy.bytes()

    yield "strings_outside", dynamic_value(plain, STRTAB, 2**40)
    yield "strings_too_long", dynamic_value(plain, STRSZ, 2**40)
    yield "string_without_end", dynamic_value(plain, STRSZ, len(plain.strings) - 1)
    for name, tag in (("library", NEEDED), ("runpath", RUNPATH)):
        wrong = Library()
        wrong.extra = [(tag, 2**33)]
        yield name + "_name_outside", wrong.bytes()

    rich = Library()
    rich.symbols += [rich.symbol("acme_one"), rich.symbol("acme_weak", WEAK), rich.symbol("acme_unique", UNIQUE),
                     rich.symbol("acme_hidden", GLOBAL, 1, 2), rich.symbol("acme_internal", GLOBAL, 1, 1),
                     rich.symbol("acme_local", 0), rich.symbol("modhost_send", GLOBAL, 0), rich.symbol("free", GLOBAL, 0)]
    rich.extra = [(NEEDED, rich.text("libm.so.6")), (NEEDED, rich.text("libc.so.6")), (RUNPATH, rich.text("$ORIGIN/lib")),
                  (FLAGS, 0x14)]
    rich.stack_flags = 7
    rich.need("libc.so.6", ["GLIBC_2.2.5", "GLIBC_9.1"])
    rich.version("ACME_1.0")
    yield "ok_rich", rich.bytes()
    rich.extra[2:] = [(RPATH, rich.text("/opt/lib")), (TEXTREL, 0)]
    rich.hash = "sysv"
    rich.stack_flags = 6
    yield "ok_rich_sysv", rich.bytes()
    for name, flags, undefined in (("textrel", 4, False), ("static_tls", 0x10, False), ("undefined", 0, True)):
        one = Library()
        one.extra = [(FLAGS, flags)]
        one.symbols += [one.symbol("modhost_send", GLOBAL, 0)] if undefined else [one.symbol(f"acme_{i}") for i in range(5)]
        yield "ok_" + name, one.bytes()
    unique = Library()
    unique.symbols.append(unique.symbol("acme_unique", UNIQUE))
    yield "ok_unique", unique.bytes()
    hidden = Library()
    hidden.symbols[1] = hidden.symbol("modhost_entry_v1", GLOBAL, 1, 2)
    yield "ok_hidden_entry", hidden.bytes()
    executable = Library()
    executable.stack_flags = 7
    yield "ok_executable_stack", executable.bytes()
    yield "ok_no_stack_segment", patched(plain, phdr + 168, "I", 0)
    new = Library()
    new.notes = note(min_host=9999)
    yield "ok_min_host", new.bytes()
    origin = Library()
    origin.extra = [(RUNPATH, origin.text("$ORIGIN/lib"))]
    yield "ok_origin", origin.bytes()

    empty = Library()
    empty.hash = "empty"
    yield "ok_exports_nothing", empty.bytes()
    none = Library()
    none.hash = "none"
    yield "no_hash", none.bytes()
    sysv = Library()
    sysv.hash = "sysv"
    yield "hash_outside", dynamic_value(sysv, HASH, 2**40)
    yield "hash_at_the_end", dynamic_value(sysv, HASH, len(sysv.bytes()) - 65)
    yield "symbols_too_many", patched(sysv, sysv.offset("hash") + 4, "I", 2**31)
    yield "symbols_beyond_the_end", patched(sysv, sysv.offset("hash") + 4, "I", 5000)
    gnu = plain.offset("hash")
    yield "gnu_hash_outside", dynamic_value(plain, GNU_HASH, 2**40)
    yield "gnu_hash_at_the_end", dynamic_value(plain, GNU_HASH, len(plain.bytes()) - 65)
    yield "gnu_hash_buckets", patched(plain, gnu, "I", 2**30)
    yield "gnu_hash_bloom", patched(plain, gnu + 8, "I", 2**32 - 1)
    yield "gnu_hash_chain", patched(plain, gnu + 24, "I", 2**31)
    yield "symbols_outside", dynamic_value(plain, SYMTAB, 2**40)
    yield "symbol_name_outside", patched(plain, plain.offset("symbols") + 24, "I", 2**31)

    needs = Library()
    needs.need("libc.so.6", ["GLIBC_2.2.5", "GLIBC_2.34"])
    at = needs.offset("needs")
    yield "ok_needs", needs.bytes()
    yield "needs_outside", dynamic_value(needs, VERNEED, 2**40)
    yield "needs_library_outside", patched(needs, at + 4, "I", 2**31)
    yield "needs_versions_outside", patched(needs, at + 8, "I", 2**31)
    yield "needs_version_name_outside", patched(needs, at + 16 + 8, "I", 2**31)
    data = patched(needs, at + 2, "H", 0xFFFF)
    struct.pack_into("<I", data, at + 16 + 12, 0)
    yield "needs_too_many", data
    data = dynamic_value(needs, VERNEEDNUM, 2)
    struct.pack_into("<I", data, at + 12, 16)
    yield "needs_two_records", data
    weak = Library()
    weak.need("libc.so.6", ["GLIBC_9.9"], flags=2)
    yield "ok_weak_need", weak.bytes()

    versions = Library()
    versions.version("ACME_1.0")
    at = versions.offset("versions")
    yield "ok_versions", versions.bytes()
    yield "versions_outside", dynamic_value(versions, VERDEF, 2**40)
    yield "versions_aux_outside", patched(versions, at + 12, "I", 2**31)
    yield "versions_name_outside", patched(versions, at + 20, "I", 2**31)
    data = dynamic_value(versions, VERDEFNUM, 2)
    struct.pack_into("<I", data, at + 16, 2**20)
    yield "versions_chain_outside", data


def main():
    os.makedirs(CORPUS, exist_ok=True)
    for name in os.listdir(CORPUS):
        os.remove(os.path.join(CORPUS, name))
    for name, data in seeds():
        with open(os.path.join(CORPUS, name), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    main()
