#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a PXE stack must bear: calls in virtual-8086 mode."""
import re

import harness
from doubles import boot, make_tree
from harness import test

# LGDT with a 32-bit operand, as iPXE changes to protected mode.
LGDT = bytes.fromhex("660f0116")


@test
def gen7_vm86_on_ipxe_faults():
    """iPXE's entry point is in real mode only: the monitor must see that, and where."""
    with harness.tmpdir() as directory:
        _, iso = make_tree(directory, "gen7-vm86")
        result = boot("--iso", iso)
        result.expect(0, "called in virtual-8086 mode, as BTX 1.01", "PXE version 2.1",
                      "int=0000000d  err=00000000", "VM86 DOUBLE: FAULT int=0000000d")
        code = bytes.fromhex(re.search(r"cs:eip=([0-9a-f ]+)", result.stdout)[1])
        assert code.startswith(LGDT), f"the fault is not at LGDT\n{result.stdout}"
        entry = re.search(r"entry point @(\w+):", result.stdout)[1]
        assert f"cs={entry} " in result.stdout, f"the fault is not in iPXE\n{result.stdout}"


if __name__ == "__main__":
    harness.main()
