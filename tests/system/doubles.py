# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests with loader doubles share: makes media with them, boots them, checks what was loaded."""
import random
import re
import subprocess
import sys
import zlib

import harness

GUEST = harness.SOURCE_ROOT / "tests/guest"
PROGRAMS = harness.BUILD_ROOT / "tests/guest"

KERNEL_SIZE, MFSROOT_SIZE = 200000, 50000
LIMIT_S = 55
CARDS = {"rtl8139": "10ec:8139", "e1000": "8086:100e", "e1000e": "8086:10d3", "virtio": "1af4:1000"}  # as PCI has them
OWN_ENTRY = re.compile(r"entry point @[0-9a-f]{2}00:")  # on a page of its own, as iPXE's is not
STARTED = r"KERNEL DOUBLE: root=\S+\n"
FAILED = r"FAILED [^\n]*\n|FAULT int=\w+\s+What"


def make_tree(directory, gen, *options, kernel=True, kernel_size=KERNEL_SIZE):
    """Makes a tree with the loader double @gen below @directory. Returns: the tree, the ISO."""
    tree, iso = directory / "tree", directory / "medium.iso"
    command = [sys.executable, GUEST / "make-tree.py", tree, "--loader", PROGRAMS / f"loader-{gen}",
               "--iso", iso, *options]
    if kernel:
        command += ["--kernel", PROGRAMS / "kernel-double", "--kernel-size", str(kernel_size),
                    "--mfsroot-size", str(MFSROOT_SIZE)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return tree, iso


def boot(*args, expect=f"{STARTED}|{FAILED}", limit_s=LIMIT_S):
    """Runs pxe-run with the serial line on stdout, until @expect."""
    return harness.run("--display", "none", "--console", "serial", "--expect", expect,
                       "--timeout", limit_s, *args, timeout=limit_s + 60)


def check_services(name, nic, *args):
    """Runs the program @name that calls a PXE stack's services, to its end."""
    data = random.Random(2).randbytes(100000)
    with harness.tmpdir() as tree:
        harness.write_tree(tree, {"boot/pxeboot": (PROGRAMS / name).read_bytes(),
                                  "services/data": data})
        result = boot("--root", tree, "--nic", nic, *args, expect=rf"SERVICES: OK\s+The|{FAILED}")
        result.expect(0, f"TFTP: {len(data)} bytes, CRC32 {zlib.crc32(data):08x}", f"card {CARDS[nic]}",
                      "SERVICES: OK")


def check_modules(tree, output):
    """Compares the kernel's CRC32s of what was loaded with those of the files."""
    kernel = (tree / "boot/kernel/kernel").read_bytes()[4096:]  # the segment
    mfsroot = (tree / "boot/mfsroot.gz").read_bytes()
    for name, data in (("/boot/kernel/kernel (elf kernel)", kernel),
                       ("/boot/mfsroot.gz (mfs_root)", mfsroot)):
        line = f"{name}: {len(data)} bytes, CRC32 {zlib.crc32(data):08x}"
        assert line in output, f"'{line}' is not in\n{output}"
