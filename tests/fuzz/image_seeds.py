# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds for the targets that read what the user gives: programs, mtree, loader.conf, images."""
import gzip
import lzma
import struct

from wire import be16, record

INTERP, NOTE = 3, 4  # program headers


def elf(parts, wide=True, osabi=9, kind=2, machine=62):
    """An ELF file of program headers and what they name; @parts: (type, content)."""
    word = "Q" if wide else "I"
    start = 64 if wide else 52
    size = 56 if wide else 32
    at = start + size * len(parts)
    headers = content = b""
    for part, data in parts:
        place = struct.pack("<" + 3 * word, at + len(content), 0, 0)
        lens = struct.pack("<" + 2 * word, len(data), len(data))
        flags = struct.pack("<I", 4)
        header = struct.pack("<I", part) + (flags + place + lens if wide else place + lens + flags)
        headers += header.ljust(size, b"\0")
        content += data
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1, osabi]) + bytes(8)
    head = struct.pack("<HHI" + 3 * word, kind, machine, 1, 0, start, 0)
    head += struct.pack("<IHHHHHH", 0, start, size, len(parts), 0, 0, 0)
    return ident + head + headers + content


def note(owner, first, kind=1):
    name = owner + bytes(4 - len(owner) % 4)
    return struct.pack("<III", len(owner) + 1, 4, kind) + name + struct.pack("<I", first)


def program_seeds():
    """Whole files."""
    return {
        "amd64": elf([(NOTE, note(b"FreeBSD", 1302001))]),
        "i386": elf([(INTERP, b"/libexec/ld-elf.so.1\0")], wide=False, osabi=0, machine=3),
        "linux": elf([(INTERP, b"/lib64/ld-linux-x86-64.so.2\0"), (NOTE, note(b"GNU", 0))],
                     osabi=0),
        "netbsd": elf([(NOTE, note(b"clang", 1, 7) + note(b"NetBSD", 900000000))], osabi=2),
        "object": elf([], kind=1),
        "script": b"#! /bin/sh -x\necho\n",
    }


def mtree_seeds():
    """Texts."""
    return {
        "makefs": b"#mtree\n/set type=file uid=0 gid=0 mode=0644\n. type=dir mode=0755\n"
                  b"    etc type=dir\n        rc size=12 time=1186840963.7\n    ..\n"
                  b"    dev type=dir\n        null type=char device=0x503\n    ..\n..\n",
        "bsdtar": b"#mtree\n/set uname=root gname=wheel\n"
                  b"./bin/a\\040b mode=4755 type=file nlink=1\n"
                  b"./tmp type=link link=var/\\M-dmp mode=1777\n"
                  b"./s type=socket \\\n gid=5\n/unset uname\n"
                  b"./dev/x type=block device=freebsd,5,3 uname=nobody optional\n",
        "twice": b"./a type=dir\n./a//b type=fifo\n./a/./b uid=7\n./a mode=0700\n",
        "leaves": b"./a/../b type=file\n",
        "deep": b"d type=dir\n" * 65,
        "nul": b"./a\0b\n",
    }


def loader_conf_seeds():
    """The user's line, and the medium's text."""
    return {
        "disk": b"hw.memtest.tests=\"0\"\nmfsroot_load=\"YES\"\n"
                b"mfsroot_type=\"mfs_root\" # or md_image\nmfsroot_name=\"/boot/mfsroot\"\n",
        "unquoted": b"a-b.c_d=x y\n  root_type = md_image\r\n#a=b\na-b.c_d=\"z",
        "no-text": b"boot_serial=YES",
        "quote": b"a=\"b\"c\"\n",
        "no-name": b"_a=1\n",
        "too-long": b"a=" + b"1" * 128,
    }


def unpack_seeds():
    """A byte, and a file or records; see fuzz-unpack.c."""
    padding, repeated, hole, blocks, damage = (1 << n for n in range(5))
    word = b"word "
    large = bytes(range(256)) * 7
    xz = lzma.compress(word, check=lzma.CHECK_CRC32)
    gz = gzip.compress(word, mtime=0)
    seeds = {
        "raw-xz": b"\3" + xz + bytes(4) + xz,
        "raw-xz-cut": b"\3" + xz[:-9],
        "raw-xz-9": b"\3" + lzma.compress(word, preset=9),
        "raw-gzip": b"\2" + gz + bytes(3),
        "raw-gzip-more": b"\2" + gz + b"x",
        "raw-other": b"\2BZh9",
    }
    for choice, name in enumerate(("gzip", "xz")):
        head = bytes([choice])
        seeds |= {
            name: head + record(word) + record(b"", padding) + record(word, hole | padding),
            name + "-blocks": head + record(large, repeated | blocks),
            name + "-too-much": head + record(large, repeated) * 3,
            name + "-hole": head + record(b"", hole) * 3 + record(large) + record(word, hole),
            name + "-damaged": head + record(large) + record(be16(9) + b"\1", damage),
            name + "-check": head + record(word) + record(be16(20) + b"\1", damage) + record(word),
        }
    return seeds


SEEDS = {
    "loader-conf": loader_conf_seeds, "mtree": mtree_seeds, "program": program_seeds,
    "unpack": unpack_seeds,
}
