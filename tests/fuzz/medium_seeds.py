# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds for the targets that read what is on a medium."""
import gzip
import struct

from wire import be16, record

REGULAR, DIRECTORY, LINK, DEVICE = range(4)  # VfsType
NO_TARGET = 0xFFFF


def iso_node(kind, name, parent=0, children=(0, 0), sections=(0, 0), size=2048, target=NO_TARGET):
    """A node as fuzz-iso-table.c reads it."""
    return struct.pack(">BHHHHHHHHI", kind, parent, *children, *sections, name, target, 0o755, size)


def iso_table(nodes, sections, names, wrong=(0, 0, 0), missing=0):
    """@wrong: what the header's numbers differ by; @missing: bytes at the end"""
    head = struct.pack(">BBbbbB", len(nodes), len(sections), *wrong, missing)
    return head + b"".join(nodes) + b"".join(struct.pack(">II", *s) for s in sections) + names


def iso_table_seeds():
    """See fuzz-iso-table.c."""
    names = b"\0dir\0file\0link\0dir/in\0in\0"
    below = [
        iso_node(DIRECTORY, 1, children=(4, 1)),
        iso_node(REGULAR, 5, sections=(0, 2), size=2058),
        iso_node(LINK, 10, target=15, size=6),
        iso_node(REGULAR, 22, parent=1),
    ]
    root = iso_node(DIRECTORY, 0, children=(1, 3))
    root_of_one = iso_node(DIRECTORY, 0, children=(1, 1))
    root_of_all = iso_node(DIRECTORY, 0, children=(1, 4))
    sections = [(4096, 2048), (2048, 10)]
    nodes = [root] + below
    return {
        "good": iso_table(nodes, sections, names),
        "root-alone": iso_table([iso_node(DIRECTORY, 0)], [], b"\0"),
        "cut-short": iso_table(nodes, [(8000, 2048), (0, 0)], names),
        "far-behind": iso_table(nodes, [(0xFFFFFFFF, 1), (0, 0)], names),
        "device": iso_table([root_of_one, iso_node(DEVICE, 1)], [], names),
        "shared-children": iso_table([root_of_all] + below, sections, names),
        "one-node-more": iso_table(nodes, sections, names, wrong=(1, 0, 0)),
        "one-section-less": iso_table(nodes, sections, names, wrong=(0, -1, 0)),
        "one-byte-missing": iso_table(nodes, sections, names, missing=1),
    }


def both32(value):
    """A number as ISO 9660 has it: little-endian, then big-endian."""
    return struct.pack("<I", value) + struct.pack(">I", value)


def both16(value):
    return struct.pack("<H", value) + struct.pack(">H", value)


def directory_record(name, block, size, flags=0):
    """ECMA-119 9.1"""
    body = bytes([0]) + both32(block) + both32(size) + bytes(7) + bytes([flags, 0, 0]) + both16(1)
    body += bytes([len(name)]) + name + bytes((len(name) + 1) % 2)
    return bytes([len(body) + 1]) + body


def iso_seeds():
    """A volume with one file, from its descriptors on."""
    root = directory_record(b"\0", 18, 2048, 2)
    dotdot = directory_record(b"\1", 18, 2048, 2)
    file = directory_record(b"FILE.;1", 19, 10)
    path_table = b"\1\0" + struct.pack("<I", 18) + be16(1) + bytes(2)
    volume = b"\1CD001\1\0" + b" " * 32 + b"FUZZ".ljust(32) + bytes(8) + both32(20) + bytes(32)
    volume += both16(1) + both16(1) + both16(2048) + both32(10)
    volume += struct.pack("<II", 19, 0) + struct.pack(">II", 19, 0) + root
    volume += b" " * 623 + (b"0" * 16 + bytes(1)) * 4 + b"\1\0"

    def image(entry):
        blocks = volume, b"\xffCD001\1", root + dotdot + entry, path_table
        return b"".join(block.ljust(2048, b"\0") for block in blocks)

    return {"file": image(file), "cut": image(file)[:5000], "no-descriptor": bytes(4096)}


def media_seeds():
    """A byte, then records: the files in the order of fuzz-media.c, and the label."""
    btx = b"\xeb\x0eBTX\1"
    loader_7 = btx + b"\1" + bytes(9) + b"bootstrap loader\0pxe_open: server path: \0"
    loader_10 = (btx + b"\2" + bytes(9) + b"bootstrap loader\0pxe_open: server path: \0"
                 b"boot.nfsroot.nfshandlelen\0nfs.read_size\0")
    loader_15 = btx + b"\2" + bytes(9) + b"BTX loader 1.00\0nfs.read_size\0/boot/lua/loader.lua\0"
    kernel = (b"\x7fELF\1\1\1" + bytes(11) + b"\3\0" + bytes(100)
              + b"@(#)FreeBSD 8.0-RELEASE #0: Sat Nov 21 15:48:17 UTC 2009\n\0")
    amd64 = b"\x7fELF\2\1\1" + bytes(11) + b"\x3e\0"
    packed = gzip.compress(kernel, mtime=0)

    def medium(choice, *contents):
        return bytes([choice]) + b"".join(record(content) for content in contents)

    return {
        "7": medium(4, loader_7, b"CD_VERSION = 7.0-RELEASE\nCD_VOLUME = 1\n", b"", kernel, b"",
                    b"FreeBSD_Install"),
        "10": medium(8, loader_10, b"", b"#!/bin/sh\nUSERLAND_VERSION=\"10.2-RELEASE-p3\"\n", amd64,
                     b"autoboot_delay=\"2\"", b"10_2_RELEASE_AMD64_BO"),
        "15": medium(11, loader_15, b"", b"USERLAND_VERSION=\"15.0-CURRENT\"", packed, b"x",
                     b"15_0_RELEASE_AMD64"),
        "label-tells": medium(8, loader_15, b"", b"", b"", b"", b"13_2_RELEASE_I386_CD"),
        "kernel-tells": medium(0, loader_10, b"", b"", packed, b"", b"NONE"),
        "kernel-cut": medium(0, loader_10, b"", b"", packed[:-20]),
        "other": medium(0, b"pxelinux 6.03\0", b"5.2.1-RELEASE", b"9.0-RC10 10.0.1-STABLE"),
    }


def vfs_seeds():
    """Lines; see fuzz-vfs.c."""
    return {
        "both": b"f boot/loader\nf boot/kernel/kernel\nF boot/loader\nF etc/fstab\nd empty\n"
                b"w boot/loader",
        "links": b"l a b\nl b a\nl c /d\nd d\nl d/up ../..\nf d/x\nw a\nw c/x\nw d/up/c/up/d/x\n"
                 b"w c/up",
        "hidden": b"d a\nf a/b\nF a\nL b a\nf b\nw a/b\nw b/b",
        "deep": b"d " + b"a/" * 40 + b"\nw " + b"a/" * 40,
    }


def ufs_seeds():
    """What differs from a good image; see fuzz-ufs.c."""
    def image(version, disk, *patches):
        return bytes([version - 1 | disk << 1]) + b"".join(be16(place) + bytes([value]) for place, value in patches)

    def super_number(field, value):
        return [(2048 + field + n, byte) for n, byte in enumerate(struct.pack("<I", value))]

    def inode_2(ino, offset, *values):
        return [(3424 + 256 * ino + offset + n, value) for n, value in enumerate(values)]

    seeds = {f"good-{version}-{name}": image(version, disk)
             for version in (1, 2) for disk, name in enumerate(("raw", "label", "slice", "gpt"))}
    return seeds | {
        "groups": image(2, 0, *super_number(44, 0xFFFFFFFF)),
        "group-offset": image(1, 0, *super_number(24, 200)),
        "inline-link": image(1, 0, *super_number(1320, 4096)),
        "old-format": image(1, 0, *super_number(1324, 0xFFFFFFFF)),
        "directory-is-a-file": image(2, 0, *inode_2(3, 0, 0xA4, 0x81)),
        "file-is-a-directory": image(2, 0, *inode_2(4, 0, 0xED, 0x41)),
        "all-levels": image(2, 0, *inode_2(8, 16, 0, 0, 0, 0, 8)),
        "address-behind": image(2, 3, *inode_2(8, 112, 255, 255, 255)),
        "link-of-4g": image(2, 0, *inode_2(5, 16, 0, 0, 0, 0, 1)),
    }


SEEDS = {
    "iso": iso_seeds, "iso-table": iso_table_seeds, "media": media_seeds, "ufs": ufs_seeds, "vfs": vfs_seeds,
}
