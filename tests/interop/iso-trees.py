#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ISO images by several makers: the tree that pxe-run serves is the one that went in, and the one that
bsdtar and isoinfo read."""
import hashlib
import os
import sys
from dataclasses import replace
from pathlib import Path

import makers
import readers
from readers import agree, bsdtar, isoinfo, isoinfo_digest, isoinfo_paths, output, source, without

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
import harness  # pylint: disable=wrong-import-position
from harness import test, tmpdir  # pylint: disable=wrong-import-position

# Where an image has no Rock Ridge, each reader makes up modes and owners.
MADE_UP = ("mode", "uid", "gid")

# libarchive loses the "/" between two SL entries of one link.
LIBARCHIVE_LOSES = (b"links/long", b"links/longer")


def unknown(entries, paths, *names):
    """A tree in which the fields @names of these objects are not known."""
    return {path: replace(entry, **dict.fromkeys(names)) if path in paths else entry
            for path, entry in entries.items()}


def lower_case(entries):
    """Names without Rock Ridge and Joliet, as pxe-run shows them: "FILE.;1" is "file"."""
    return {path.lower().split(b";")[0].rstrip(b"."): entry for path, entry in entries.items()}


def utf8(entries):
    """Names in UTF-8: isoinfo shows those of Joliet in ISO 8859-1."""
    def convert(name):
        try:
            return name.decode().encode()
        except UnicodeDecodeError:
            return name.decode("latin-1").encode()
    return {convert(path): entry for path, entry in entries.items()}


def put_back(path):
    """Where a directory in rr_moved belongs."""
    if not path.startswith(b"rr_moved/level-"):
        return path
    depth = int(path.split(b"/")[1].removeprefix(b"level-"))
    return b"".join(b"level-%d/" % n for n in range(depth)) + path.removeprefix(b"rr_moved/")


def read_by_isoinfo(iso, flags):
    """What isoinfo reads; its contents too, but for most of the many small files."""
    entries = isoinfo(iso, *flags)
    paths = isoinfo_paths(iso, *flags)
    assert paths == set(entries) - {b""}, paths ^ set(entries)
    for path, entry in entries.items():
        if entry.type == "-" and not (b"/" in path and path[-3:-1] in [b"%02d" % n for n in range(1, 12)]):
            entry.sha256 = isoinfo_digest(iso, path, *flags)
    return entries


def check(iso, tree=None, flags=("-R",), normal=lambda entries: entries, unlike=(), odd_root=False):
    """Compares all readers, and with @tree what went in.

    @normal is applied to what the others read; with @odd_root, the root directory is left out.
    """
    mine = readers.ours(iso)
    served = without(mine, b"rr_moved", *[b""] * odd_root)
    if tree is not None:
        agree(served, without(source(tree), *[b""] * odd_root), "the maker", unlike)
    others = unknown(normal(bsdtar(iso)), LIBARCHIVE_LOSES, "detail")
    agree(served, without(others, *[b""] * odd_root), "bsdtar", unlike)
    by_isoinfo = {put_back(path): entry for path, entry in read_by_isoinfo(iso, flags).items()}
    shown = {path: replace(entry, mode=entry.mode & 0o777) for path, entry in mine.items()}
    agree(shown, normal(by_isoinfo), "isoinfo", unlike)
    assert len(mine) > 5, mine
    return mine


# ---- images with Rock Ridge ----

def rock_ridge(name, make, unlike=(), odd_root=False, **tree_options):
    """Registers a test: a maker, what it does not keep, the tree that it gets."""
    def run():
        with tmpdir() as folder:
            tree = makers.make_tree(folder / "tree", **tree_options)
            check(make(folder / "x.iso", tree), tree, unlike=unlike, odd_root=odd_root)
    run.__name__ = name
    test(run)


def genisoimage(*options):
    """A maker."""
    return lambda image, tree: makers.make(makers.GENISOIMAGE, image, tree, *options)


def xorriso(*options):
    """A maker."""
    return lambda image, tree: makers.make(makers.XORRISO, image, tree, *options)


def bsdtar_writer(*options):
    """A maker."""
    return lambda image, tree: makers.bsdtar(image, tree, *options)


rock_ridge("genisoimage_rock_ridge", genisoimage("-R"))
rock_ridge("genisoimage_joliet_too", genisoimage("-R", "-J"))
rock_ridge("genisoimage_rationalized", genisoimage("-r"), unlike=MADE_UP)
rock_ridge("genisoimage_deep", genisoimage("-R"), deep=12)
rock_ridge("genisoimage_deep_not_moved", genisoimage("-R", "-D"), deep=12)
rock_ridge("xorriso_rock_ridge", xorriso("-R"), late=True)
rock_ridge("xorriso_joliet_too", xorriso("-R", "-J", "-joliet-long"), late=True)
rock_ridge("xorriso_level_3", xorriso("-R", "-iso-level", "3"), late=True)
rock_ridge("xorriso_deep", xorriso("-R"), deep=12, late=True)
rock_ridge("bsdtar_writer", bsdtar_writer(), unlike=MADE_UP, odd_root=True, deep=12, late=True)
rock_ridge("bsdtar_writer_strict", bsdtar_writer("rockridge=strict", "!joliet"), odd_root=True)
# Long names are left out: libarchive does not read makefs's continuation areas.
rock_ridge("makefs", makers.makefs, odd_root=True, special=False,
           names=[n for n in makers.NAMES if len(n) < 60])


@test
def owners_and_devices():
    """An image of a specification, so that no file of the host stands behind it."""
    specification = """#mtree
./dev type=dir mode=0755 uid=0 gid=0 time=1204070400.0
./dev/null type=char mode=0666 uid=0 gid=0 device=native,1,3 time=1204070400.0
./dev/da0 type=block mode=0640 uid=0 gid=5 device=native,8,16 time=1204070400.0
./dev/log type=link mode=0777 uid=65534 gid=65533 link=../var/run/log time=1204070400.0
./home type=dir mode=0711 uid=1001 gid=1001 time=1204070400.0
./home/large type=dir mode=0700 uid=4294967294 gid=2147483648 time=1204070400.0
"""
    with tmpdir() as folder:
        image = makers.bsdtar_of(folder / "x.iso", specification)
        mine = readers.ours(image)
        agree(without(mine, b""), without(bsdtar(image), b""), "bsdtar")
        found = {path: (e.type, e.mode, e.uid, e.gid, e.detail) for path, e in mine.items()}
        assert found[b"dev/null"] == ("c", 0o666, 0, 0, b"1,3"), found
        assert found[b"dev/da0"] == ("b", 0o640, 0, 5, b"8,16"), found
        assert found[b"dev/log"] == ("l", 0o777, 65534, 65533, b"../var/run/log"), found
        assert found[b"home/large"] == ("d", 0o700, 4294967294, 2147483648, None), found


@test
def time_zones():
    """Times are the same wherever the image was made, and wherever it is read."""
    with tmpdir() as folder:
        tree = makers.make_tree(folder / "tree", names=())
        wanted = source(tree)
        for maker in (makers.GENISOIMAGE, makers.XORRISO):
            for zone in ("Asia/Kathmandu", "America/St_Johns", "Pacific/Majuro", "Etc/GMT+11"):
                image = makers.make(maker, folder / "x.iso", tree, "-R", timezone_name=zone)
                for reader_zone in ("UTC", "Pacific/Kiritimati", "America/Los_Angeles"):
                    agree(readers.ours(image, timezone_name=reader_zone), wanted, f"{maker[0]} in {zone}")
                agree(wanted, unknown(bsdtar(image), LIBARCHIVE_LOSES, "detail"), "bsdtar")


@test
def hard_links():
    """Two names of one file are two files with the same bytes."""
    with tmpdir() as folder:
        tree = makers.make_tree(folder / "tree")
        os.link(tree / "sizes/2049", tree / "many/linked")
        for make in (genisoimage("-R"), genisoimage("-R", "-cache-inodes"), xorriso("-R"), makers.bsdtar):
            mine = readers.ours(make(folder / "x.iso", tree))
            assert mine[b"many/linked"].sha256 == source(tree)[b"sizes/2049"].sha256
            assert mine[b"many/linked"].size == 2049


# ---- images without ----

def joliet(name, make, **tree_options):
    """Registers a test of an image that has long names only by Joliet."""
    def run():
        with tmpdir() as folder:
            tree = makers.make_tree(folder / "tree", special=False, links=False, **tree_options)
            mine = check(make(folder / "x.iso", tree), flags=("-J",), normal=utf8, unlike=MADE_UP)
            assert {path: entry.sha256 for path, entry in mine.items()} == \
                {path: entry.sha256 for path, entry in source(tree).items()}
            assert {(e.type, e.mode, e.uid, e.gid) for e in mine.values()} == \
                {("-", 0o444, 0, 0), ("d", 0o555, 0, 0)}
    run.__name__ = name
    test(run)


# Not those with characters that Joliet does not have, nor what isoinfo cannot show.
JOLIET_NAMES = [n for n in makers.NAMES if len(n) < 60 and not set(n) & set("*?:;\\\t日")]

joliet("genisoimage_joliet", genisoimage("-J"), names=JOLIET_NAMES)
joliet("xorriso_joliet", xorriso("-J", "--norock"), names=JOLIET_NAMES)
joliet("bsdtar_writer_joliet", bsdtar_writer("!rockridge"), names=JOLIET_NAMES)


def plain(name, make):
    """Registers a test of an image that has nothing but names of eight and three."""
    def run():
        with tmpdir() as folder:
            tree = makers.make_tree(folder / "tree", special=False, links=False,
                                    names=("lower.txt", "UPPER.TXT", "no-dot", "long-name.text"))
            image = make(folder / "x.iso", tree)
            mine = check(image, flags=(), normal=lower_case, unlike=MADE_UP)
            assert sorted(e.sha256 or "" for e in mine.values()) == \
                sorted(e.sha256 or "" for e in source(tree).values())
            assert mine[b"names/upper.txt"].size == len("UPPER.TXT")
    run.__name__ = name
    test(run)


plain("genisoimage_plain", genisoimage())
plain("genisoimage_plain_level_3", genisoimage("-iso-level", "3"))
plain("xorriso_plain", xorriso("--norock"))
plain("bsdtar_writer_plain", bsdtar_writer("!rockridge", "!joliet"))
plain("makefs_plain", lambda image, tree: makers.makefs_plain(image, tree))


# ---- images that boot, long files, sessions ----

def add_boot_loader(tree):
    """Something to boot."""
    makers.write_file(tree / "boot/cdboot", bytes(range(256)) * 8)


@test
def boot_catalog():
    """The catalog of El Torito is a file like any other, whoever has written it."""
    options = ("-R", "-b", "boot/cdboot", "-c", "boot/boot.cat", "-no-emul-boot", "-boot-load-size", "4")
    with tmpdir() as folder:
        tree = makers.make_tree(folder / "tree")
        add_boot_loader(tree)
        for maker in (makers.GENISOIMAGE, makers.XORRISO):
            image = makers.make(maker, folder / "x.iso", tree, *options)
            mine = check(image)
            assert mine[b"boot/boot.cat"].size == 2048
            assert mine[b"boot/cdboot"].sha256 == hashlib.sha256((tree / "boot/cdboot").read_bytes()).hexdigest()
        image = makers.bsdtar(folder / "x.iso", tree, "boot=boot/cdboot", "boot-catalog=boot/boot.cat")
        assert check(image, odd_root=True)[b"boot/boot.cat"].type == "-"


def join_records(image, first, second):
    """Makes two neighbours in a directory, whose names differ in one letter, one file of two extents."""
    data = bytearray(image.read_bytes())
    at = [data.index(b"%s;1" % name.upper()) - 33 for name in (first, second)]
    assert at[0] + data[at[0]] == at[1], "no neighbours"
    data[at[0] + 25] |= 0x80  # ECMA-119 9.1.6: not the last record of this file
    record = data[at[1]:at[1] + data[at[1]]]
    for name, new in ((second, first), (second.upper(), first.upper())):
        record = record.replace(name, new)
    data[at[1]:at[1] + data[at[1]]] = record
    image.write_bytes(data)


@test
def two_extents():
    """A file in two pieces that do not touch, as makers write one of more than 4 GiB."""
    with tmpdir() as folder:
        tree = makers.make_tree(folder / "tree", names=("x.a", "x.b"))
        first, second = makers.pattern(20480), makers.pattern(4099)
        (tree / "names/x.a").write_bytes(first)
        (tree / "names/x.b").write_bytes(second)
        image = makers.make(makers.GENISOIMAGE, folder / "x.iso", tree, "-R")
        join_records(image, b"x.a", b"x.b")
        mine = readers.ours(image)[b"names/x.a"]
        assert mine.size == 20480 + 4099 and mine.sha256 == hashlib.sha256(first + second).hexdigest(), mine
        assert bsdtar(image)[b"names/x.a"] == mine
        assert isoinfo(image, "-R")[b"names/x.a"].size == mine.size
        part = output(readers.VFS_LIST, image, "names/x.a", "20400", "200")
        assert part == (first + second)[20400:20600]


@test
def more_than_four_gigabytes():
    """Sparse, here and in the image."""
    marks = {0: b"begin", 2**32 - 2**11 - 5: b"before and after the second extent", 2**32 - 3: b"4 GiB"}
    with tmpdir() as folder:
        (folder / "tree").mkdir()
        with open(folder / "tree/large", "wb") as large:
            for offset, text in {**marks, 2**32 + 12345678: b"end"}.items():
                large.seek(offset)
                large.write(text)
        makers.write_file(folder / "tree/small", b"small")
        image = makers.sparse([*makers.XORRISO, "-R", "-iso-level", "3", "-o", "-", folder / "tree"],
                              folder / "x.iso")
        mine = readers.ours(image, "sizes")
        size = 2**32 + 12345678 + 3
        assert mine[b"large"].size == size == readers.bsdtar_sizes(image)[b"large"]
        assert isoinfo(image, "-R")[b"large"].size == size
        for offset, text in marks.items():
            assert output(readers.VFS_LIST, image, "large", str(offset), str(len(text))) == text, offset
        assert output(readers.VFS_LIST, image, "large", str(size - 3), "100") == b"end"
        assert isoinfo_digest(image, b"small", "-R") == hashlib.sha256(b"small").hexdigest()


@test
def second_session():
    """An image to which files were added later."""
    with tmpdir() as folder:
        # No continuation areas: libarchive wants them in front of all files.
        tree = makers.make_tree(folder / "tree", names=("short",), links=False)
        image = makers.make(makers.XORRISO, folder / "x.iso", tree, "-R")
        makers.write_file(folder / "more/added", b"added later")
        makers.run(["xorriso", "-dev", image, "-map", folder / "more/added", "/boot/added",
                    "-rm_r", "/many", "--", "-chown", "1234", "/sizes", "--", "-commit"])
        mine = check(image)
        assert mine[b"boot/added"].size == 11 and b"many" not in mine and mine[b"sizes"].uid == 1234


# ---- images that others have made ----

@test
def ipxe_of_debian():
    check("/usr/lib/ipxe/ipxe.iso")


@test
def ours_read_by_others():
    with tmpdir() as folder:
        harness.run("ipxe-iso", "-o", folder / "x.iso").expect(0)
        mine = check(folder / "x.iso")
        assert b"boot.ipxe" in mine, mine


if __name__ == "__main__":
    harness.main()
