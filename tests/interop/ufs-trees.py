#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""UFS images by makefs: the tree that pxe-run serves is the one that went in, and the one that fls and icat
read."""
import os
import re
import struct
import sys
from dataclasses import replace
from pathlib import Path

import makers
import readers
from readers import agree, output, sleuth, source, without

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
import harness  # pylint: disable=wrong-import-position
from harness import test, tmpdir  # pylint: disable=wrong-import-position

# makefs has no sockets; a time that has 33 bits does not fit UFS1.
NO_SOCKET = {"special": False}

# The Sleuth Kit shows control characters as this, and looks for UFS2 at 64 KiB only, where makefs has a
# superblock (a copy) when blocks have that size.
UNPRINTABLE = re.compile(rb"[\x00-\x1f]"), b"^"


def printable(entries):
    """A tree whose names are as The Sleuth Kit shows them."""
    return {UNPRINTABLE[0].sub(UNPRINTABLE[1], path): entry for path, entry in entries.items()}


def makefs(image, tree, options, *more):
    """Makes a UFS of a tree."""
    makers.run(["makefs", "-t", "ffs", *more, "-o", options, image, tree])
    return image


def check(image, tree, sector=0, by_sleuth=True):
    """Compares all readers with what went in. Returns our tree."""
    mine = readers.ours(image)
    agree(without(mine, b""), without(source(tree), b""), "makefs")
    if by_sleuth:
        agree(without(printable(mine), b""), without(sleuth(image, sector), b""), "The Sleuth Kit")
    assert len(mine) > 5, mine
    return mine


def geometry(options, *more, by_sleuth=True):
    """Registers a test: a file system of these parameters."""
    def run():
        with tmpdir() as folder:
            tree = makers.make_tree(folder / "tree", **NO_SOCKET, deep=12)
            makers.write_file(tree / "sizes/large", makers.pattern(3000000))
            os.mkfifo(tree / "fifo")
            check(makefs(folder / "x.img", tree, options, *more), tree, by_sleuth=by_sleuth)
    run.__name__ = "makefs_" + re.sub(r"\W", "_", options)
    test(run)


geometry("version=1")
geometry("version=1,bsize=4096,fsize=512")
geometry("version=1,bsize=16384,fsize=2048", "-b", "20%")
geometry("version=1,bsize=4096,fsize=512,maxbpcg=200,density=2048", "-b", "40%")
geometry("version=1,bsize=65536,fsize=8192", "-b", "60%")
geometry("version=2,bsize=65536,fsize=8192", "-b", "60%")
geometry("version=2", by_sleuth=False)
geometry("version=2,bsize=4096,fsize=512", by_sleuth=False)
geometry("version=2,bsize=32768,fsize=4096", "-b", "60%", by_sleuth=False)


@test
def hard_links():
    """Both names have one inode."""
    with tmpdir() as folder:
        tree = makers.make_tree(folder / "tree", **NO_SOCKET)
        os.link(tree / "sizes/2049", tree / "many/linked")
        mine = check(makefs(folder / "x.img", tree, "version=1", "-b", "20%"), tree)
        assert mine[b"many/linked"] == mine[b"sizes/2049"]


@test
def owners_and_devices():
    """Objects of a specification, so that no file of the host stands behind them."""
    specification = b"""#mtree
. type=dir mode=0755 uid=0 gid=0
./dev type=dir mode=0755 uid=0 gid=0 time=1204070400.0
./dev/null type=char mode=0666 uid=0 gid=0 device=freebsd,13,2 time=1204070400.0
./dev/ad0s1a type=block mode=0640 uid=0 gid=5 device=freebsd,116,65538 time=1204070400.0
./su type=file mode=04755 uid=4294967294 gid=65533 time=1204070400.0
"""
    with tmpdir() as folder:
        (folder / "tree").mkdir()
        makers.write_file(folder / "spec", specification)
        image = makefs(folder / "x.img", folder / "tree", "version=1", "-s", "1m", "-F", folder / "spec")
        mine = readers.ours(image)
        others = {path: replace(entry, detail=None) for path, entry in sleuth(image).items()}
        agree(without(mine, b""), others, "The Sleuth Kit")
        found = {path: (e.type, e.mode, e.uid, e.gid, e.detail) for path, e in mine.items()}
        assert found[b"dev/null"] == ("c", 0o666, 0, 0, b"13,2"), found
        assert found[b"dev/ad0s1a"] == ("b", 0o640, 0, 5, b"116,65538"), found
        assert found[b"su"] == ("-", 0o4755, 4294967294, 65533, None), found


@test
def more_than_100_megabytes():
    """A file with two levels of blocks of addresses, most of it zeros."""
    with tmpdir() as folder:
        (folder / "tree").mkdir()
        marks = {0: b"begin", 48 * 1024: b"single", (12 + 1024) * 4096: b"double", 110000000: b"end"}
        with open(folder / "tree/large", "wb") as large:
            for offset, text in marks.items():
                large.seek(offset)
                large.write(text)
        image = makefs(folder / "x.img", folder / "tree", "version=1,bsize=4096,fsize=512", "-b", "10%")
        mine, others = readers.ours(image), sleuth(image)
        agree(without(mine, b""), others, "The Sleuth Kit")
        agree(without(mine, b""), without(source(folder / "tree"), b""), "makefs")
        for offset, text in marks.items():
            assert output(readers.VFS_LIST, image, "large", str(offset), str(len(text))) == text, offset


# ---- disks ----

def label(offset, sectors):
    """A BSD disklabel with the partitions a and c."""
    head = struct.pack("<IHH16s16s9I4HI9I", 0x82564557, 0, 0, b"", b"", 512, 63, 255, 1, 16065, sectors, 0, 0, 0,
                       *[0] * 14)
    head = head[:132].ljust(132, b"\0") + struct.pack("<IHHII", 0x82564557, 0, 8, 8192, 8192)
    parts = struct.pack("<IIIBBH", sectors - offset, offset, 2048, 7, 8, 0) + bytes(16)
    parts += struct.pack("<IIIBBH", sectors, 0, 0, 0, 0, 0) + bytes(16 * 5)
    whole, total = bytearray(head + parts), 0
    for (word,) in struct.iter_unpack("<H", whole):
        total ^= word
    whole[136:138] = struct.pack("<H", total)
    return bytes(whole)


def disk(name, make, sector):
    """Registers a test: a disk around a file system."""
    def run():
        with tmpdir() as folder:
            tree = makers.make_tree(folder / "tree", **NO_SOCKET)
            ufs = makefs(folder / "ufs.img", tree, "version=1,density=8000,minfree=0,optimization=space",
                         "-s", "4320k").read_bytes()
            (folder / "x.img").write_bytes(make(bytearray(sector * 512) + ufs))
            check(folder / "x.img", tree, sector)
    run.__name__ = name
    test(run)


def mfsroot(image):
    """As that of FreeBSD 7.0: the label is in the file system's boot block."""
    image[512:512 + 276] = label(0, len(image) // 512)
    return image


def dedicated(image):
    """As FreeBSD 8's and 9's memsticks."""
    image[512:512 + 276] = label(16, len(image) // 512)
    return image


def sliced(image):
    """As FreeBSD's memsticks for i386: a slice with a label."""
    image[446:462] = struct.pack("<8BII", 0x80, 0, 0, 0, 0xa5, 0, 0, 0, 63, len(image) // 512 - 63)
    image[510:512] = b"\x55\xaa"
    image[64 * 512:64 * 512 + 276] = label(16, len(image) // 512 - 63)
    return image


def gpt(image):
    """As FreeBSD's memsticks from 10 on."""
    image[446:462] = struct.pack("<8BII", 0, 0, 0, 0, 0xee, 0, 0, 0, 1, len(image) // 512 - 1)
    image[510:512] = b"\x55\xaa"
    image[512:604] = struct.pack("<8sIIIIQQQQ16sQII", b"EFI PART", 0x10000, 92, 0, 0, 1, 0, 40, 0, b"", 2, 128, 128) \
        + bytes(4)
    image[1024 + 256:1024 + 384] = struct.pack(
        "<16s16sQQ80x", bytes.fromhex("b67c6e51cf6ed6118ff800022d09712b"), b"p3", 200, len(image) // 512 - 1)
    return image


disk("mfsroot_of_7", mfsroot, 0)
disk("memstick_of_8", dedicated, 16)
disk("memstick_of_i386", sliced, 63 + 16)
disk("memstick_of_10", gpt, 200)


if __name__ == "__main__":
    harness.main()
