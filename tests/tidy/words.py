"""Words that must not be in the tree: notes to oneself, private paths, addresses of package hosts, likely secrets."""
import re

import tree

BANNED = {
    r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b": "do it now or write an issue",
    r"(?<![\w.])/(?:wor" r"k|roo" r"t|hom" r"e/\w+)/": "a path of one machine",
    r"\bdeb\.deb" r"ian\.org|registry\.np" r"mjs|\bpypi\.or" r"g|node" r"source|security\.deb" r"ian":
        "name the package, not the host it comes from",
    r"-----BEGIN (?:RSA |EC )?PRIVATE" r" KEY-----": "keys are made by the tests that need them",
    r"(?<!\w)(?:Co-author" r"ed|Signed-of" r"f)-by": "no trailers",
}
PATTERNS = [(re.compile(pattern), why) for pattern, why in BANNED.items()]


def rule(texts):
    problems = []
    for path, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            for pattern, why in PATTERNS:
                found = pattern.search(line)
                if found:
                    problems.append(f"{path}:{number}: '{found.group()}': {why}")
    return problems


PLANTED = [
    ("a note to oneself", {"host/a/a.cpp": "// TO" "DO: later\n"}, "write an issue"),
    ("another", {"dev": "# FIX" "ME\n"}, "write an issue"),
    ("a path", {"docs/a.md": "see /hom" "e/anna/modhost\n"}, "one machine"),
    ("a host", {"Dockerfile": "RUN curl https://deb.deb" "ian.org\n"}, "name the package"),
    ("a key", {"tests/a.pem": "-----BEGIN PRIVATE" " KEY-----\n"}, "made by the tests"),
    ("ordinary text", {"a.md": "a framework/ folder, https://example.com/home-page, my_todos, HACKING\n"}, None),
]

if __name__ == "__main__":
    tree.run(rule, lambda path: not path.startswith("tests/fixtures/"), PLANTED)
