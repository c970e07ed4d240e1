#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Our own PXE stack, on each network card that it drives: every generation of loader, calls in virtual-8086
mode, other demanding boot programs on top of it, a hostile LAN, and nothing left behind at the end."""
import gzip
import random
import shutil
import struct
import sys
from pathlib import Path

import harness
from doubles import GUEST as GUEST_SOURCES
from doubles import OWN_ENTRY, PROGRAMS, boot, check_modules, check_services, make_tree
from handback import (BASE_MEMORY_MAX, BROKEN_FRAMES, FLOOD, HOSTILE, LIMIT_S, Guest, bios_state,
                      bios_state_without_ipxe, handback)
from harness import test

sys.path.insert(0, str(GUEST_SOURCES))
import conversation  # pylint: disable=wrong-import-position

OWN = ("--pxe-stack", "own")
NICS = ("rtl8139", "e1000", "e1000e", "virtio")
LOADERS = ("gen7-vm86", "gen7", "gen10", "gen12", "gen15")
UPPER_MEMORY = range(0xd0000, 0xde000)  # where the stack is for a large loader
WINDOW = range(0xe0000, 0xe4000)  # where an open e1000 has its registers
UNDIONLY = Path("/usr/lib/ipxe/undionly.kpxe")
PXELINUX = Path("/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64")
INITRD_SIZE = 3000000
LINUX_LIMIT_S = 240
LARGE_READ, LARGE_LIMIT_S = 8192, 200
KERNEL_RUNS = "KERNEL DOUBLE: root=ufs:/dev/md0"


def for_each_nic(function):
    """Registers a test function(nic) for each card."""
    for nic in NICS:
        def run(nic=nic):
            function(nic)
        run.__name__ = f"{function.__name__}_{nic}"
        run.__doc__ = function.__doc__
        test(run)
    return function


for _gen in LOADERS:
    def _loader(nic, gen=_gen):
        """The tree is read and compared, and the kernel reached."""
        with harness.tmpdir() as folder:
            tree, iso = make_tree(folder, gen)
            result = boot("--iso", iso, "--nic", nic, *OWN)
            result.expect(0, "OK ", KERNEL_RUNS)
            assert OWN_ENTRY.search(result.stdout), f"the stack is iPXE's\n{result.stdout}"
            check_modules(tree, result.stdout)
    _loader.__name__ = _gen.replace("-", "_")
    for_each_nic(_loader)


@for_each_nic
def ten_thousand_large_reads(nic):
    """UNDI with six fragments for each read, as the plan has it: none is lost for good, and no byte is wrong."""
    for gen in ("gen12", "gen15"):
        with harness.tmpdir() as folder:
            tree, iso = make_tree(folder, gen, kernel_size=10000 * LARGE_READ)
            pcap = folder / "lan.pcap"
            result = boot("--iso", iso, "--nic", nic, "--pcap", pcap, *OWN, limit_s=LARGE_LIMIT_S)
            result.expect(0, KERNEL_RUNS)
            check_modules(tree, result.stdout)
            assert conversation.fragments(pcap) > 60000, "not in fragments"


@for_each_nic
def services(nic):
    """All services, as other boot programs call them too, in both modes."""
    check_services("services", nic, *OWN)
    check_services("services-vm86", nic, *OWN)


@for_each_nic
def large_datagrams(nic):
    """Reads of 7168 bytes: the stack puts five fragments together for each."""
    with harness.tmpdir() as folder:
        tree, iso = make_tree(folder, "gen7-vm86", "--loader-conf", 'double.read_size="7168"')
        pcap = folder / "lan.pcap"
        result = boot("--iso", iso, "--nic", nic, "--pcap", pcap, *OWN)
        result.expect(0, "OK ", KERNEL_RUNS)
        check_modules(tree, result.stdout)
        assert conversation.fragments(pcap) > 100


def large_program(program, end=600000):
    """The boot program, with the words and the ELF of a loader that needs base memory up to @end."""
    program = bytearray(program)
    btx = program.index(b"\xeb\x0eBTX")
    struct.pack_into("<HH", program, btx + 8, 0xff7, len(program) - btx)
    header = b"\x7fELF" + bytes(24) + struct.pack("<I", 52) + bytes(12) + struct.pack("<H6x", 1)
    segment = struct.pack("<8I", 1, 0, 0, 0, 0, end - 0xa000, 0, 0)
    return bytes(program) + header + segment + b"BTX loader"


def large_tree(folder, gen):
    """A tree whose loader is one of those."""
    tree, _ = make_tree(folder, gen)
    (tree / "boot/pxeboot").write_bytes(large_program((PROGRAMS / f"loader-{gen}").read_bytes()))
    return tree


@for_each_nic
def large_loader(nic):
    """A loader that needs the stack's memory has it in upper memory."""
    for gen in ("gen7-vm86", "gen10", "gen12", "gen15"):
        with harness.tmpdir() as folder:
            tree = large_tree(folder, gen)
            result = boot("--root", tree, "--nic", nic, *OWN)
            result.expect(0, "OK ", KERNEL_RUNS, "entry point @d000:")
            check_modules(tree, result.stdout)


@test
def large_loader_and_option_rom_rtl8139():
    """An option ROM is there already: what the boot ROM has stays, and serves a loader that asks for more."""
    with harness.tmpdir() as folder:
        rom = b"\x55\xaa\x80\xcb" + b"\x5a" * ((64 << 10) - 5)
        (folder / "rom.bin").write_bytes(rom + bytes([-sum(rom) % 256]))
        tree = large_tree(folder / "tree", "gen15")
        result = boot("--root", tree, *OWN, "--", "-option-rom", folder / "rom.bin")
        result.expect(0, "OK ", KERNEL_RUNS)
        assert not OWN_ENTRY.search(result.stdout), result.stdout
        check_modules(tree, result.stdout)


def check_hand_back(nic, name, quiet_s, in_upper_memory=False):
    """
    An open card writes into the stack's memory only. Behind it all vectors and the base memory are the
    BIOS's again, the card's registers are where it has put them, its memory is as it was, and the card is
    quiet for @quiet_s seconds of flood.
    """
    change = large_program if in_upper_memory else None
    with handback("--nic", nic, *OWN, name=name, change=change) as guest, harness.tmpdir() as folder:
        bios = bios_state_without_ipxe(folder, "--nic", nic)
        pages = guest.check_open(WINDOW if nic == "e1000" else range(0))
        stack = UPPER_MEMORY if in_upper_memory else range(guest.base_memory(), BASE_MEMORY_MAX)
        assert all(page in stack for page in pages), f"pages that frames came into: {list(map(hex, pages))}"
        guest.qmp.press_key()
        left = bios_state(guest.read_until("HANDBACK: DONE"))
        differ = {f"{n:02x}h": (left[0][n], bios[0][n]) for n in range(256) if left[0][n] != bios[0][n]}
        assert not differ, f"vectors that differ, left behind and the BIOS's: {differ}"
        assert left[1] == bios[1], f"{left[1]} KiB, and {bios[1]} KiB at first"
        assert left[2] == bios[2] and len(bios[2]) == 3, f"PCI: {left[2]}, and {bios[2]} at first"
        guest.check_quiet(quiet_s)


@for_each_nic
def hand_back(nic):
    """By a loader that calls in real mode."""
    check_hand_back(nic, "handback", 10)


@for_each_nic
def hand_back_vm86(nic):
    """By one that calls in virtual-8086 mode."""
    check_hand_back(nic, "handback-vm86", 1)


@for_each_nic
def hand_back_from_upper_memory(nic):
    """By one that needs base memory."""
    check_hand_back(nic, "handback", 1, in_upper_memory=True)


def boots_while(gen, nic, frames, per_second, flood_s=None):
    """The double gets through while a stranger sends; or only for its first @flood_s seconds."""
    with harness.tmpdir() as folder:
        tree, iso = make_tree(folder, gen)
        guest = Guest(folder, "DHCP: an address", "--iso", iso, "--nic", nic, *OWN)
        try:
            if flood_s:
                guest.stranger.send(frames, flood_s, per_second)
                output = guest.read_until(KERNEL_RUNS)
            else:
                with guest.stranger.sending(frames, per_second):
                    output = guest.read_until(KERNEL_RUNS)
            check_modules(tree, output)
        finally:
            guest.close()


@for_each_nic
def hostile_lan(nic):
    """A thousand frames a second of every wrong kind, from the first request to the kernel."""
    boots_while("gen7-vm86", nic, HOSTILE, 1000)


@for_each_nic
def flood(nic):
    """100,000 frames a second for five seconds, in which hardly an answer can get through."""
    boots_while("gen10", nic, FLOOD, 100000, flood_s=5)


@for_each_nic
def hostile_lan_for_undi(nic):
    """Frames are the loader's own affair then: the stack's are those that no Ethernet has.

    On the e1000 it is the flood below that must be survived; while strangers go on, a loader that looks for frames
    as seldom as these loses so many answers that it may give up (a limit in the stack's README).
    """
    if nic == "e1000":
        boots_while("gen12", nic, BROKEN_FRAMES, 1000, flood_s=5)
    else:
        boots_while("gen12", nic, BROKEN_FRAMES, 1000)


@for_each_nic
def flood_for_undi(nic):
    """100,000 such frames a second for five seconds."""
    boots_while("gen12", nic, BROKEN_FRAMES, 100000, flood_s=5)


@for_each_nic
def undionly_runs(nic):
    """iPXE on top of our UNDI asks by DHCP and gets its own file once more by TFTP."""
    with harness.tmpdir() as folder:
        shutil.copyfile(UNDIONLY, folder / UNDIONLY.name)
        harness.run("--root", folder, "--bootfile", UNDIONLY.name, "--nic", nic, "--display", "none",
                    "--timeout", LIMIT_S, "--log", "tftp:info", *OWN, "--expect",
                    r"(?s)using undionly.*undionly\.kpxe\.\.\. ok").expect(0, "expected")


def initrd():
    """An archive for Linux: random bytes, so that it stays as long, and a CRC that the kernel checks."""
    data = random.Random(1).randbytes(INITRD_SIZE)

    def member(name, mode, content):
        header = "070701" + "".join(f"{v:08x}" for v in (1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0,
                                                         len(name) + 1, 0))
        entry = (header + name + "\0").encode()
        entry += bytes(-len(entry) % 4) + content
        return entry + bytes(-len(entry) % 4)

    return gzip.compress(member("random", 0o100644, data) + member("TRAILER!!!", 0, b""), 1, mtime=0)


@for_each_nic
def pxelinux_loads_linux(nic):
    """Debian's PXELINUX, its modules, a kernel and an initrd by the stack's UDP; the kernel checks both."""
    with harness.tmpdir() as folder:
        for name in ("pxelinux.0", "boot-screens/ldlinux.c32", "linux"):
            shutil.copyfile(PXELINUX / name, folder / Path(name).name)
        harness.write_tree(folder, {
            "initrd.gz": initrd(),
            "pxelinux.cfg/default": "DEFAULT linux\nPROMPT 0\nLABEL linux\nKERNEL linux\n"
                                    "APPEND initrd=initrd.gz console=ttyS0\n"})
        result = harness.run("--root", folder, "--nic", nic, "--display", "none", "--console", "serial",
                             "--timeout", LINUX_LIMIT_S, "--expect",
                             r"Freeing initrd memory|unpacking failed|Kernel panic", *OWN,
                             timeout=LINUX_LIMIT_S + 20)
        result.expect(0, "Linux version", "Freeing initrd memory")


if __name__ == "__main__":
    harness.main()
