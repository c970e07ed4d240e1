#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a medium like FreeBSD 7.0's and 8.x's bootonly CD, with a loader double and the kernel double.

The same arguments give the same bytes. What a loader double is to find in the tree is written to
boot/double.manifest; loader/manifest.c says what its lines mean.
"""
import argparse
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

MANIFEST = "boot/double.manifest"
DATE = 1204070400  # of all files: 27 February 2008, when 7.0 came out

# Not in the manifest: large, read by other means, or changed by pxe-run.
NOT_LISTED = {"boot/pxeboot", "boot/kernel/kernel", "boot/mfsroot.gz", "boot/loader.conf"}

# FreeBSD's loader cuts names off at 128 bytes, with what it appends: ".gz.split" at most.
NAME_OPENED_MAX = 128 - len(".gz.split")

TEXTS = {
    "cdrom.inf": "CD_VERSION = 7.0-RELEASE\n",
    "boot/defaults/loader.conf":
        "# The kernel, and what is read besides\n"
        "kernel=\"kernel\"\t\t# /boot sub-directory\n"
        "loader_conf_files=\"/boot/device.hints /boot/loader.conf /boot/loader.conf.local\"\n"
        "nextboot_enable=\"NO\"\n"
        "mfsroot_load=\"NO\"\n",
    "boot/device.hints":
        "hint.atkbdc.0.at=\"isa\"\nhint.atkbdc.0.port=\"0x060\"\nhint.atkbd.0.flags=\"0x1\"\n",
    "boot/loader.rc": "\\ The double has no interpreter\ninclude /boot/loader.4th\nstart\n",
    "boot/loader.4th": "\\ Nor does it need this\n" * 40,
    "boot/lua/loader.lua": "-- Loaders from 12 on begin here\n",
    "boot/lua/cli.lua": "return {}\n",
    "boot/lua/config.lua": "return {}\n",
    "boot/loader.conf.d/double.conf": "double.conf_directory=\"read\"\n",
}

LOADER_CONF = ('mfsroot_load="YES"\nmfsroot_type="mfs_root"\nmfsroot_name="/boot/mfsroot"\n')

# Around the sizes of a read and of a page, and one of many reads.
SIZES = (0, 1, 511, 512, 513, 1023, 1024, 1025, 4096, 100000)

ODD_NAMES = (
    "with space", "two  spaces", "UPPER", "upper", "a.b.c.d", ".hidden", "~tilde", "#hash",
    "quote'single", 'quote"double', "semi;colon", "umlaut-ä", "-dash", "percent%41", "star*",
    "back\\slash", "plus+equals=", "[brackets]", "dollar$HOME", "x" * 100, "y" * NAME_OPENED_MAX,
    "z" * (NAME_OPENED_MAX + 1), "long-" + "l" * 200, "longest-" + "m" * 247,
)

# Link and target; these all end at the file of 1025 bytes, those below nowhere.
LINKS = (
    ("boot/double/links/relative", "../size-1025"),
    ("boot/double/links/absolute", "/boot/double/size-1025"),
    ("boot/double/links/to-a-link", "relative"),
    ("boot/double/links/dots", ".././../double/./size-1025"),
)
LINK_TARGET = "boot/double/size-1025"
OTHER_LINKS = (
    ("boot/double/links/directory", "../../double"),
    ("boot/double/broken-links/dangling", "nowhere"),
    ("boot/double/broken-links/loop", "loop"),
)

ABSENT = (
    "boot/double/absent", "boot/double/absent/below", "boot/double/broken-links/dangling",
    "boot/double/broken-links/loop", "boot/double/names/Upper", "etc/fstab.absent",
)

LISTED = ("boot/double/", "boot/double/names/", "boot/double/many/", "boot/double/links/")


def content(name, size):
    """Bytes that look random and depend on nothing but @name."""
    return hashlib.shake_256(name.encode()).digest(size)


def gzip_of_size(size):
    """A gzip file of exactly @size bytes."""
    payload = max(size - 18, 0)
    while payload > 0:
        packer = zlib.compressobj(level=0, wbits=31)
        packed = packer.compress(content("mfsroot", payload)) + packer.flush()
        if len(packed) <= size:
            return packed + b"\0" * (size - len(packed))
        payload -= max(len(packed) - size, 1)
    raise ValueError(f"a gzip file cannot have {size} bytes")


def pad_kernel(elf, size):
    """Makes the kernel double's only segment longer, so that the file has @size bytes."""
    phoff, = struct.unpack_from("<I", elf, 28)
    phnum, = struct.unpack_from("<H", elf, 44)
    kind, offset, _, _, filesz, memsz = struct.unpack_from("<6I", elf, phoff)
    if (elf[:7], phnum, kind, filesz) != (b"\x7fELF\1\1\1", 1, 1, memsz):
        raise ValueError("not the kernel double: one segment, all of it in the file")
    end = offset + filesz
    size = max(size, end) + 3 & ~3
    padded = bytearray(elf[:end] + content("kernel", size - end))
    struct.pack_into("<2I", padded, phoff + 16, size - offset, size - offset)
    struct.pack_into("<I", padded, 32, 0)   # no section headers
    struct.pack_into("<3H", padded, 46, 0, 0, 0)
    return bytes(padded)


def collect_files(args):
    """All regular files but the manifest: {path: bytes}."""
    files = {name: text.encode() for name, text in TEXTS.items()}
    files["boot/pxeboot"] = args.loader.read_bytes()
    extra = "".join(f"{line}\n" for line in args.loader_conf)
    if args.kernel:
        files["boot/kernel/kernel"] = pad_kernel(args.kernel.read_bytes(), args.kernel_size)
        files["boot/mfsroot.gz"] = gzip_of_size(args.mfsroot_size)
        extra = LOADER_CONF + extra
    files["boot/loader.conf"] = extra.encode()
    for size in SIZES:
        files[f"boot/double/size-{size}"] = content(f"size-{size}", size)
    for name in ODD_NAMES:
        files[f"boot/double/names/{name}"] = content(name, 20)
    for number in range(100):
        files[f"boot/double/many/entry-{number:03}"] = b""
    files["boot/double/one/two/three/four/five/six/at-the-bottom"] = b"bottom\n"
    return files


def manifest_lines(files):
    """The manifest, sorted."""
    def line(path, data):
        listed_only = (len(path.rsplit("/", 1)[-1].encode()) > NAME_OPENED_MAX
                       or path.startswith("boot/double/many/"))
        return f"/{path} {len(data)} " + ("-" if listed_only else f"{zlib.crc32(data):08x}")

    lines = [line(path, data) for path, data in files.items() if path not in NOT_LISTED]
    lines += [line(link, files[LINK_TARGET]) for link, _ in LINKS]
    lines += [line("boot/double/links/directory/size-512", files["boot/double/size-512"])]
    lines += [f"/{path} - -" for path in ABSENT + LISTED]
    return sorted(lines)


def write_tree(root, files):
    """Writes files and links, all with the same date."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for name, target in LINKS + OTHER_LINKS:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    for path in sorted(root.rglob("*"), reverse=True):
        os.utime(path, (DATE, DATE), follow_symlinks=False)
    os.utime(root, (DATE, DATE))


def make_iso(root, image):
    """An ISO 9660 image with Rock Ridge, whose bytes depend on the tree alone."""
    done = subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-R", "-V", "PXE_RUN_DEMO",
                           "-o", image, root], check=False, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True,
                          env={**os.environ, "SOURCE_DATE_EPOCH": str(DATE)})
    if done.returncode != 0:
        sys.exit(f"xorriso: status {done.returncode}\n{done.stderr}")


def main():
    """Parses the command line and makes the tree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", type=Path, help="directory to make; what is there is removed")
    parser.add_argument("--loader", type=Path, required=True, help="becomes boot/pxeboot")
    parser.add_argument("--kernel", type=Path, help="the kernel double")
    parser.add_argument("--kernel-size", type=int, default=0, help="bytes, if it is not larger")
    parser.add_argument("--mfsroot-size", type=int, default=100000, help="bytes of boot/mfsroot.gz")
    parser.add_argument("--loader-conf", action="append", default=[], metavar="LINE",
                        help="one more line of boot/loader.conf")
    parser.add_argument("--iso", type=Path, help="make this ISO image of the tree, with xorriso")
    args = parser.parse_args()

    shutil.rmtree(args.tree, ignore_errors=True)
    args.tree.mkdir(parents=True)
    files = collect_files(args)
    files[MANIFEST] = "".join(f"{line}\n" for line in manifest_lines(files)).encode()
    write_tree(args.tree, files)
    if args.iso:
        make_iso(args.tree, args.iso)


if __name__ == "__main__":
    sys.exit(main())
