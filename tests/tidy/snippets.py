"""The code in the documents is true: C and C++ compile, YAML parses, the commands exist.

usage: snippets.py <c compiler> <c++ compiler> <modhost>. Of the C and C++ blocks those are compiled that are whole
files: they begin with #include or hold a MODHOST_ entry. Of the shell blocks the `./dev` and `modhost` commands count.
"""
import functools
import os
import re
import subprocess
import sys
import tempfile

import yaml

import tree

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)[^\n]*\n(?P<code>.*?)^(?P=indent)```", re.S | re.M)
COMMAND = re.compile(r"(?:^|&&|\||;|\$ )\s*(?:\w+=\S+ )*(?P<program>\./dev|(?:\S*/)?modhost)(?= |$)\s*(?P<command>[a-z][\w-]*)?")
INCLUDES = ["-I", os.path.join(tree.ROOT, "plugin-api", "include")]
C_COMPILER, CXX_COMPILER, MODHOST = (sys.argv[1:] + ["cc", "c++", "build/release/modhost"][len(sys.argv) - 1:])[:3]


@functools.lru_cache(maxsize=None)
def precompiled():
    """A folder that holds the header nearly every block begins with, parsed once; for compilers that look for it."""
    folder = tempfile.TemporaryDirectory()  # kept by the cache until the end
    header = os.path.join(INCLUDES[1], "modhost", "sdk", "plugin.hpp")
    output = os.path.join(folder.name, "modhost", "sdk", "plugin.hpp.gch")
    os.makedirs(os.path.dirname(output))
    subprocess.run([CXX_COMPILER, "-std=c++20", "-x", "c++-header", "-Wall", "-Werror", *INCLUDES, header, "-o", output],
                   capture_output=True, check=False)
    return folder


def compile_problem(language, code):
    if not (code.lstrip().startswith("#include") or "MODHOST_" in code):
        return None
    compiler, standard, suffix = (C_COMPILER, "c11", ".c") if language == "c" else (CXX_COMPILER, "c++20", ".cpp")
    with tempfile.NamedTemporaryFile("w", suffix=suffix, encoding="utf-8") as file:
        file.write(code)
        file.flush()
        first = ["-I", precompiled().name] if language == "cpp" else []
        run = subprocess.run([compiler, f"-std={standard}", "-fsyntax-only", "-Wall", "-Werror", *first, *INCLUDES, file.name],
                             capture_output=True, text=True, check=False)
    errors = [line for line in run.stderr.splitlines() if "error:" in line]
    return f"does not compile: {(errors or [run.stderr])[0]}" if run.returncode else None


def yaml_problem(_, code):
    try:
        list(yaml.safe_load_all(code))
    except yaml.YAMLError as error:
        return f"is not YAML: {' '.join(str(error).split())}"
    return None


@functools.lru_cache(maxsize=None)
def exists(program, command):
    """Whether ./dev or modhost knows this command: its help works."""
    if program == "./dev":
        with open(os.path.join(tree.ROOT, "dev"), encoding="utf-8") as script:
            return f"cmd_{command}()" in script.read() or command == "help"
    run = subprocess.run([MODHOST, command, "--help"], capture_output=True, text=True, timeout=20, check=False)
    return run.returncode == 0 and command in run.stdout


def shell_problem(_, code):
    for line in code.splitlines():
        for match in COMMAND.finditer(line.split(" #")[0]):
            program = "./dev" if match.group("program") == "./dev" else "modhost"
            if match.group("command") and not exists(program, match.group("command")):
                return f"'{program} {match.group('command')}' does not exist"
    return None


CHECKS = {"cpp": compile_problem, "c": compile_problem, "yaml": yaml_problem, "sh": shell_problem, "bash": shell_problem,
          "console": shell_problem}


def rule(texts):
    problems = []
    for path, text in texts.items():
        for block in FENCE.finditer(text):
            language = block.group("language")
            code = re.sub(f"^{block.group('indent')}", "", block.group("code"), flags=re.M)
            why = CHECKS[language](language, code) if language in CHECKS else None
            if why:
                problems.append(f"{path}:{text[:block.start()].count(chr(10)) + 1}: the {language} block {why}")
    return problems


PLANTED = [
    ("C++ that does not compile", {"README.md": "```cpp\n#include <vector>\nstd::vector<int x;\n```\n"}, "does not compile"),
    ("C that does not compile", {"README.md": "x\n```c\n#include <none.h>\n```\n"}, "README.md:2: the c block"),
    ("not YAML", {"README.md": "```yaml\na: [1\n```\n"}, "is not YAML"),
    ("no such dev command", {"README.md": "```sh\n./dev fly --high\n```\n"}, "'./dev fly' does not exist"),
    ("no such modhost command", {"README.md": "```console\n$ build/release/modhost fly\n```\n"}, "'modhost fly'"),
    ("all true", {"README.md": "```cpp\n#include <vector>\nstd::vector<int> x;\n```\n```cpp\nfragment(of) a file\n```\n"
                               "```yaml\na: 1\n```\n```sh\n./dev test  # modhost fly\n```\n  ```c\n  #include <stddef.h>\n  ```\n"},
     None),
]

if __name__ == "__main__":
    tree.run(rule, lambda path: path.endswith(".md"), PLANTED)
