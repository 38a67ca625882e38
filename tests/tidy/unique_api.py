"""docs/unique-api.md is whole and true: every recorded call is in its table, every C++ name there is in the header named
beside it, and every call that a header of modhost/unique/ offers is in the table.
"""
import json
import re

import tree

TABLE, WIRE = "docs/unique-api.md", "tests/fixtures/rest-wire.json"
HEADERS = "plugin-api/include/modhost/unique/"
ROW = re.compile(r"^\| (?P<python>[^|]*) \| (?P<cpp>[^|]*) \| `(?P<header>[\w/]+\.hpp)` \| (?P<request>[^|]*) \|$")
CALL = re.compile(r"^ *(?:static|inline) (?:Call|Async)<.*?> (?!read\()(\w+)\(", re.M)


def bodies(text):
    """{name: what is between its braces} of the structs and classes, nested ones too; "" is the whole file."""
    found = {"": text}
    for match in re.finditer(r"\b(?:struct|class) (\w+)\b(?!\s*[>,])[^;{}()]*\{", text):
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        found[match.group(1)] = text[match.end():end]
    return found


def offered(text):
    """The public calls of a header as Owner::name, and free ones by their name; not those of a namespace detail."""
    text = re.sub(r"^namespace detail \{.*?^\}  // namespace detail$", "", text, flags=re.S | re.M)
    names, owned = set(), set()
    for owner, body in bodies(text).items():
        if owner:
            owned.update(CALL.findall(body))
            names.update(f"{owner}::{name}" for name in CALL.findall(body.split(" private:")[0]))
    return names | set(CALL.findall(text)) - owned


def is_declared(name, text):
    owner, _, member = name.rpartition("::")
    body = bodies(text).get("" if owner in ("", "ql") else owner)
    return body is not None and re.search(rf"\b{member}\(", body) is not None


def rule(texts):
    problems, python, cpp, is_within = [], set(), set(), False
    for number, line in enumerate(texts.get(TABLE, "").splitlines(), 1):
        is_within = line.startswith("| Python |") or (is_within and line.startswith("|"))
        row = ROW.match(line)
        if not row or not is_within:
            if is_within and not re.match(r"^\| Python |^\|---", line):
                problems.append(f"{TABLE}:{number}: not a row of this table")
            continue
        python.update(re.findall(r"`([\w.]+)`", row.group("python")))
        header = texts.get(HEADERS + row.group("header"))
        if header is None:
            problems.append(f"{TABLE}:{number}: there is no header {row.group('header')}")
            continue
        for name in re.findall(r"`([\w:]+)`", row.group("cpp")):
            cpp.add(name)
            if not is_declared(name, header):
                problems.append(f"{TABLE}:{number}: {row.group('header')} has no {name}")
    for call in json.loads(texts.get(WIRE, '{"calls": []}'))["calls"]:
        if call["call"].split(" ")[0] not in python:
            problems.append(f"{TABLE}: the recorded call {call['call']} is missing")
    for path, text in texts.items():
        if path.startswith(HEADERS) and "/detail/" not in path:
            problems += [f"{path}: {name} is missing in {TABLE}" for name in sorted(offered(text) - cpp)]
    return problems


def case(table, header, calls=("A.list",)):
    return {TABLE: "| Python | C++ | header | request |\n|---|---|---|---|\n" + table, HEADERS + "a.hpp": header,
            WIRE: json.dumps({"calls": [{"call": call} for call in calls]})}


ROW_OF_A = "| `A.list` | `A::list` | `a.hpp` | `GET /a` |\n"
HEADER_OF_A = ("struct A : Resource {\n  static Call<A> list(const Event& event) { return {}; }\n"
               " private:\n  static Call<A> post(int) {}\n};\n")
PLANTED = [
    ("all there", case(ROW_OF_A, HEADER_OF_A), None),
    ("a recorded call is missing", case(ROW_OF_A, HEADER_OF_A, ("A.list", "A.get #1")), "recorded call A.get #1"),
    ("a name that is not there", case(ROW_OF_A.replace("::list", "::all"), HEADER_OF_A), "a.hpp has no A::all"),
    ("of another struct", case(ROW_OF_A, HEADER_OF_A.replace("struct A", "struct B")), "a.hpp has no A::list"),
    ("no such header", case(ROW_OF_A.replace("a.hpp", "b.hpp"), HEADER_OF_A), "no header b.hpp"),
    ("a call nobody documented", case(ROW_OF_A, HEADER_OF_A.replace(" private:", "  static Call<A> get(int);\n private:")),
     "A::get is missing"),
    ("a free one", case(ROW_OF_A, HEADER_OF_A + "inline Async<Result<A>> load(int) {}\n"), "load is missing"),
    ("a broken row", case(ROW_OF_A + "| `A.x` | `A::list` |\n", HEADER_OF_A), "not a row"),
]

if __name__ == "__main__":
    tree.run(rule, lambda path: path in (TABLE, WIRE) or path.startswith(HEADERS), PLANTED)
