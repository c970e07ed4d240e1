#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures how fast Linux as guest reads a file by NFS over TCP, against HTTP through QEMU's own libslirp.

    bench-linux.py BUILD-DIRECTORY [RUNS]

The same kernel, initramfs, card, emulation (TCG) and processor, QEMU's default one; in memory that the guest has
used before. (With `-cpu max` Linux clears and copies by single bytes, "rep stosb", and these are a third of all
that TCG executes then.) Each figure is the median of RUNS, taken in turn.

What NFS reads goes into the guest's page cache and is copied from there, what wget reads goes nowhere. So NFS
is measured past that cache, too (O_DIRECT), which has no limit to keep to: the difference is the guest's own.
"""
import http.server
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from bench import BUILD, PXE_RUN, RUNS, SOURCE, report

sys.path.insert(0, str(SOURCE / "tests/guest/linux"))
import initramfs  # pylint: disable=wrong-import-position

SERVER, LIMIT_S, MIB, SIZE_MIB = "192.168.64.4", 120, 1 << 20, 64
MACHINE = ["-accel", "tcg"]


class Files(http.server.SimpleHTTPRequestHandler):
    """A directory's files by HTTP, silently; by sendfile(2), so that the guest is what is measured."""

    def copyfile(self, source, outputfile):
        self.wfile.flush()
        self.connection.sendfile(source)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def make_tree(tree):
    """A file to read, and the guest with its boot script."""
    subprocess.run(["ninja", "-C", BUILD, "tests/guest/linux/reset-tcp"], check=True, stdout=subprocess.DEVNULL)
    shutil.copyfile(initramfs.kernel(), tree / "vmlinuz")
    (tree / "initrd.gz").write_bytes(initramfs.initramfs(BUILD / "tests/guest/linux/reset-tcp"))
    (tree / "large").write_bytes(bytes(range(256)) * (SIZE_MIB * MIB // 256))
    (tree / "boot.ipxe").write_text(
        f"#!ipxe\nkernel nfs://{SERVER}/vmlinuz initrd=initrd.gz console=ttyS0 quiet nfsroot={SERVER}:/ "
        f"guest_steps=mount3,umount,time_nfs\ninitrd nfs://{SERVER}/initrd.gz\nboot\n")


def rates(output):
    """MiB/s of what the guest has timed, by its words."""
    if "GUEST: PASS" not in output:
        sys.exit(f"the guest did not pass:\n{output[-2000:]}")
    return {words: SIZE_MIB / float(seconds)
            for words, seconds in re.findall(r"^GUEST: seconds (.*) (\S+)\s*$", output, re.M)}


def by_nfs(tree):
    """Through pxe-run."""
    command = [PXE_RUN, "--root", tree, "--bootfile", "boot.ipxe", "--nic", "virtio", "--memory", "512", "-q",
               "--console", "serial", "--expect", "GUEST: (PASS|FAIL)", "--timeout", LIMIT_S, "--", *MACHINE]
    return rates(subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True,
                                text=True, check=True).stdout)


def by_http(tree, port):
    """Through QEMU's own user-mode networking."""
    words = f"console=ttyS0 quiet http=http://10.0.2.2:{port}/large guest_steps=time_http"
    command = ["qemu-system-x86_64", "-m", "512", "-display", "none", "-serial", "stdio", "-monitor", "none",
               "-netdev", "user,id=lan", "-device", "virtio-net-pci,netdev=lan", *MACHINE,
               "-kernel", tree / "vmlinuz", "-initrd", tree / "initrd.gz", "-append", words]
    output = ""
    with subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True) as process:
        watchdog = threading.Timer(LIMIT_S, process.kill)
        watchdog.start()
        for line in process.stdout:
            output += line
            if line.startswith(("GUEST: PASS", "GUEST: FAIL")):
                break
        watchdog.cancel()
        process.kill()
    return rates(output)


def main():
    """Runs all."""
    seen = {}
    with tempfile.TemporaryDirectory(prefix="pxe-run-bench-") as folder:
        tree = Path(folder)
        make_tree(tree)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: Files(*args, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for _ in range(RUNS):
            for words, rate in (by_nfs(tree) | by_http(tree, server.server_port)).items():
                seen.setdefault(words, []).append(rate)
        server.shutdown()
    base = statistics.median(seen["http"])
    for words, name, limit in (("nfs 32768", "rsize 32 KiB", 1), ("nfs 65536", "rsize 64 KiB", 0),
                               ("nfs 32768 uncached", "32 KiB, O_DIRECT", 0),
                               ("nfs 65536 uncached", "64 KiB, O_DIRECT", 0)):
        ratio = statistics.median(seen[words]) / base
        report(f"Linux by NFS, {name}", ratio * base, "MiB/s", f"HTTP, QEMU's libslirp: {base:.1f} MiB/s",
               f"{ratio:.2f}", f">= {limit}" if limit else "", ratio >= limit)


if __name__ == "__main__":
    main()
