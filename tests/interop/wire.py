#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What our servers answer, judged by tshark: the capture of lan-talk.c, with libslirp and no QEMU.

A client of ours asks for addresses as each kind of client does, gets files by TFTP, and calls every
procedure of every RPC program, in good and in bad ways.
"""
import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dissect import MOUNT, NFS, PORTMAP, calls, check_answered, complaints, packets

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
from harness import main, test  # pylint: disable=wrong-import-position

LAN_TALK = os.environ["LAN_TALK"]
GATEWAY, SERVER, GUEST = "192.168.64.1", "192.168.64.4", "192.168.64.15"
ROOT_PATH, VARIABLE = f"{SERVER}:/", "boot.nfsroot.options=nolockd"  # tests/lan/lan-house.h

FOLDER = tempfile.TemporaryDirectory(prefix="pxe-run-test-")


@functools.cache
def capture():
    """The capture, made once."""
    path = Path(FOLDER.name) / "talk.pcap"
    subprocess.run([LAN_TALK, str(path)], check=True, stdin=subprocess.DEVNULL, timeout=60)
    return path


def results(program, version, *fields):
    """All (call, reply) of one version of a program, with more fields."""
    return [(call, reply) for call, reply in calls(capture(), *fields)
            if (call.number("rpc.program"), call.number("rpc.programversion")) == (program, version)]


@test
def tshark_has_nothing_to_complain_of():
    found = complaints(capture())
    assert not found, "\n".join(found)


@test
def every_procedure_is_answered():
    pairs = calls(capture())
    check_answered(pairs)
    answers = {}
    for call, reply in pairs:
        key = tuple(call.number(f"rpc.{field}") for field in ("program", "programversion", "procedure"))
        answers.setdefault(key, set()).add(reply.number("rpc.state_accept"))
    success, prog_unavail, prog_mismatch, proc_unavail = {0}, {1}, {2}, {3}
    for program, version, count, missing in ((PORTMAP, 2, 6, (5,)), (MOUNT, 1, 6, ()), (MOUNT, 3, 6, ()),
                                             (NFS, 2, 18, (3,)), (NFS, 3, 22, ())):
        for procedure in range(count):
            if (program, version, procedure) == (NFS, 2, 7):
                continue  # WRITECACHE: RFC 1094 gives it no arguments
            wanted = proc_unavail if procedure in missing else success
            assert answers[program, version, procedure] == wanted, (program, version, procedure)
    assert answers[100021, 4, 0] == prog_unavail
    assert answers[NFS, 4, 0] == answers[PORTMAP, 4, 0] == prog_mismatch
    assert answers[NFS, 3, 22] == answers[MOUNT, 3, 6] == proc_unavail


@test
def ports():
    """Only what is served has a port, and it is where the calls went."""
    found = {}
    for call, reply in results(PORTMAP, 2, "portmap.prog", "portmap.version", "portmap.port"):
        if call.number("rpc.procedure") == 3:
            found[call.number("portmap.prog"), call.number("portmap.version")] = reply.number("portmap.port")
    assert found[NFS, 2] == found[NFS, 3] == 2049 and found[100021, 4] == 0, found
    assert found[MOUNT, 1] == found[MOUNT, 3] != 0, found
    dump = [reply for call, reply in results(PORTMAP, 2, "portmap.prog") if call.number("rpc.procedure") == 4]
    assert set(map(int, dump[0]["portmap.prog"])) == {PORTMAP, MOUNT, NFS}


def statuses(program, version, field):
    """{procedure: set of the statuses that were answered}."""
    found = {}
    for call, reply in results(program, version, field):
        found.setdefault(call.number("rpc.procedure"), set()).update(map(int, reply[field]))
    return found


@test
def mount_statuses():
    for version, field in ((1, "mount.status"), (3, "mount.status")):
        found = statuses(MOUNT, version, field)[1]
        assert 0 in found and 2 in found, (version, found)  # OK, NOENT


@test
def nfs_statuses():
    """What would change something is refused with ROFS, or STALE where the handle says so."""
    rofs, stale = 30, 70
    found = statuses(NFS, 2, "nfs.status2")
    for procedure in (2, 8, 9, 10, 11, 12, 13, 14, 15):
        assert found[procedure] == {rofs}, (procedure, found)
    assert found[1] == {0, stale} and found[4] == {0, 2, 20} and found[17] == {0}, found
    found = statuses(NFS, 3, "nfs.status3")
    for procedure in (2, 7, 8, 9, 10, 11, 12, 13, 15, 21):
        assert found[procedure] == {rofs}, (procedure, found)
    assert found[14] == {rofs, stale} and found[3] >= {0, 2, 20, stale} and found[19] == {0}, found


@test
def attributes():
    """Type, mode, size of known objects, by GETATTR."""
    found = [tuple(reply.number(f) for f in ("nfs.fattr3.type", "nfs.mode3", "nfs.fattr3.size"))
             for call, reply in results(NFS, 3, "nfs.fattr3.type", "nfs.mode3", "nfs.fattr3.size")
             if call.number("rpc.procedure") == 1]
    assert found[1:3] == [(1, 0o555, 100000), (5, 0o777, len("boot/loader.rc"))], found
    assert found[0][:2] == (2, 0o755) and found[3] == (None, None, None), found


@test
def reads():
    """As many bytes as there are, with the end of the file told; also in fragments."""
    fields = ("nfs.offset3", "nfs.count3", "nfs.read.eof", "nfs.data", "nfs.status3")
    found = {}
    for call, reply in results(NFS, 3, *fields):
        if call.number("rpc.procedure") == 6 and reply.one("nfs.status3") == "0":
            data = reply.one("nfs.data")
            data = b"" if data == "<MISSING>" else bytes.fromhex(data.replace(":", ""))
            assert len(data) == reply.number("nfs.count3")
            found[call.number("nfs.offset3"), call.number("nfs.count3")] = len(data), reply.one("nfs.read.eof")
    assert found == {(0, 1344): (1344, "0"), (99999, 1024): (1, "1"), (100000, 1024): (0, "1"), (0, 512): (0, "1"),
                     (8192, 8192): (8192, "0"), (0, 32768): (32768, "0")}, found
    fragments = packets(capture(), ("ip.fragment.count",), f"ip.fragments && ip.src == {SERVER}")
    assert {packet.number("ip.fragment.count") for packet in fragments} >= {6, 23}, fragments


@test
def directories():
    """READDIR and READDIRPLUS name every object once, over several replies."""
    for version, field in ((2, "nfs.readdir.entry.name"), (3, "nfs.readdir.entry3.name")):
        lists, names = [], []
        for call, reply in results(NFS, version, field, "nfs.readdir.eof"):
            if call.number("rpc.procedure") == 16:
                names += reply[field]
                if reply["nfs.readdir.eof"] == ["1"]:
                    lists.append(names)
                    names = []
        complete = [n for n in lists if len(n) > 300][-1]
        assert len(set(complete)) == 302 and {".", ".."} < set(complete), len(complete)


@test
def dhcp_answers():
    """Who is told what: option 17 for the loaders, 175.176 for iPXE, neither for others."""
    fields = ("dhcp.option.dhcp", "dhcp.option.root_path", "dhcp.option.type", "dhcp.option.value",
              "dhcp.file", "dhcp.ip.your", "dhcp.ip.server", "dhcp.option.subnet_mask")
    replies = packets(capture(), fields, "dhcp.type == 2")
    assert [reply.one("dhcp.option.dhcp") for reply in replies] == ["2", "5"] * 4
    for reply in replies:
        assert reply.one("dhcp.ip.your") == GUEST and reply.one("dhcp.ip.server") == GATEWAY
        assert reply.one("dhcp.file") == "boot/pxeboot"
        assert reply.one("dhcp.option.subnet_mask") == "255.255.255.0"
        types = reply["dhcp.option.type"]
        assert types[-1] == "0" and "0" not in types[:-1], types  # padding is behind the end only
    other, ipxe, loader_udp, loader = (set(r["dhcp.option.type"]) - {"53", "54", "1", "51", "0"}
                                       for r in replies[1::2])
    assert (other, ipxe, loader_udp, loader) == (set(), {"175"}, {"17", "250"}, {"17", "250"})
    assert "b00101" in replies[3]["dhcp.option.value"], replies[3]
    for reply in replies[4:]:
        assert reply.one("dhcp.option.root_path") == ROOT_PATH, reply
        assert VARIABLE.encode().hex() in reply["dhcp.option.value"], reply


@test
def tftp_answers():
    """Options are acknowledged when they were asked for, and a file that is not there is an error."""
    fields = ("tftp.opcode", "tftp.option.name", "tftp.option.value", "tftp.error.code", "udp.length",
              "tftp.block")
    from_us = packets(capture(), fields, f"tftp && ip.src == {GATEWAY}")
    assert [p.one("tftp.error.code") for p in from_us if p.one("tftp.opcode") == "5"] == ["1", "1"]
    acknowledged = [dict(zip(p["tftp.option.name"], p["tftp.option.value"])) for p in from_us
                    if p.one("tftp.opcode") == "6"]
    assert acknowledged == [{"blksize": "1428", "tsize": "20000"}], acknowledged
    sizes = [p.number("udp.length") - 12 for p in from_us if p.one("tftp.opcode") == "3"]
    assert sizes == [512] * 39 + [20000 % 512] + [1428] * 14 + [20000 % 1428], sizes


if __name__ == "__main__":
    main()
