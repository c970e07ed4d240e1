#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux as guest: a client of NFS that is not ours, over TCP, against a real tree.

What the guest does is in tests/guest/linux: it prints what it found, and "GUEST: PASS" or "GUEST: FAIL why".
"""
import hashlib
import os
import random
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import capture
import harness
from harness import test

PROGRAMS = harness.SOURCE_ROOT / "tests/guest/linux"
sys.path.insert(0, str(PROGRAMS))
import initramfs  # pylint: disable=wrong-import-position

RESET_TCP = harness.BUILD_ROOT / "tests/guest/linux/reset-tcp"
PXELINUX = Path("/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64")
SERVER = "192.168.64.4"
VERDICT = r"GUEST: (PASS|FAIL [^\n]*)\n|Kernel panic[^\n]*\n"
LIMIT_S = 280
MANY = 10000

# Procedures that write and that Linux calls: SETATTR, CREATE and so on, by version. In version 3 it does not
# come to WRITE (7), because ACCESS said that it would be in vain.
WRITING = {2: {2, 8, 9, 10, 11, 12, 13, 14, 15}, 3: {2, 8, 9, 10, 11, 12, 13, 14, 15}}
EROFS = "30"


def boot(*args):
    """Runs pxe-run until the guest's verdict, which must be PASS. Returns: what it said, by its first word."""
    result = harness.run("--nic", "virtio", "--memory", "512", "--console", "serial", "--expect", VERDICT,
                         "--timeout", LIMIT_S, *args, "--", "-cpu", "max", timeout=LIMIT_S + 30)
    result.expect(0, "GUEST: PASS")
    said = {}
    for line in re.findall(r"^GUEST: (.*)$", result.stdout.replace("\r", ""), re.M):
        word, _, rest = line.partition(" ")
        said.setdefault(word, []).append(rest)
        if word not in ("dir", "file", "link", "sum"):
            print(f"# {line}")
    return said


def check_capture(pcap):
    """tshark must find nothing wrong."""
    found = list(capture.trouble(pcap))
    assert not found, "\n".join(found[:20])


def md5(data):
    """As md5sum prints it."""
    return hashlib.md5(data).hexdigest()


def make_medium(tree):
    """A tree with PXELINUX, the kernel, and files of all kinds."""
    noise = random.Random(1)
    harness.write_tree(tree, {
        "pxelinux.cfg/default":
            "SERIAL 0\nDEFAULT guest\nPROMPT 0\nLABEL guest\nKERNEL vmlinuz\nAPPEND initrd=initrd.gz "
            f"console=ttyS0 quiet panic=-1 nfsroot={SERVER}:/ guest_steps=mount3,no_udp,walk,many,many_names,refused3,"
            "reset,evict,umount,mount3_by_udp,umount,mount2,walk,many_names,refused2,umount\n",
        "large": noise.randbytes(6 << 20),
        "refused/file": "as it was\n", "refused/other": "other\n", "a name with spaces": "spaces\n",
        "n\u00e4me": "umlaut\n", "l" * 200: "long\n", "deep/" + "d/" * 20 + "bottom": "bottom\n",
        **{f"sizes/{size}": noise.randbytes(size)
           for base in (0, 512, 2048, 8192, 32768, 65536, 131072) for size in range(max(base - 1, 0), base + 2)},
        **{f"many/{number:05}-{'x' * (number % 40)}": f"{number}\n" for number in range(MANY)},
    })
    (tree / "refused/dir").mkdir()
    (tree / "refused/link").symlink_to("file")
    (tree / "deep/dangling").symlink_to("../not/there")
    (tree / "sizes/513").chmod(0o751)
    os.utime(tree / "sizes/511", (1234567890, 1234567890))
    shutil.copyfile(PXELINUX / "pxelinux.0", tree / "pxelinux.0")
    shutil.copyfile(PXELINUX / "boot-screens/ldlinux.c32", tree / "ldlinux.c32")
    shutil.copyfile(initramfs.kernel(), tree / "vmlinuz")
    (tree / "initrd.gz").write_bytes(initramfs.initramfs(RESET_TCP))


def described(root):
    """What the guest must say of the tree @root, in its words; "many" apart."""
    said = {"dir": [], "file": [], "link": [], "sum": []}
    for path in root.rglob("*"):
        name = f"./{path.relative_to(root)}"
        if name == "./many" or name.startswith("./many/"):
            continue
        status = path.lstat()
        if path.is_symlink():
            said["link"].append(f"{os.readlink(path)} {name}")
        elif path.is_file():
            said["sum"].append(f"{md5(path.read_bytes())}  {name}")
        if stat.S_ISDIR(status.st_mode):
            said["dir"].append(f"{status.st_mode:x} {int(status.st_mtime)} {name}")
        else:
            said["file"].append(f"{status.st_mode:x} {status.st_size} {int(status.st_mtime)} {name}")
    return said


def check_walk(said, root):
    """The guest must have walked @root twice, and found all that is there."""
    for word, lines in described(root).items():
        wanted, found = sorted(lines * 2), sorted(said[word])
        if wanted != found:
            differing = set(wanted).symmetric_difference(found)
            raise AssertionError(f"{word}: {sorted(differing)[:20]}")
    many = sorted((root / "many").iterdir())
    names = "".join(f"{path.name}\n" for path in many).encode()
    sizes = "".join(f"{path.stat().st_size} /mnt/many/{path.name}\n" for path in many).encode()
    contents = b"".join(path.read_bytes() for path in many if "00-" in path.name)
    assert said["many-names"] == [md5(names)] * 2, said["many-names"]
    assert said["many-sizes"] == [md5(sizes)], said["many-sizes"]
    assert said["many-read"] == [md5(contents)], said["many-read"]


def check_refusals(pcap):
    """On the wire: all procedures that write were called, and each call was refused as on a read-only disk."""
    for version, writing in WRITING.items():
        replies = capture.statuses(pcap, version)
        assert writing <= set(replies), f"version {version}: {set(replies)}"
        for procedure in writing:
            assert set(replies[procedure]) == {EROFS}, f"{version}: {procedure}: {replies[procedure]}"


@test
def iso_by_pxelinux():
    """PXELINUX boots from an ISO; the guest mounts it and compares, writes, and loses its connection."""
    with harness.tmpdir() as directory:
        tree, copy, pcap = directory / "tree", directory / "copy", directory / "lan.pcap"
        tree.mkdir()
        copy.mkdir()
        make_medium(tree)
        iso = harness.make_iso(tree, directory / "medium.iso")
        shutil.rmtree(tree)
        said = boot("--iso", iso, "--pcap", pcap)
        subprocess.run(["bsdtar", "-xpf", iso, "-C", copy], check=True)
        check_walk(said, copy)
        check_refusals(pcap)
        check_capture(pcap)


# What runs on the root file system that is served: busybox by these names.
APPLETS = ("awk", "cat", "cut", "dd", "grep", "md5sum", "mount", "sh", "sleep", "stat", "touch")
GIB = 1 << 30
SPARSE_SIZE = 5 * GIB
SPARSE_PIECES = ((0, 65536), (4 * GIB - 40000, 80000), (4 * GIB + GIB // 2, 65536), (SPARSE_SIZE - 70000, 80000))


def make_sparse(path):
    """A file of 5 GiB that is holes, but for bytes at its beginning, around 4 GiB and at its end."""
    noise = random.Random(2)
    with open(path, "wb") as file:
        file.truncate(SPARSE_SIZE)
        for at, size in ((0, 70000), (4 * GIB - 70000, 140000), (SPARSE_SIZE - 70000, 70000)):
            file.seek(at)
            file.write(noise.randbytes(size))


def make_root(tree):
    """A tree with scripts for iPXE, the kernel, and a root file system in a directory of its own."""
    harness.write_tree(tree, {
        "boot.ipxe": f"#!ipxe\nchain nfs://{SERVER}/scripts/guest.ipxe\n",
        "scripts/guest.ipxe":
            f"#!ipxe\nkernel nfs://{SERVER}/vmlinuz initrd=initrd.gz console=ttyS0 quiet panic=-1 "
            f"root=/dev/nfs nfsroot={SERVER}:/root\ninitrd nfs://{SERVER}/initrd.gz\nboot\n",
        "root/lib/guest.sh": (PROGRAMS / "guest.sh").read_text(),
    })
    shutil.copyfile(initramfs.kernel(), tree / "vmlinuz")
    (tree / "initrd.gz").write_bytes(initramfs.initramfs(RESET_TCP))
    for name in ("bin", "dev", "proc", "sbin", "tmp"):
        (tree / "root" / name).mkdir()
    shutil.copy(initramfs.busybox(), tree / "root/bin/busybox")
    shutil.copy(PROGRAMS / "sbin-init", tree / "root/sbin/init")
    for name in APPLETS:
        (tree / "root/bin" / name).symlink_to("busybox")
    make_sparse(tree / "root/sparse")


@test
def root_over_nfs_by_ipxe():
    """iPXE chainloads by its own NFS client; the guest's root is NFS, with a file that 32 bits cannot measure."""
    with harness.tmpdir() as directory:
        tree, pcap = directory / "tree", directory / "lan.pcap"
        make_root(tree)
        said = boot("--root", tree, "--bootfile", "boot.ipxe", "--pcap", pcap)
        assert said["root"] and said["root"][0].startswith(f"{SERVER}:/root ro,"), said["root"]
        wanted = [f"size {SPARSE_SIZE}"]
        with open(tree / "root/sparse", "rb") as file:
            for at, size in SPARSE_PIECES:
                file.seek(at)
                wanted.append(f"at {at} {md5(file.read(size))}")
        assert said["sparse"] == wanted, f"{said['sparse']}, not {wanted}"
        check_capture(pcap)


if __name__ == "__main__":
    harness.main()
