"""What every rule shares: the files of the tree and one way to run a rule and to prove that it can fail.

A rule is a function from {path: text} to a list of problems, each "path:line: what is wrong and how to mend it". Its
planted violations are run first: a rule that overlooks one of them fails before it looks at the real tree.
"""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED_FOLDERS = {".git", "build", "data", "__pycache__", ".cache"}


def paths():
    """The files of the checkout that git knows or would add; without git every file outside the build folders."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        found = set(listed.stdout.decode().split("\0")) - {""}
    else:
        found = set()
        for folder, folders, names in os.walk(ROOT):
            folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
            found.update(os.path.relpath(os.path.join(folder, name), ROOT) for name in names)
    return sorted(path for path in found if os.path.isfile(os.path.join(ROOT, path)))


def files(wanted):
    """{path: text} of the text files for which wanted(path) holds."""
    texts = {}
    for path in filter(wanted, paths()):
        try:
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                texts[path] = file.read()
        except UnicodeDecodeError:
            continue  # a picture, or a fixture that is meant to be broken
    return texts


def planted_misses(rule, planted):
    """The planted cases that the rule judges wrongly. A case is (name, files, expected); expected None means clean."""
    misses = []
    for name, case, expected in planted:
        problems = rule(case)
        if expected is None and problems:
            misses.append(f"planted '{name}': clean, but reported {problems}")
        if expected is not None and not any(expected in problem for problem in problems):
            misses.append(f"planted '{name}': expected a problem with '{expected}', reported {problems}")
    return misses


def run(rule, wanted, planted):
    """Runs the rule over its planted cases, then over the tree; exits 1 with the problems."""
    problems = planted_misses(rule, planted)
    if not problems:
        tree = files(wanted)
        problems = rule(tree) if tree else ["no file of the tree matches this rule: it would pass on anything"]
        print(f"{len(planted)} planted cases judged rightly, {len(tree)} files looked at, {len(problems)} problems")
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
