"""The C ABI compiles, without a warning, as C99 to C17 and as C++11 to C++20; every SDK header compiles alone as C++20.

usage: header_matrix.py <compiler>... as C compilers; the C++ of each is asked with -x.
"""
import concurrent.futures
import os
import subprocess
import sys

import tree

INCLUDE = os.path.join(tree.ROOT, "plugin-api", "include")
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
C_STANDARDS, CXX_STANDARDS = ("c99", "c11", "c17"), ("c++11", "c++14", "c++17", "c++20")


def problem(compiler, language, standard, code):
    """The compiler's first error for this file, None when it takes it."""
    flags = WARNINGS + (["-Wstrict-prototypes"] if language == "c" else ["-Wold-style-cast", "-Wnon-virtual-dtor"])
    run = subprocess.run([compiler, "-x", language, f"-std={standard}", "-fsyntax-only", *flags, "-I", INCLUDE, "-"],
                         input=code, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return None
    return next((line for line in run.stderr.splitlines() if "error" in line), f"{compiler} ended with {run.returncode}")


def headers():
    found = []
    for folder, _, names in os.walk(os.path.join(INCLUDE, "modhost")):
        found += [os.path.relpath(os.path.join(folder, name), INCLUDE) for name in names if name.endswith(".hpp")]
    return sorted(found)


def cells(compilers):
    for compiler in compilers:
        twice = '#include "modhost/plugin.h"\n#include "modhost/plugin.h"\n'
        yield from ((compiler, "c", standard, twice) for standard in C_STANDARDS)
        yield from ((compiler, "c++", standard, twice) for standard in CXX_STANDARDS)
    for header in headers():
        yield compilers[0], "c++", "c++20", f'#include "{header}"\n'


def main(compilers):
    problems = []
    for planted in ("int f() { int x; }\n", "int f(void) { return (int)1.5f + undeclared; }\n"):
        if problem(compilers[0], "c", "c99", planted) is None:
            problems.append(f"planted: the matrix takes {planted!r}")
    matrix = list(cells(compilers))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        reasons = pool.map(lambda cell: problem(*cell), matrix)
    for (compiler, _, standard, code), why in zip(matrix, reasons):
        if why:
            problems.append(f"{code.splitlines()[0]} with {compiler} -std={standard}: {why}")
    print("\n".join(problems) or f"{len(matrix)} combinations compile")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main([name for name in sys.argv[1:] if name]))
