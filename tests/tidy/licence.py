"""The licence is Apache-2.0, whole, and the README says so."""
import tree

PARTS = ("Apache License", "Version 2.0, January 2004", "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION",
         "9. Accepting Warranty or Additional Liability", "END OF TERMS AND CONDITIONS")


def rule(texts):
    problems = [f"LICENSE:1: '{part}' is missing" for part in PARTS if part not in texts.get("LICENSE", "")]
    if "README.md" in texts and "Apache-2.0" not in texts["README.md"]:
        problems.append("README.md:1: name the licence, Apache-2.0")
    return problems


PLANTED = [
    ("no licence", {"README.md": "Apache-2.0"}, "LICENSE:1"),
    ("half a licence", {"LICENSE": "Apache License, Version 2.0, January 2004"}, "END OF TERMS"),
    ("unnamed", {"LICENSE": "\n".join(PARTS), "README.md": "modhost"}, "README.md:1"),
    ("whole and named", {"LICENSE": "\n".join(PARTS), "README.md": "Apache-2.0"}, None),
]

if __name__ == "__main__":
    tree.run(rule, lambda path: path in ("LICENSE", "README.md"), PLANTED)
