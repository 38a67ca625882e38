"""clang-format 14 has nothing to change in any C or C++ file."""
import os
import shutil
import subprocess
import sys
import tempfile

import tree

SUFFIXES = (".cpp", ".hpp", ".c", ".h")
BATCH = 40


def clang_format():
    for name in ("clang-format-14", "clang-format"):
        if shutil.which(name):
            return name
    sys.exit("clang-format-14 is not installed: ./dev test installs it")


def check(root, paths):
    problems = []
    for start in range(0, len(paths), BATCH):
        run = subprocess.run([clang_format(), "--dry-run", "-Werror", "--ferror-limit=1", *paths[start:start + BATCH]],
                             cwd=root, capture_output=True, text=True, check=False)
        problems += [line for line in run.stderr.splitlines() if "error:" in line]
        if run.returncode and not run.stderr:
            problems.append(f"clang-format ended with {run.returncode}")
    return problems


def planted():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(os.path.join(tree.ROOT, ".clang-format"), folder)
        for name, text in (("bad.cpp", "int  f( ) {return 1 ;}\n"), ("good.cpp", "int f() { return 1; }\n")):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        if not check(folder, ["bad.cpp"]):
            return ["planted: a badly formatted file was not reported"]
        return check(folder, ["good.cpp"])


if __name__ == "__main__":
    found = planted() or check(tree.ROOT, [path for path in tree.paths() if path.endswith(SUFFIXES)])
    print("\n".join(found) or "formatted")
    if found:
        print("mend it with: clang-format-14 -i <file>")
    sys.exit(1 if found else 0)
