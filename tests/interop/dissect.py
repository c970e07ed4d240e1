# SPDX-License-Identifier: GPL-2.0-or-later
"""What tshark sees in a capture, and what it has to complain of."""
import os
import subprocess
import tempfile

GOOD, UNVERIFIED, ABSENT = "1", "2", "3"  # what tshark says of a checksum
ERROR, WARNING = 8388608, 6291456  # severities of its expert information

# Checksums are looked at, fragments put together, nothing is looked up in a name service.
OPTIONS = ("-n", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "ip.defragment:TRUE")

PORTMAP, NFS, MOUNT = 100000, 100003, 100005


class Packet(dict):
    """{field: list of values, as text}."""

    def one(self, field):
        """The only value of a field; None when it is not there."""
        values = self[field]
        assert len(values) <= 1, (field, values)
        return values[0] if values else None

    def number(self, field):
        """The same as a number."""
        value = self.one(field)
        return None if value is None else int(value, 0)


def packets(capture, fields, display_filter="frame"):
    """The packets that a display filter lets through, as Packets of those fields."""
    command = ["tshark", *OPTIONS, "-r", str(capture), "-Y", display_filter, "-T", "fields",
               "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=\x1f"]
    for field in fields:
        command += ["-e", field]
    with tempfile.TemporaryDirectory(prefix="pxe-run-test-") as home:  # nobody's own preferences
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              text=True, timeout=120, errors="surrogateescape",
                              env={**os.environ, "HOME": home, "LC_ALL": "C.UTF-8", "TZ": "UTC"})
    if done.returncode != 0:
        raise AssertionError(f"tshark: status {done.returncode}\n{done.stderr}")
    return [Packet((field, value.split("\x1f") if value else [])
                   for field, value in zip(fields, line.split("\t"), strict=True))
            for line in done.stdout.splitlines()]


def complaints(capture):
    """Whatever tshark finds wrong: malformed packets, errors, bad checksums; warnings about what we sent."""
    found = []
    fields = ("frame.number", "frame.protocols", "eth.src", "_ws.malformed", "_ws.expert.severity",
              "_ws.expert.message", "ip.checksum.status", "udp.checksum.status")
    for packet in packets(capture, fields):
        where = f"frame {packet.one('frame.number')} ({packet.one('frame.protocols')})"
        ours = packet["eth.src"][0].startswith("52:55:")
        for severity, message in zip(packet["_ws.expert.severity"], packet["_ws.expert.message"]):
            # "TFTP ERROR packet" is one of its warnings.
            if int(severity) >= (WARNING if ours and "TFTP ERROR" not in message else ERROR):
                found.append(f"{where}: {message}")
        if "rpc" in where and where.endswith(":data)"):
            found.append(f"{where}: bytes are left over")
        if packet["_ws.malformed"]:
            found.append(f"{where}: malformed")
        for name in ("ip", "udp"):
            if not set(packet[f"{name}.checksum.status"]) <= {GOOD, UNVERIFIED, ABSENT}:
                found.append(f"{where}: bad {name} checksum")
    return found


def calls(capture, *more_fields):
    """All RPC calls, as (call, its reply); a call that was sent again comes again."""
    fields = ("frame.number", "rpc.msgtyp", "rpc.xid", "udp.srcport", "udp.dstport", "rpc.program",
              "rpc.programversion", "rpc.procedure", "rpc.replystat", "rpc.state_accept", "rpc.call.dup",
              *more_fields)
    asked, replies = [], {}
    for packet in packets(capture, fields, "rpc"):
        # The version comes twice where a program's own dissector repeats it.
        packet["rpc.programversion"] = packet["rpc.programversion"][:1]
        if packet.one("rpc.msgtyp") == "0":
            asked.append(packet)
        else:
            # A second reply, which fits a frame, says no more than the first one.
            replies.setdefault((packet.one("udp.dstport"), packet.one("rpc.xid")), packet)
    return [(call, replies.get((call.one("udp.srcport"), call.one("rpc.xid")))) for call in asked]


def check_answered(pairs):
    """Every call was answered, by the port that was asked."""
    assert pairs, "no RPC call"
    for call, reply in pairs:
        what = tuple(call.one(f"rpc.{field}") for field in ("program", "programversion", "procedure"))
        assert reply is not None, f"frame {call.one('frame.number')}: {what} was not answered"
        assert reply.one("udp.srcport") == call.one("udp.dstport"), what
        assert reply.one("rpc.replystat") == "0", f"{what}: denied"
