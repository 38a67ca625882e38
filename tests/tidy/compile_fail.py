"""What must not compile does not: each file of compile_fail/ compiles as it is and fails with -DBYPASS, for its reason.

usage: compile_fail.py <c++ compiler>. The first line of a file holds the reason: `// refused: <regular expression>`.
"""
import os
import re
import subprocess
import sys
import tempfile

import tree

FOLDER = os.path.join(tree.ROOT, "tests", "tidy", "compile_fail")
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I", os.path.join(tree.ROOT, "host"), "-x", "c++"]


def compiles(compiler, path, *flags):
    run = subprocess.run([compiler, *FLAGS, *flags, path], capture_output=True, text=True, check=False,
                         env={**os.environ, "LC_ALL": "C"})
    return run.returncode == 0, run.stderr


def verdict(compiler, path):
    """Why this case does not prove what it should; None when it does."""
    with open(path, encoding="utf-8") as file:
        reason = re.match(r"// refused: (.+)", file.readline())
    if not reason:
        return "its first line does not say '// refused: <reason>'"
    control, errors = compiles(compiler, path)
    if not control:
        return f"the control does not compile:\n{errors}"
    bypass, errors = compiles(compiler, path, "-DBYPASS")
    if bypass:
        return "the bypass compiles"
    if not re.search(reason.group(1), errors):
        return f"refused, but not for the reason '{reason.group(1)}':\n{errors}"
    return None


def planted(compiler):
    """The judge itself must see a bypass that compiles, a control that does not, and a wrong reason."""
    cases = {"the bypass compiles": "// refused: x\nint main() {}\n",
             "the control does not": "// refused: x\nint main() { return y; }\n",
             "not for the reason": "// refused: private\n#ifdef BYPASS\n#error no\n#endif\nint main() {}\n",
             "first line": "int main() {}\n"}

    with tempfile.TemporaryDirectory() as folder:
        for expected, text in cases.items():
            path = os.path.join(folder, "planted.cpp")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            if expected not in (verdict(compiler, path) or ""):
                yield f"planted: '{expected}' was not reported"


def main(compiler):
    names = sorted(name for name in os.listdir(FOLDER) if name.endswith(".cpp"))
    problems = list(planted(compiler))
    for name in names:
        why = verdict(compiler, os.path.join(FOLDER, name))
        print(f"{'refused' if why is None else 'WRONG'}  {name}")
        if why:
            problems.append(f"tests/tidy/compile_fail/{name}:1: {why}")
    print("\n".join(problems))
    return 1 if problems or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
