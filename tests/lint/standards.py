#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares docs/standards.md with the source: each function named there exists, each RFC named in the source
is there."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("base", "images", "nfs", "slirp-config", "launcher")


def source_files():
    """Our C files, tests left out."""
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in (".c", ".h"))


def main():
    """Prints each difference; returns whether there is one."""
    wrong = []
    page = (ROOT / "docs/standards.md").read_text()
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in source_files()}
    functions = set()
    for text in texts.values():  # a definition begins a line, see .clang-format
        functions.update(re.findall(r"^(\w+)\(", text, re.M))
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$", page, re.M)
    for clause, column in rows:
        named = re.findall(r"`(\w+)`", column)
        if not named and clause not in ("clause", "file"):
            wrong.append(f"{clause}: no function is named")
        wrong += [f"{clause}: there is no function {name}" for name in named if name not in functions]
    for name, text in texts.items():
        wrong += [f"{name}: RFC {number} is not in docs/standards.md"
                  for number in sorted(set(re.findall(r"RFC (\d+)", text)))
                  if f"RFC {number}" not in page]
    if len(rows) < 50:
        wrong.append(f"docs/standards.md has only {len(rows)} rows")
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
