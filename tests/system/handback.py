# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs of a guest that a test looks into: its output line by line, its memory, a stranger on its LAN."""
import contextlib
import re
import shlex
import struct
import subprocess
import time

import harness
from doubles import PROGRAMS
from lan_traffic import (MARKER, Qmp, Stranger, broken_frames, hostile_frames, jumbo_frames,
                         qemu_args)

MAC, GUEST, SERVER = bytes.fromhex("525400123456"), bytes([192, 168, 64, 15]), bytes([192, 168, 64, 4])
HOSTILE = hostile_frames(MAC, GUEST, SERVER)
FLOOD = HOSTILE + jumbo_frames(MAC)  # in which good frames are lost, too
BROKEN_FRAMES = broken_frames(MAC)
FLOOD_PER_SECOND = 100000
MEMORY_MB = 64
LIMIT_S = 60
SECTOR, PAGE = 512, 4096
BDA_BASE_MEMORY, BASE_MEMORY_MAX = 0x413, 0xa0000


def read_until(stream, text):
    """Returns: the output up to the line that contains @text; a guest's FAILED or FAULT ends it"""
    seen = ""
    while text not in seen:
        line = stream.readline().decode(errors="replace")
        seen += line
        assert line and "FAILED" not in line and "FAULT" not in line, f"'{text}' is not in\n{seen}"
    return seen


class Guest:
    """pxe-run with the serial line on stdout, a monitor of ours and a stranger on the LAN."""

    def __init__(self, folder, first_text, *args):
        self.process = harness.start("--display", "none", "--console", "serial", "--memory",
                                     str(MEMORY_MB), "--timeout", str(LIMIT_S), *args,
                                     *qemu_args(folder))
        try:
            self.start = self.read_until(first_text)
            self.qmp = Qmp(folder)
            self.stranger = Stranger(folder)
        except BaseException:
            self.close()
            raise

    def read_until(self, text):
        """Returns: the output up to the line that contains @text"""
        return read_until(self.process.stdout, text)

    def wait_for_halt(self):
        """The program halts behind its last line, with interrupts off."""
        end = time.monotonic() + 10
        while not self.qmp.halted():
            assert time.monotonic() < end, "the program does not halt"
            time.sleep(0.02)

    def memory(self):
        """All of the guest's memory."""
        return self.qmp.memory(MEMORY_MB << 20)

    def base_memory(self):
        """Where base memory ends for a boot program: behind that lie the PXE stack, the BIOS's data."""
        kib, = struct.unpack_from("<H", self.qmp.memory(SECTOR * 4), BDA_BASE_MEMORY)
        return kib * 1024

    def pages_that_change(self, seconds, per_second=0):
        """Addresses of the 4-KiB pages that have other contents when a stranger has sent."""
        before = self.memory()
        self.stranger.send(FLOOD, seconds, per_second)
        after = self.memory()
        return [at for at in range(0, len(before), PAGE) if before[at:at + PAGE] != after[at:at + PAGE]]

    def check_open(self, window=range(0)):
        """
        While the card is open frames get into memory: what check_quiet() sends is no air.
        Returns: the pages where they do; those in @window are the card's own registers
        """
        assert MARKER not in self.memory()
        pages = self.pages_that_change(1)
        assert MARKER in self.memory(), "no frame came into memory while the card was open"
        return [page for page in pages if page not in window]

    def check_quiet(self, seconds):
        """No frame on the LAN changes a byte of memory."""
        self.wait_for_halt()
        changed = self.pages_that_change(seconds, FLOOD_PER_SECOND)
        assert not changed, f"pages that changed: {list(map(hex, changed))}"

    def close(self):
        """Ends pxe-run."""
        self.process.terminate()
        self.process.communicate()


def bios_state(output):
    """The vectors as 256 words, the base memory, and lines about the PCI bus, as the program prints them."""
    vectors = " ".join(re.findall(r"VECTORS ([0-9a-f: ]+)", output)).split()
    assert len(vectors) == 256, output
    return vectors, int(re.search(r"BASE MEMORY (\d+) KiB", output)[1]), re.findall("PCI .*", output)


def bios_state_without_ipxe(folder, *args, name="handback"):
    """What SeaBIOS sets: the program on the same machine, started from a CD."""
    program = (PROGRAMS / name).read_bytes()
    harness.write_tree(folder / "cd", {"boot.bin": program})
    iso = harness.make_iso(folder / "cd", folder / "bios.iso", "-b", "boot.bin", "-no-emul-boot",
                           "-boot-load-size", str(-(-len(program) // SECTOR)))
    script = harness.run("--dry-run", "--root", folder / "cd", "--bootfile", "boot.bin", "--display",
                         "none", "--memory", str(MEMORY_MB), *args).expect(0).stdout
    line = next(line for line in script.splitlines() if "-machine" in line)
    command = [arg.replace("file=pxe-run-ipxe.iso", f"file={iso}").replace("mon:stdio", "stdio")
               for arg in shlex.split(line)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as qemu:
        try:
            return bios_state(read_until(qemu.stdout, "HANDBACK: BIOS"))
        finally:
            qemu.kill()


@contextlib.contextmanager
def handback(*args, name="handback", change=None):
    """A guest that runs the hand-back program, changed by a function, and has the card open, as a context manager."""
    with harness.tmpdir() as folder:
        program = (PROGRAMS / name).read_bytes()
        harness.write_tree(folder / "tree", {"boot/pxeboot": change(program) if change else program})
        guest = Guest(folder, "HANDBACK: OPEN", "--root", folder / "tree", *args)
        try:
            yield guest
        finally:
            guest.close()
