# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel for the guest, and an initramfs for it: busybox, a few modules, programs of ours.

Both come from packages that were unpacked, not installed (see .ci/packages), and nothing here needs to be
root: the archive is written by hand, and the guest makes its devices itself.
"""
import gzip
import re
import stat
from pathlib import Path

UNPACKED = Path("/var/cache/pxe-run")  # as in .ci/install-packages
PROGRAMS = Path(__file__).resolve().parent
DIRECTORIES = ("bin", "dev", "lib", "mnt", "modules", "proc", "sys", "tmp")
MODULES = ("virtio_net", "virtio_pci", "nfsv3", "nfsv2", "tcp_diag")


def unpacked(package, pattern):
    """The file of an unpacked package."""
    found = sorted((UNPACKED / package).glob(pattern))
    if not found:
        raise FileNotFoundError(f"{UNPACKED / package}/{pattern}: run .ci/install-packages test")
    return found[-1]


def kernel():
    """Path of the kernel."""
    return unpacked("linux-image-cloud-amd64", "boot/vmlinuz-*")


def busybox():
    """Path of busybox, which needs no libraries."""
    return unpacked("busybox-static", "bin/busybox")


def module_files(names):
    """Paths of the modules, each behind those that it needs; what is built into the kernel needs none."""
    tree = unpacked("linux-image-cloud-amd64", "lib/modules/*")
    paths = {path.stem.replace("-", "_"): path for path in tree.rglob("*.ko")}
    order = {}

    def add(name):
        if name in order:
            return
        needs = re.search(rb"\0depends=([^\0]*)\0", paths[name].read_bytes())[1].decode()
        for needed in filter(None, needs.replace("-", "_").split(",")):
            add(needed)
        order[name] = paths[name]

    for name in names:
        add(name)
    return list(order.values())


class Archive:
    """A cpio archive in the format "newc", which the kernel unpacks as its first file system."""

    def __init__(self):
        self.parts = []

    def add(self, name, mode, data=b""):
        """Adds a file with its type and mode."""
        encoded = name.encode() + b"\0"
        fields = (len(self.parts) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        for piece in (header + encoded, data):
            self.parts.append(piece + bytes(-len(piece) % 4))

    def compressed(self):
        """The whole of it; not to be added to any more."""
        self.add("TRAILER!!!", 0)
        return gzip.compress(b"".join(self.parts), 6, mtime=0)


def initramfs(reset_tcp):
    """The initramfs; @reset_tcp is the path of that program."""
    archive = Archive()
    for name in DIRECTORIES:
        archive.add(name, stat.S_IFDIR | 0o755)
    for number, path in enumerate(module_files(MODULES)):
        archive.add(f"modules/{number:02}-{path.name}", stat.S_IFREG | 0o644, path.read_bytes())
    for name, path in {"init": PROGRAMS / "init", "lib/guest.sh": PROGRAMS / "guest.sh",
                       "lib/steps.sh": PROGRAMS / "steps.sh", "bin/busybox": busybox(),
                       "bin/reset-tcp": Path(reset_tcp)}.items():
        archive.add(name, stat.S_IFREG | 0o755, path.read_bytes())
    return archive.compressed()
