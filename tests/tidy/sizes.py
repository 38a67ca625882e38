"""Files of at most 500 lines, functions of 70, headers of 150, main.cpp of 80. plugin.h, the manual, is exempt."""
import re

import tree

CODE = (".cpp", ".hpp", ".c", ".h", ".py", ".js", ".mjs", ".css", ".html", ".sh", ".cmake")
FILE_MAX, FUNCTION_MAX, HEADER_MAX, MAIN_MAX = 500, 70, 150, 80
EXEMPT_HEADERS = ("plugin-api/include/modhost/plugin.h", "plugin-api/abi/")
NOISE = re.compile(r'R"(?P<mark>[^()\\ ]{0,16})\(.*?\)(?P=mark)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
                   r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*", re.S | re.M)


def blanked(text):
    """The text without comments, strings and preprocessor lines, every line where it was."""
    return NOISE.sub(lambda match: "\n" * match.group().count("\n"), text)


def functions(text):
    """[(first line, last line)] of the outermost function bodies, by counting braces.

    The formatting check makes this simple: the brace of a body follows a space, that of an initialiser does not.
    """
    found, scopes = [], []
    head, head_line, line, parens = "", 1, 1, 0
    for previous, char in zip(" " + text, text):
        if char == "\n":
            line += 1
        if char == "{":
            if scopes and scopes[-1][0] in ("function", "inner"):
                kind = "inner"
            elif parens or previous in "_>)]=" or previous.isalnum() or head.rstrip().endswith(("=", "(", ",")):
                kind = "inner"
            elif "(" in head and not re.match(r"\s*(namespace|enum)\b", head):
                kind = "function"
            else:
                kind = "scope"
            scopes.append((kind, head_line if head.strip() else line, head))
            if kind != "inner":
                head = ""
            continue
        if char == "}" and scopes:
            kind, first, head_before = scopes.pop()
            if kind == "function":
                found.append((first, line))
            head = head_before + "{}" if kind == "inner" else ""
            continue
        if scopes and scopes[-1][0] in ("function", "inner"):
            continue
        parens += (char == "(") - (char == ")")
        if char == ";" and not parens:
            head = ""
        else:
            if not head.strip():
                head_line = line
            head += char
    return found


def limit_of(path):
    if path == "host/main.cpp":
        return MAIN_MAX
    if path.endswith((".hpp", ".h")) and not path.startswith(EXEMPT_HEADERS):
        return HEADER_MAX
    return None if path.startswith(EXEMPT_HEADERS) else FILE_MAX


def rule(texts):
    problems = []
    for path, text in texts.items():
        lines, limit = text.count("\n"), limit_of(path)
        if limit and lines > limit:
            problems.append(f"{path}:{limit + 1}: {lines} lines, at most {limit}: split it by what changes together")
        if path.endswith((".cpp", ".hpp", ".c", ".h")):
            for first, last in functions(blanked(text)):
                if last - first + 1 > FUNCTION_MAX:
                    problems.append(f"{path}:{first}: a function of {last - first + 1} lines, at most {FUNCTION_MAX}")
    return problems


LONG = "  call();\n" * 70
PLANTED = [
    ("a long file", {"host/a/a.cpp": "\n" * 501}, "501 lines"),
    ("a long script", {"tests/x.py": "\n" * 501}, "501 lines"),
    ("a long header", {"host/a/a.hpp": "\n" * 151}, "151 lines"),
    ("a long main", {"host/main.cpp": "\n" * 81}, "81 lines"),
    ("a long function", {"host/a/a.cpp": "namespace a {\nint f(int x) {\n" + LONG + "}\n}\n"}, "a.cpp:2: a function"),
    ("a long constructor", {"host/a/a.cpp": "A::A(int b) : b_{b}, c_{b, 1} {\n" + LONG + "}\n"}, "a function of 72"),
    ("a long member", {"host/a/a.cpp": "class A {\n int f() const {\n" + LONG + "}\n};\n"}, "a.cpp:2: a function"),
    ("a long test", {"tests/a.cpp": "TEST(A, B) {\n" + LONG + "}\n"}, "a function of 72"),
    ("a long lambda", {"host/a/a.cpp": "const auto f = [](int x) {\n" + LONG + "};\n"}, "a function of 72"),
    ("braces in strings", {"host/a/a.cpp": 'int f() {\n  g("}", \'}\', R"(})"); // }\n' + LONG + "}\n"}, "a function of 73"),
    ("after a default argument", {"host/a/a.cpp": "int f(A a = {}) {\n" + LONG + "}\n"}, "a function of 72"),
    ("digit separators", {"host/a/a.cpp": "int a = 1'000;\nint f() {\n" + LONG + "}\nint b = 1'000;\n"}, "a function of 72"),
    ("all in order", {
        "host/a/a.cpp": "namespace a {\n" + ("int f(int x) {\n" + "  call();\n" * 60 + "}\n") * 3 +
                        "const int t[] = {\n" + "  1,\n" * 90 + "};\n}\n",
        "host/a/b.hpp": "struct A {\n" + "  int x;\n" * 140 + "};\n",
        "plugin-api/include/modhost/plugin.h": "/* manual */\n" * 900}, None),
]


def wanted(path):
    return path.startswith(("host/", "plugin-api/", "plugins/", "tests/", "cmake/")) and path.endswith(CODE) or path == "dev"


if __name__ == "__main__":
    tree.run(rule, wanted, PLANTED)
