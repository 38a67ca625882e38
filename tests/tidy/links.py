"""Every relative link and picture in a Markdown file leads to a file, every #part to a heading."""
import os
import re

import tree

LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.S | re.M)


def anchors(text):
    """The names that a renderer gives to the headings of a page."""
    found, seen = set(), {}
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*#*\s*$", FENCE.sub("", text), re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = seen.get(name, 0)
        seen[name] = count + 1
        found.add(f"{name}-{count}" if count else name)
    return found


def rule(texts):
    problems = []
    every = set(texts) | {os.path.dirname(path) for path in texts}
    for path, text in texts.items():
        if not path.endswith(".md"):
            continue
        for match in LINK.finditer(FENCE.sub(lambda fence: "\n" * fence.group().count("\n"), text)):
            target = match.group(1)
            number = text[:match.start()].count("\n") + 1
            if re.match(r"[a-z][a-z+.-]*:", target):
                continue
            name, _, part = target.partition("#")
            file = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
            if file not in every and not os.path.exists(os.path.join(tree.ROOT, file)):
                problems.append(f"{path}:{number}: {target}: no such file")
            elif part and file.endswith(".md") and part not in anchors(texts.get(file, "")):
                problems.append(f"{path}:{number}: {target}: no such heading")
    return problems


PLANTED = [
    ("a missing file", {"README.md": "see [it](docs/none.md)\n"}, "README.md:1: docs/none.md: no such file"),
    ("a missing picture", {"docs/a.md": "\n![shot](none.png)\n"}, "docs/a.md:2: none.png"),
    ("a missing heading", {"a.md": "[x](b.md#three)\n", "b.md": "# One\n## Two\n"}, "no such heading"),
    ("a missing heading here", {"a.md": "# One\n[x](#two)\n"}, "no such heading"),
    ("all there", {"a.md": "# The `one`, again\n[x](docs/b.md#two) [y](#the-one-again) [z](https://example.com/none.md)\n"
                           "```\n[not](a-link.md)\n```\n", "docs/b.md": "## Two\n[up](../a.md)\n"}, None),
]

if __name__ == "__main__":
    tree.run(rule, lambda path: True, PLANTED)
