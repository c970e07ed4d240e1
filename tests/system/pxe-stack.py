#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a PXE stack must bear, and what it must leave behind: by programs of ours that are hard on it."""
import re

import harness
from doubles import boot, check_services, make_tree
from handback import bios_state, bios_state_without_ipxe, handback
from harness import test

IPXE = ("--pxe-stack", "ipxe")

# LGDT with a 32-bit operand, as iPXE changes to protected mode.
LGDT = bytes.fromhex("660f0116")


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


@test
def own_stack_refuses_e1000():
    """QEMU's has ports that do nothing, and real mode reaches no other register."""
    with harness.tmpdir() as folder:
        tree, _ = make_tree(folder, "gen10", kernel=False)
        run = harness.run("--root", tree, "--nic", "e1000", "--pxe-stack", "own")
        run.expect_one_line(2, "no driver", "e1000")


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
        vectors, base_kib = bios_state_without_ipxe(folder)
        guest.check_open()
        guest.qmp.press_key()
        left, left_kib = bios_state(guest.read_until("HANDBACK: DONE"))
        differ = {number for number in range(256) if left[number] != vectors[number]}
        assert {0x15, 0x16, 0x1a} <= differ, f"vectors that differ: {differ}"
        assert left_kib < base_kib, f"{left_kib} KiB, and {base_kib} KiB at first"
        guest.check_quiet(2)


if __name__ == "__main__":
    harness.main()
