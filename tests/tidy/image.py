"""The Dockerfile can hold what it says: what it copies exists, what it installs `./dev` knows, nobody runs as root."""
import re

import tree

RUNTIME_ONLY = re.compile(r"^(lib[\w.+-]+|ca-certificates|curl)$")


def packages_of(script):
    return set(" ".join(re.findall(r"_packages=\(([^)]*)\)", script)).split())


def instructions(text):
    """[(line, keyword, rest)] with continued lines joined."""
    found, number = [], 1
    for line in re.sub(r"\\\n", lambda _: "\x00", text).split("\n"):
        plain = line.replace("\x00", " ").strip()
        if plain and not plain.startswith("#"):
            keyword, _, rest = plain.partition(" ")
            found.append((number, keyword.upper(), rest.strip()))
        number += 1 + line.count("\x00")
    return found


def copy_problems(number, rest, paths):
    if "--from=" in rest:
        return
    sources = [word for word in rest.split() if not word.startswith("--")][:-1]
    for source in sources:
        name = source.rstrip("/").removeprefix("./")
        if name != "." and not any(path == name or path.startswith(name + "/") for path in paths):
            yield f"Dockerfile:{number}: COPY {source}: no such file"


def install_problems(number, rest, known):
    for listed in re.findall(r"apt-get install((?: [^&|;]+)+)", rest):
        for name in (word for word in listed.split() if not word.startswith("-")):
            if name not in known and not RUNTIME_ONLY.match(name):
                yield f"Dockerfile:{number}: ./dev does not install {name}"


def rule(texts):
    text = texts.get("Dockerfile", "")
    problems, user, known = [], "root", packages_of(texts.get("dev", ""))
    for number, keyword, rest in instructions(text):
        if keyword == "COPY":
            problems += copy_problems(number, rest, texts)
        elif keyword == "RUN":
            problems += install_problems(number, rest, known)
        elif keyword == "USER":
            user = rest
        elif keyword == "FROM":
            user = "root"
        elif keyword in ("CMD", "ENTRYPOINT") and not rest.startswith("["):
            problems.append(f"Dockerfile:{number}: {keyword} in exec form, so that signals reach modhost")
    if user == "root":
        problems.append("Dockerfile:1: the last stage runs as root")
    if "HEALTHCHECK" not in text:
        problems.append("Dockerfile:1: no HEALTHCHECK")
    return problems


SCRIPT = "build_packages=(g++ cmake)\ntest_packages=(python3)\n"
GOOD = "FROM debian:12\nCOPY dev host/ ./\nRUN apt-get update && apt-get install -y g++ \\\n libssl3\nUSER 10001\n" \
       "HEALTHCHECK CMD [\"x\"]\nENTRYPOINT [\"modhost\"]\n"
TREE = {"dev": SCRIPT, "host/main.cpp": ""}
PLANTED = [
    ("nothing to copy", {**TREE, "Dockerfile": GOOD.replace("host/", "none/")}, "COPY none/"),
    ("an unknown package", {**TREE, "Dockerfile": GOOD.replace("g++", "emacs")}, "./dev does not install emacs"),
    ("root", {**TREE, "Dockerfile": GOOD.replace("USER 10001\n", "")}, "runs as root"),
    ("a shell in between", {**TREE, "Dockerfile": GOOD.replace('["modhost"]', "modhost run")}, "exec form"),
    ("unwatched", {**TREE, "Dockerfile": GOOD.replace("HEALTHCHECK", "# ")}, "no HEALTHCHECK"),
    ("all there", {**TREE, "Dockerfile": GOOD}, None),
]

if __name__ == "__main__":
    tree.run(rule, lambda path: True, PLANTED)
