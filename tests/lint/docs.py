#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks what the documentation says of the source: the folders' file tables are complete, files that a page
names exist, and docs/inspect-json.md has the members that launcher/inspect.c writes."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("base", "images", "nfs", "slirp-config", "launcher")
README_MAX = 60  # lines


def pages():
    """All Markdown pages."""
    return sorted(path for path in ROOT.rglob("*.md")
                  if not any(part.startswith((".", "build")) for part in path.relative_to(ROOT).parts))


def source_names():
    """Names of all files that are not generated."""
    return {path.name for top in (*FOLDERS, "tests", "docs") for path in (ROOT / top).rglob("*")}


def names_in_table(text):
    """The files that a README's table names; `name.[ch]` stands for two."""
    names = set()
    for row in re.findall(r"^\| (`.*?) \|", text, re.M):
        for name in re.findall(r"`([\w./\[\]-]+)`", row):
            names |= {name.replace("[ch]", letter) for letter in ("c", "h")} if "[ch]" in name else {name}
    return names


def check_readme(folder):
    """Yields the differences between a folder and the table in its README."""
    path = ROOT / folder / "README.md"
    text = path.read_text()
    named = names_in_table(text)
    if len(text.splitlines()) > README_MAX:
        yield f"{folder}/README.md has more than {README_MAX} lines"
    for name in sorted(named):
        if not (ROOT / folder / name).exists():
            yield f"{folder}/README.md names {name}, which is not there"
    sources = [p.relative_to(ROOT / folder) for p in (ROOT / folder).rglob("*") if p.suffix in (".c", ".h", ".S")]
    for source in sorted(sources):
        # A header goes with its source, what is in a folder with the folder.
        if not {str(source), str(source.with_suffix(".c")), str(source.parent) + "/"} & named:
            yield f"{folder}/README.md does not name {source}"


def check_paths(page, names):
    """Yields the files that a page names and that do not exist; they may be given from the root, from the
    page's folder, or by their name alone."""
    named = re.findall(r"`([\w./-]+\.(?:c|h|py|md|S|build))`", page.read_text())
    for name in named:
        if re.search("[A-Z]", Path(name).stem):
            continue  # another page, or a name with a part that stands for others
        top = name.split("/")[0]
        if not (ROOT / top).exists() and not (page.parent / top).exists() and "/" in name:
            continue  # another project's
        if not ((ROOT / name).exists() or (page.parent / name).exists() or name in names):
            yield f"{page.relative_to(ROOT)} names {name}, which is not there"


def check_json():
    """Yields the members of `inspect --json` that are not described, and those that are not written."""
    code = (ROOT / "launcher/inspect.c").read_text()
    page = (ROOT / "docs/inspect-json.md").read_text()
    written = set(re.findall(r'json_(?:add_\w+|settings|text)\(\w+, "(\w+)"', code))
    described = set(re.findall(r"\w+", " ".join(re.findall(r"^\| `([\w.]+)`", page, re.M))))
    described |= set(re.findall(r"\w+", " ".join(re.findall(r"`\{([\w, ]+)\}`", page))))
    yield from (f"docs/inspect-json.md does not describe {name}" for name in sorted(written - described))
    yield from (f"docs/inspect-json.md describes {name}, which is not written" for name in sorted(described - written))


def main():
    """Prints each offence; returns whether there is one."""
    wrong = [line for folder in FOLDERS for line in check_readme(folder)]
    names = source_names()
    wrong += [line for page in pages() for line in check_paths(page, names)]
    wrong += check_json()
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
