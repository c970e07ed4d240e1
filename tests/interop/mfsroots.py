#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory disks that pxe-run writes, as fls of The Sleuth Kit reads them; and gunzip, its compressed ones."""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
from harness import PXE_RUN, main, test, tmpdir, write_tree  # noqa: E402 pylint: disable=wrong-import-position

LETTERS = {"r": "file", "d": "dir", "l": "link", "c": "char", "b": "block", "p": "fifo", "h": "socket", "s": "socket"}


def output(*command):
    """Standard output of a command."""
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


def by_fls(image):
    """{path: (type, uid, gid, size, mtime)}, of directories without the size."""
    found = {}
    for line in output("fls", "-f", "ufs", "-r", "-p", "-m", "", image).decode().splitlines():
        _, path, _, mode, uid, gid, size, _, mtime, *_ = line.split("|")
        path = re.sub(r" -> .*", "", path)
        if "$OrphanFiles" not in path:  # of its own
            kind = LETTERS[mode.split("/")[1][0]]
            found["." + path] = (kind, mode.split("/")[1][1:], int(uid), int(gid), int(size) * (kind != "dir"), int(mtime))
    return found


def by_us(image):
    """The same, by pxe-run."""
    files = json.loads(output(PXE_RUN, "mfsroot", "--list", image, "--json"))["files"]
    return {f["path"]: (f["type"], rwx(f["mode"]), f["uid"], f["gid"],
                        f["size"] * (f["type"] not in ("dir", "char", "block")), f["mtime"]) for f in files if f["path"] != "."}


def rwx(mode):
    """As ls has it."""
    text = [c if mode & 0o400 >> i else "-" for i, c in enumerate("rwxrwxrwx")]
    for bit, at, letter in ((0o4000, 2, "s"), (0o2000, 5, "s"), (0o1000, 8, "t")):
        if mode & bit:
            text[at] = letter if text[at] == "x" else letter.upper()
    return "".join(text)


def many(folder):
    """Thousands of files of all sizes, some with two names; devices come from the specification."""
    tree = folder / "tree"
    write_tree(tree, {f"dir{n % 50}/{'n' * (n % 240)}{n}": os.urandom(n % 97 * 150) for n in range(4000)})
    write_tree(tree, {"large": os.urandom(3 << 20)})
    (tree / "sparse").write_bytes(b"")
    os.truncate(tree / "sparse", 5 << 20)
    for n in range(50):
        os.link(tree / f"dir{n}/{'n' * n}{n}", tree / f"link{n}")
        os.symlink("x" * (n * 4 + 1), tree / f"symlink{n}")
    (folder / "spec").write_text(". type=dir mode=0755 uid=0 gid=0\n"
                                 "./null type=char mode=0666 uid=0 gid=5 device=0x0203 time=1.0\n"
                                 "./large type=file mode=06711 uid=65534 gid=7\n")
    image = folder / "old"
    output("makefs", "-t", "ffs", "-b", "10%", "-F", folder / "spec", image, tree)
    return image


def build(folder, version):
    """Both images, the old one and the new one."""
    old, new = many(folder), folder / "new"
    output(PXE_RUN, "mfsroot", "--from", old, "--ufs", version, "--no-cache", "-o", new)
    assert by_us(new) == by_us(old), "the new image is not the old one"
    output(PXE_RUN, "mfsroot", "--from", old, "--ufs", version, "--no-cache", "-o", folder / "new.gz")
    assert output("gunzip", "-c", folder / "new.gz") == new.read_bytes()
    return new


@test
def ufs1():
    with tmpdir() as d:
        new = build(d, 1)
        mine, theirs = by_us(new), by_fls(new)
        assert len(mine) > 4100, len(mine)
        wrong = [f"{p}: {mine.get(p)} is {theirs.get(p)} to fls" for p in sorted(mine.keys() | theirs.keys())
                 if mine.get(p) != theirs.get(p)]
        assert not wrong, "\n".join(wrong[:20])
        inode = re.search(rb"(\d+):\s+large$", output("fls", "-f", "ufs", new), re.M)[1].decode()
        assert output("icat", "-f", "ufs", new, inode) == (d / "tree/large").read_bytes()


@test
def ufs2():
    """fls looks for a UFS2 where FreeBSD's newfs has it, at 64 KiB; makefs has it at 8 KiB."""
    with tmpdir() as d:
        build(d, 2)


if __name__ == "__main__":
    main()
