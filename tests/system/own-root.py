#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The user's own init and files: what each generation of loader hands to the kernel is what was asked for."""
import gzip
import json
import os
import re
import shutil
import struct
import subprocess
import zlib

from doubles import boot, make_tree
from harness import main, make_iso, run, test, tmpdir, write_tree

MEDIUM = 3
DISK = re.compile(r"(/boot/mfsroot\S*) \((\w+)\): (\d+) bytes, CRC32 ([0-9a-f]{8})")


def freebsd_program(machine=3, osabi=9):
    """A program as small as can be: an ELF header, one segment, an endless loop."""
    if machine == 3:
        header = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\1\1\1" + bytes([osabi]), 2, machine, 1, 0x8048054, 52, 0,
                             0, 52, 32, 1, 0, 0, 0)
        return header + struct.pack("<8I", 1, 0, 0x8048000, 0x8048000, 86, 86, 5, 4096) + b"\xeb\xfe"
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1" + bytes([osabi]), 2, machine, 1, 0x400078, 64, 0,
                         0, 64, 56, 1, 0, 0, 0)
    return header + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 122, 122, 4096) + b"\xeb\xfe"


def make_disk(folder, name="mfsroot"):
    """A memory disk in the shape of FreeBSD 7.0's, made by makefs: /sbin and /bin are links to /stand."""
    tree = folder / "disk"
    write_tree(tree, {"stand/sysinstall": b"\x7fELF" + bytes(2000), "etc/rc": "#!/bin/sh\n", "dev/.keep": b""})
    os.link(tree / "stand/sysinstall", tree / "stand/sh")
    os.symlink("/stand", tree / "sbin")
    os.symlink("/stand", tree / "bin")
    image = folder / name
    subprocess.run(["makefs", "-t", "ffs", "-o", "version=1,density=8000,minfree=0,optimization=space",
                    "-s", "1m", image, tree], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return image


def make_medium(folder, gen):
    """A medium with the loader double @gen and a real memory disk."""
    tree, iso = make_tree(folder, gen)
    disk = make_disk(folder)
    (tree / "boot/mfsroot.gz").write_bytes(gzip.compress(disk.read_bytes(), mtime=0))
    return tree, make_iso(tree, iso)


def make_changes(folder):
    """An init, an overlay with an mtree file, and a single file. Returns: the options for them."""
    (folder / "init").write_bytes(freebsd_program())
    (folder / "single").write_text("one file\n")
    write_tree(folder / "over", {"etc/motd": "from the overlay\n", "etc/.wh.rc": b"", "sbin/tool": "#!/stand/sh\n"})
    (folder / "over/sbin/tool").chmod(0o755)
    (folder / "over.mtree").write_text("./etc/motd mode=0600 uid=7 gname=operator\n"
                                       "./dev/null type=char device=freebsd,0,21 mode=0666\n")
    return ["--init", folder / "init", "--overlay", folder / "over", "--file", f"/etc/single={folder / 'single'}"]


def listing(disk, folder):
    """{path: object} of a memory disk."""
    result = run("mfsroot", "--list", disk, "--json", env={"XDG_CACHE_HOME": str(folder / "cache")}).expect(0)
    return {file["path"].removeprefix("./"): file for file in json.loads(result.stdout)["files"]}


def fls(image):
    """The paths in an image, as the Sleuth Kit sees them."""
    done = subprocess.run(["fls", "-r", "-p", image], check=True, capture_output=True, text=True)
    return {line.split("\t", 1)[1] for line in done.stdout.splitlines()}


def check_disk(packed, folder):
    """What make_changes() asks for is in the disk, by an independent gunzip, by us and by others."""
    image = folder / "unpacked"
    with open(image, "wb") as out:
        subprocess.run(["gzip", "-dc", packed], check=True, stdout=out)
    files = listing(packed, folder)
    assert {"stand/init", "stand/sh", "etc/motd", "etc/single", "stand/tool", "dev/null"} <= fls(image), fls(image)
    assert "etc/rc" not in fls(image)
    init, motd, null = files["stand/init"], files["etc/motd"], files["dev/null"]
    assert (init["mode"], init["uid"], init["gid"]) == (0o555, 0, 0), init
    assert (motd["mode"], motd["uid"], motd["gid"]) == (0o600, 7, 5), motd
    assert null["type"] == "char", null
    assert files["sbin"]["type"] == "link" and files["stand/tool"]["mode"] == 0o755
    run("mfsroot", "--extract", packed, "-C", folder / "out").expect(0)
    assert (folder / "out/stand/init").read_bytes() == freebsd_program()
    assert (folder / "out/etc/single").read_text() == "one file\n"
    shutil.rmtree(folder / "out")
    (folder / "out.mtree").unlink()


def check_boot(gen, *options, expected, folder):
    """Boots, and compares what the kernel was handed with the bytes of @expected."""
    result = boot("--iso", folder / "medium.iso", *options)
    assert result.status == 0, result.output
    found = DISK.search(result.output)
    assert found, result.output
    data = expected.read_bytes()
    assert found[1] == "/boot/mfsroot.gz", f"{gen}: {found[0]}"
    assert (int(found[3]), found[4]) == (len(data), f"{zlib.crc32(data):08x}"), f"{gen}: {found[0]}"
    return result


def own_root(gen):
    """The medium's memory disk with an init and files, built, from the cache, and by `mfsroot` the same."""
    with tmpdir() as folder:
        make_medium(folder, gen)
        options = make_changes(folder)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        try:
            packed = folder / "expected.gz"
            run("mfsroot", "--from", folder / "medium.iso", *options, "-o", packed).expect(0)
            check_disk(packed, folder)
            result = check_boot(gen, *options, expected=packed, folder=folder)
            assert "root=ufs:/dev/md0" in result.output
            # Nothing is kept of files that were written a moment ago; by now they are old enough.
            check_boot(gen, *options, expected=packed, folder=folder)
            third = check_boot(gen, *options, expected=packed, folder=folder)
            assert "from the cache" in third.output, third.output
        finally:
            del os.environ["XDG_CACHE_HOME"]


@test
def own_root_gen7():
    own_root("gen7")


@test
def own_root_gen10():
    own_root("gen10")


@test
def own_root_gen12():
    own_root("gen12")


@test
def plain_disk_gives_way():
    """Loaders from 10 on open `mfsroot` before `mfsroot.gz`: the medium's plain one must not be seen."""
    with tmpdir() as folder:
        tree, _ = make_tree(folder, "gen10")
        (tree / "boot/mfsroot.gz").unlink()
        shutil.copy(make_disk(folder), tree / "boot/mfsroot")
        options = make_changes(folder)
        packed = folder / "expected.gz"
        run("mfsroot", "--from", tree / "boot/mfsroot", *options, "-o", packed, "--no-cache").expect(0)
        result = boot("--root", tree, *options, "--no-cache")
        data = packed.read_bytes()
        assert f"/boot/mfsroot.gz (mfs_root): {len(data)} bytes, CRC32 {zlib.crc32(data):08x}" in result.output, \
            result.output


@test
def live_medium_gets_a_small_disk():
    """An init on a medium that is a root file system itself: a disk of its own, and the kernel is told."""
    with tmpdir() as folder:
        tree, _ = make_tree(folder, "gen10")
        (tree / "boot/mfsroot.gz").unlink()
        conf = tree / "boot/loader.conf"
        conf.write_text("".join(l for l in conf.read_text().splitlines(True) if "mfsroot" not in l))
        write_tree(tree, {"sbin/init": b"the medium's"})
        (folder / "init").write_bytes(freebsd_program())
        result = boot("--root", tree, "--init", folder / "init", "--no-cache")
        found = DISK.search(result.output)
        assert found and found[1] == "/boot/mfsroot.gz" and found[2] == "mfs_root", result.output
        assert "root=ufs:/dev/md0" in result.output
        nfs = boot("--root", tree, "--init", folder / "init", "--root-kind", "nfs")
        assert "root=nfs:" in nfs.output and not DISK.search(nfs.output), nfs.output


@test
def disk_as_nfs_root():
    """--root-kind nfs: what was in the memory disk is in the tree, the disk is not loaded."""
    with tmpdir() as folder:
        make_medium(folder, "gen7")
        result = boot("--iso", folder / "medium.iso", "--root-kind", "nfs", *make_changes(folder))
        assert "root=nfs:" in result.output and not DISK.search(result.output), result.output


@test
def kernel_and_settings():
    """--kernel, compressed and not, in place of the medium's; --loader-conf and --module reach the loader."""
    with tmpdir() as folder:
        tree, iso = make_tree(folder, "gen12")
        other = folder / "other-kernel"
        other.write_bytes((tree / "boot/kernel/kernel").read_bytes() + b"another one\n")
        for packed in (False, True):
            kernel = folder / "kernel.any"
            kernel.write_bytes(gzip.compress(other.read_bytes()) if packed else other.read_bytes())
            result = run("inspect", "--json", "--iso", iso, "--kernel", kernel).expect(0)
            assert json.loads(result.stdout)["kernel"] == "/boot/kernel/kernel" + (".gz" if packed else "")
        result = boot("--iso", iso, "--kernel", other, "--loader-conf", "boot.nfsroot.test=x y")
        assert "root=ufs:/dev/md0" in result.output and "boot.nfsroot.test=x y" in result.output, result.output


@test
def wrong_programs():
    """An init that cannot run is an error of one line, and no panic of the guest."""
    with tmpdir() as folder:
        _, iso = make_medium(folder, "gen10")
        programs = {
            "linux": (freebsd_program(osabi=3), "is a program for Linux"),
            "amd64": (freebsd_program(machine=62), "is a program for amd64, and the kernel is for i386"),
            "text": (b"hello\n", "neither an ELF program nor a script"),
            "script": (b"#!/bin/ksh\n", "is a script for /bin/ksh, which is not in the root file system"),
            "module": (b"\x7fELF\1\1\1\x09" + bytes(8) + b"\1\0\3\0" + bytes(40), "is an object file or kernel module"),
        }
        for name, (data, text) in programs.items():
            (folder / name).write_bytes(data)
            result = run("--iso", iso, "--init", folder / name, "--display", "none", "--timeout", "20", "--no-cache")
            assert result.status == MEDIUM and text in result.stderr, f"{name}: {result.output}"
        (folder / "good").write_bytes(b"#!/bin/sh\n")
        run("mfsroot", "--from", iso, "--init", folder / "good", "-o", folder / "x.gz", "--no-cache").expect(0)
        run("mfsroot", "--from", iso, "--init", folder / "none", "-o", folder / "x.gz").expect(MEDIUM, "No such file")


main()
