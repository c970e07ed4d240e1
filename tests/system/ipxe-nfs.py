#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""iPXE's own NFS client (version 3 over TCP, in Debian's ROMs) loads files from the tree that it boots from."""
import subprocess
import zlib

from doubles import PROGRAMS
from harness import main, run, test, tmpdir, write_tree

SERVER = "nfs://192.168.64.4"
LINES = 16_000  # of a script that takes iPXE several READs


def script(*lines):
    """An iPXE script."""
    return "\n".join(("#!ipxe", *lines, ""))


def boot(tree, files, expect, *args):
    """Boots a tree whose boot program is the script boot.ipxe, until the screen shows @expect."""
    write_tree(tree, files)
    return run("--root", tree, "--bootfile", "boot.ipxe", "--display", "none", "--expect", expect,
               "--timeout", "60", *args, timeout=90)


def tshark(pcap, wanted, *fields):
    """The fields of the packets of a capture that are wanted."""
    command = ["tshark", "-r", str(pcap), "-Y", wanted, "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


@test
def chains_a_script():
    """Of several READs; it comes to its end only if each line is there."""
    with tmpdir() as d:
        counting = script("set n:int32 0", *["inc n"] * LINES, f"iseq ${{n}} {LINES} && echo VERDICT: OK ||")
        pcap = d / "x.pcap"
        boot(d / "tree", {"boot.ipxe": script(f"chain {SERVER}/scripts/deep/count.ipxe"),
                          "scripts/deep/count.ipxe": counting}, "VERDICT: OK", "--pcap", pcap
             ).expect(0, "expected", "the tree is mounted")
        # What TCP sends again after a loss in the card's ring is an overlap to tshark.
        assert not tshark(pcap, "(_ws.malformed || (rpc && _ws.expert.severity >= error)) && "
                                "!tcp.analysis.retransmission", "frame.number")
        procedures = set(tshark(pcap, "tcp && nfs && rpc.msgtyp == 0", "nfs.procedure_v3"))
        assert procedures == {"3", "6"}, procedures  # LOOKUP, READ
        # The calls, each one segment: of a reply with a loss tshark may see nothing.
        offsets = set(tshark(pcap, "nfs.procedure_v3 == 6 && rpc.msgtyp == 0", "nfs.offset3"))
        assert len(offsets) > 1, offsets


@test
def chains_a_boot_program():
    """A PXE boot program that checks the stack's services and a file by TFTP."""
    with tmpdir() as d:
        data = bytes(range(256)) * 400
        boot(d, {"boot.ipxe": script(f"chain {SERVER}/programs/services"),
                 "programs/services": (PROGRAMS / "services").read_bytes(), "services/data": data},
             r"SERVICES: OK\s+The|FAILED [^\n]*\n", "--console", "serial"
             ).expect(0, f"CRC32 {zlib.crc32(data):08x}", "SERVICES: OK")


@test
def follows_links_and_says_what_is_missing():
    with tmpdir() as d:
        write_tree(d, {"real/x.ipxe": script("echo VERDICT: link", f"chain {SERVER}/real/none ||",
                                             "echo VERDICT: ${errno}")})
        (d / "real/link").symlink_to("x.ipxe")
        boot(d, {"boot.ipxe": script(f"chain {SERVER}/real/link")}, "VERDICT: 0x2d"
             ).expect(0, "expected")


if __name__ == "__main__":
    main()
