#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`--pcap` in a boot of each loader double by the real iPXE, judged by tshark: nothing is malformed, every
request is answered, and what a file's READs carried is the file."""
import subprocess
import sys
from pathlib import Path

from dissect import MOUNT, NFS, PORTMAP, calls, check_answered, complaints, packets

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
import harness  # pylint: disable=wrong-import-position
from harness import test  # pylint: disable=wrong-import-position

DOUBLES = harness.BUILD_ROOT / "tests/guest"
KERNEL_SIZE, MFSROOT_SIZE = 200000, 50000
GATEWAY, SERVER = "192.168.64.1", "192.168.64.4"

# NFS version of each generation, and the tshark fields of that version.
GENERATIONS = {
    "gen7": (2, "nfs.read.offset", "nfs.status2"),
    "gen10": (3, "nfs.offset3", "nfs.status3"),
    "gen12": (3, "nfs.offset3", "nfs.status3"),
    "gen15": (3, "nfs.offset3", "nfs.status3"),
}


def boot(folder, generation):
    """Boots a medium with that loader until its kernel runs; returns the tree and the capture."""
    tree, iso, pcap = folder / "tree", folder / "medium.iso", folder / "lan.pcap"
    subprocess.run([sys.executable, harness.SOURCE_ROOT / "tests/guest/make-tree.py", tree, "--iso", iso,
                    "--loader", DOUBLES / f"loader-{generation}", "--kernel", DOUBLES / "kernel-double",
                    "--kernel-size", str(KERNEL_SIZE), "--mfsroot-size", str(MFSROOT_SIZE)],
                   check=True, stdin=subprocess.DEVNULL)
    harness.run("--iso", iso, "--pcap", pcap, "--display", "none", "--console", "serial", "--timeout", "90",
                "--expect", "KERNEL DOUBLE: root=").expect(0)
    return tree, pcap


def check_dhcp(pcap):
    """Both answers to iPXE and both to the loader; the latter with the root path."""
    fields = ("dhcp.option.dhcp", "dhcp.option.type", "dhcp.option.value", "dhcp.option.root_path",
              "dhcp.ip.your")
    replies = packets(pcap, fields, f"dhcp && ip.src == {GATEWAY}")
    assert [reply.one("dhcp.option.dhcp") for reply in replies[-4:]] == ["2", "5"] * 2, replies
    assert {reply.one("dhcp.ip.your") for reply in replies} == {"192.168.64.15"}
    for reply in replies[:-2]:
        assert "b00101" in reply["dhcp.option.value"] and not reply["dhcp.option.root_path"], reply
    for reply in replies[-2:]:
        assert reply.one("dhcp.option.root_path") == f"{SERVER}:/", reply
        assert "175" not in reply["dhcp.option.type"], reply


def check_tftp(pcap, loader):
    """The boot program, whole and in order; something may stand in front of it."""
    blocks = packets(pcap, ("tftp.block", "data.data"), f"tftp.opcode == 3 && ip.src == {GATEWAY}")
    data = {p.number("tftp.block"): bytes.fromhex(p.one("data.data") or "") for p in blocks}
    assert b"".join(data[n] for n in sorted(data)).endswith(loader.read_bytes())
    errors = packets(pcap, ("frame.number",), f"tftp.opcode == 5 && ip.src == {GATEWAY}")
    assert not errors, errors


def check_rpc(pcap, generation):
    """Every call answered, by the programs and versions that the generation uses, and nothing else."""
    version = GENERATIONS[generation][0]
    pairs = calls(pcap)
    check_answered(pairs)
    spoken = {(call.number("rpc.program"), call.number("rpc.programversion")) for call, _ in pairs}
    assert spoken == {(PORTMAP, 2), (MOUNT, 1 if version == 2 else 3), (NFS, version)}, spoken
    assert {reply.number("rpc.state_accept") for _, reply in pairs} == {0}
    assert len(pairs) > 500, len(pairs)


def files_read(pcap, generation):
    """The contents of all files, as READs carried them."""
    _, offset, status = GENERATIONS[generation]
    files = {}
    for call, reply in calls(pcap, "nfs.fhandle", offset, status, "nfs.data"):
        if call.number("rpc.program") != NFS or call.number("rpc.procedure") != 6:
            continue
        assert reply.one(status) == "0", reply
        data = reply.one("nfs.data")
        data = b"" if data in (None, "<MISSING>") else bytes.fromhex(data.replace(":", ""))
        content = files.setdefault(call.one("nfs.fhandle"), bytearray())
        start = call.number(offset)
        content[start:start + len(data)] = data
    return {bytes(content) for content in files.values()}


def captured(generation):
    """Boots and judges."""
    with harness.tmpdir() as folder:
        tree, pcap = boot(folder, generation)
        found = complaints(pcap)
        assert not found, "\n".join(found[:20])
        check_dhcp(pcap)
        check_tftp(pcap, tree / "boot/pxeboot")
        check_rpc(pcap, generation)
        contents = files_read(pcap, generation)
        for name in ("boot/mfsroot.gz", "boot/double/size-100000", "boot/defaults/loader.conf"):
            assert (tree / name).read_bytes() in contents, name


for _generation in GENERATIONS:
    def _captured(generation=_generation):
        captured(generation)
    _captured.__name__ = _generation
    test(_captured)


if __name__ == "__main__":
    harness.main()
