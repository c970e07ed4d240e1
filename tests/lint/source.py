#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks what the compiler does not: licence lines, sizes, forbidden names and calls, doc comments.

A line that must break a rule carries a comment `lint: raw` (for the ban on raw byte handling) and its
reason.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE_DIRS = ("base", "images", "nfs", "slirp-config", "launcher", "tests")
FILE_MAX, FUNCTION_MAX = 500, 80
FORBIDDEN_NAMES = re.compile(r"util|common|helper|misc")

# In the layers that handle foreign bytes; base/ is what they use instead.
RAW = re.compile(r"\b(ntohs|ntohl|htons|htonl|GUINT\d+_(FROM|TO)_[BL]E|alloca|strcpy|strcat|sprintf"
                 r"|gets|system|popen)\s*\(")
PRINTING = re.compile(r"\b(printf|puts|perror|exit)\s*\(")
MAY_PRINT = {"launcher/main.c", "launcher/run.c", "launcher/inspect.c", "launcher/serve.c",
             "launcher/tree-list.c"}


def functions(lines):
    """Yields (name, first line, number of lines) of each function definition."""
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            head = start
            while head > 0 and not re.match(r"^\w+\s*\(|^\w[\w-]*\(", lines[head]):
                head -= 1
            yield lines[head].split("(")[0], head, number - start + 1
            start = None


def undocumented(lines):
    """Yields (line, name) of each public function without a comment in front of it."""
    for number, line in enumerate(lines):
        name = re.match(r"^([a-z]\w*)\(", line)
        if not name or name[1] == "main" or number < 2 or re.match(r"^(static|G_DEFINE|extern)", lines[number - 1]):
            continue
        above = number - 1
        while above > 0 and lines[above].strip() and not lines[above].endswith("*/"):
            above -= 1
        if not lines[above].endswith("*/"):
            yield number + 1, name[1]


def check(path):
    """Yields the offences in one file."""
    name = str(path.relative_to(ROOT))
    lines = path.read_text().splitlines()
    product = not name.startswith("tests/")
    if "SPDX-License-Identifier: GPL-2.0-or-later" not in "\n".join(lines[:2]):
        yield f"{name}:1: no SPDX line"
    if FORBIDDEN_NAMES.search(path.name):
        yield f"{name}: a forbidden file name"
    if len(lines) > FILE_MAX:
        yield f"{name}: {len(lines)} lines, {FILE_MAX} is the limit"
    if path.suffix not in (".c", ".h"):
        return
    for number, line in enumerate(lines, 1):
        if len(line) > 100:
            yield f"{name}:{number}: {len(line)} columns"
        if product and RAW.search(line) and "lint: raw" not in line:
            yield f"{name}:{number}: raw call: {line.strip()}"
        if product and PRINTING.search(line) and name not in MAY_PRINT and "printed(" not in line:
            yield f"{name}:{number}: prints or exits: {line.strip()}"
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            yield f"{name}:{number}: unfinished: {line.strip()}"
    if product and path.suffix == ".c":
        for number, function in undocumented(lines):
            yield f"{name}:{number}: {function} has no doc comment"
    for function, head, length in functions(lines):
        if length > FUNCTION_MAX:
            yield f"{name}:{head + 1}: {function} has {length} lines, {FUNCTION_MAX} is the limit"


def main():
    """Prints the offences; returns whether there are any."""
    found = False
    for folder in SOURCE_DIRS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".c", ".h", ".S", ".py") and path.is_file():
                for offence in check(path):
                    found = True
                    print(offence)
    return found


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
