"""The C ABI compiles, without a warning, as C99 to C17 and as C++11 to C++20; every SDK header compiles alone as C++20.

Those that include modhost/unique/resource.hpp, themselves or by another, get it precompiled: it is most of their time.
usage: header_matrix.py <compiler>... as C compilers; the C++ of each is asked with -x.
"""
import concurrent.futures
import functools
import os
import re
import subprocess
import sys
import tempfile

import tree

INCLUDE = os.path.join(tree.ROOT, "plugin-api", "include")
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
C_STANDARDS, CXX_STANDARDS = ("c99", "c11", "c17"), ("c++11", "c++14", "c++17", "c++20")


RESOURCE = "modhost/unique/resource.hpp"
CXX_WARNINGS = WARNINGS + ["-Wold-style-cast", "-Wnon-virtual-dtor"]


def precompile(compiler, folder):
    """resource.hpp as `folder`/resource.hpp.gch, for -include: the compiler takes it instead of the header."""
    header = os.path.join(folder, "resource.hpp")
    with open(header, "w", encoding="utf-8") as file:
        file.write(f'#include "{RESOURCE}"\n')
    subprocess.run([compiler, "-x", "c++-header", "-std=c++20", *CXX_WARNINGS, "-I", INCLUDE, header], check=True)


def problem(compiler, language, standard, code, more=()):
    """The compiler's first error for this file, None when it takes it."""
    flags = WARNINGS + ["-Wstrict-prototypes"] if language == "c" else CXX_WARNINGS
    run = subprocess.run([compiler, "-x", language, f"-std={standard}", "-fsyntax-only", *flags, *more, "-I", INCLUDE, "-"],
                         input=code, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return None
    return next((line for line in run.stderr.splitlines() if "error" in line), f"{compiler} ended with {run.returncode}")


def headers():
    found = []
    for folder, _, names in os.walk(os.path.join(INCLUDE, "modhost")):
        found += [os.path.relpath(os.path.join(folder, name), INCLUDE) for name in names if name.endswith(".hpp")]
    return sorted(found)


@functools.lru_cache(maxsize=None)
def includes_resource(header):
    """Directly or by another header of ours."""
    with open(os.path.join(INCLUDE, header), encoding="utf-8") as file:
        included = re.findall(r'^#include "(modhost/[^"]+)"', file.read(), re.M)
    return RESOURCE in included or any(includes_resource(name) for name in included)


def cells(compilers, folder):
    for compiler in compilers:
        twice = '#include "modhost/plugin.h"\n#include "modhost/plugin.h"\n'
        yield from ((compiler, "c", standard, twice) for standard in C_STANDARDS)
        yield from ((compiler, "c++", standard, twice) for standard in CXX_STANDARDS)
    for header in headers():
        more = ("-include", os.path.join(folder, "resource.hpp")) if includes_resource(header) else ()
        yield compilers[0], "c++", "c++20", f'#include "{header}"\n', more


def main(compilers):
    problems = []
    for planted in ("int f() { int x; }\n", "int f(void) { return (int)1.5f + undeclared; }\n"):
        if problem(compilers[0], "c", "c99", planted) is None:
            problems.append(f"planted: the matrix takes {planted!r}")
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        precompile(compilers[0], folder)
        matrix = list(cells(compilers, folder))
        reasons = list(pool.map(lambda cell: problem(*cell), matrix))
    for (compiler, _, standard, code, *_), why in zip(matrix, reasons):
        if why:
            problems.append(f"{code.splitlines()[0]} with {compiler} -std={standard}: {why}")
    print("\n".join(problems) or f"{len(matrix)} combinations compile")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main([name for name in sys.argv[1:] if name]))
