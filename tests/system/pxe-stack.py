#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a PXE stack must bear, and what it must leave behind: by programs of ours that are hard on it."""
import re

import harness
from doubles import OWN_ENTRY, boot, check_services, make_tree
from handback import SECTOR, bios_state, bios_state_without_ipxe, handback
from harness import test

IPXE = ("--pxe-stack", "ipxe")

# LGDT with a 32-bit operand, as iPXE changes to protected mode.
LGDT = bytes.fromhex("660f0116")

LRET = b"\xcb"


@test
def gen7_vm86_on_ipxe_faults():
    """iPXE's entry point is in real mode only: the monitor must see that, and where."""
    with harness.tmpdir() as directory:
        _, iso = make_tree(directory, "gen7-vm86")
        result = boot("--iso", iso, *IPXE)
        result.expect(0, "called in virtual-8086 mode, as BTX 1.01", "PXE version 2.1",
                      "int=0000000d  err=00000000", "VM86 DOUBLE: FAULT int=0000000d")
        code = bytes.fromhex(re.search(r"cs:eip=([0-9a-f ]+)", result.stdout)[1])
        assert code.startswith(LGDT), f"the fault is not at LGDT\n{result.stdout}"
        entry = re.search(r"entry point @(\w+):", result.stdout)[1]
        assert f"cs={entry} " in result.stdout, f"the fault is not in iPXE\n{result.stdout}"


@test
def ipxe_serves():
    """The program that calls all services demands nothing that iPXE does not do."""
    check_services("services", "rtl8139", *IPXE)


@test
def own_stack_is_taken_for_btx_1_01():
    """Without an option: the loader that iPXE cannot serve boots."""
    with harness.tmpdir() as directory:
        _, iso = make_tree(directory, "gen7-vm86")
        boot("--iso", iso).expect(0, "as BTX 1.01", "KERNEL DOUBLE: root=ufs:/dev/md0")


def option_rom(size):
    """An option ROM that returns at once, without a zero in it."""
    rom = bytearray(b"\x55\xaa" + bytes([size // SECTOR]) + LRET * (size - 3))
    rom[-1] = (rom[-1] - sum(rom)) & 0xff
    return bytes(rom)


def boot_on_e1000(folder, gen, *qemu_args):
    """A boot with our stack before all. Returns: what the guest said"""
    _, iso = make_tree(folder, gen)
    result = boot("--iso", iso, "--nic", "e1000", "--pxe-stack", "own", "--", *qemu_args)
    return result.expect(0, "KERNEL DOUBLE: root=ufs:/dev/md0").stdout


@test
def e1000_beside_option_rom():
    """Where our stack shows the card's registers lies an option ROM: iPXE's stack goes on."""
    with harness.tmpdir() as folder:
        (folder / "rom").write_bytes(option_rom(100 << 10))
        output = boot_on_e1000(folder, "gen10", "-option-rom", folder / "rom")
        assert not OWN_ENTRY.search(output), output


@test
def e1000_on_q35():
    """Another host bridge, and a BIOS that takes memory for an AHCI controller."""
    with harness.tmpdir() as folder:
        output = boot_on_e1000(folder, "gen7-vm86", "-machine", "q35")
        assert OWN_ENTRY.search(output), output


@test
def vm86_monitor_bears_the_bios():
    """SeaBIOS's video, clock, keyboard and wait, with timer interrupts: no fault, the same answers."""
    with harness.tmpdir() as folder:
        assert (bios_state_without_ipxe(folder, name="handback-vm86")
                == bios_state_without_ipxe(folder))


@test
def ipxe_leaves_vectors_behind():
    """The hand-back test sees it: iPXE's card is quiet, its vectors and its base memory stay."""
    with handback(*IPXE) as guest, harness.tmpdir() as folder:
        vectors, base_kib, _ = bios_state_without_ipxe(folder)
        guest.check_open()
        guest.qmp.press_key()
        left, left_kib, _ = bios_state(guest.read_until("HANDBACK: DONE"))
        differ = {number for number in range(256) if left[number] != vectors[number]}
        assert {0x15, 0x16, 0x1a} <= differ, f"vectors that differ: {differ}"
        assert left_kib < base_kib, f"{left_kib} KiB, and {base_kib} KiB at first"
        guest.check_quiet(2)


if __name__ == "__main__":
    harness.main()
