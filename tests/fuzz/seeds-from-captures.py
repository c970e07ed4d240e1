#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes inputs from captures of real boots: seeds-from-captures.py FILE.pcap…

Takes what the guest sent, and writes it as if it had been sent on our LAN: hosts by the service
that is asked, file handles by ones of the targets. Of calls, one of each procedure and length is
kept for a capture. The inputs are named after it: corpus/TARGET/capture-FILE-….
"""
import struct
import sys
from pathlib import Path

from network_seeds import BOOT, KERNEL, PXEBOOT, ROOT
from wire import (GATEWAY, NFS, PORTS, SERVER, be16, handle2, handle3, ip_bytes, mac_of,
                  record)

TOP = Path(__file__).resolve().parent / "corpus"
MAGICS = {0xA1B2C3D4: "<", 0xA1B23C4D: "<", 0xD4C3B2A1: ">", 0x4D3CB2A1: ">"}
DHCP_SERVER, TFTP_SERVER, NFS_TCP = 67, 69, 2049
FRAMES_IN_INPUT = 6
CONVERSATIONS = 4  # inputs of whole frames for a capture
HANDLES = ROOT, BOOT, PXEBOOT, KERNEL


def frames_of(path):
    """The frames in a capture."""
    data = path.read_bytes()
    order = MAGICS[struct.unpack("<I", data[:4])[0]]
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack(order + "I", data[at + 8:at + 12])[0]
        yield data[at + 16:at + 16 + length]
        at += 16 + length


def word(content, index):
    return struct.unpack(">I", content[index * 4:index * 4 + 4])[0]


def is_call(payload):
    return len(payload) >= 40 and word(payload, 1) == 0 and word(payload, 2) == 2


def own_handle(payload, number):
    """A call of NFS with a handle of ours in place of its first one."""
    if word(payload, 3) != NFS or word(payload, 5) == 0:
        return payload
    args = 32 + (word(payload, 7) + 3) // 4 * 4
    args += 8 + (word(payload[args:], 1) + 3) // 4 * 4
    vfs_id = HANDLES[number % len(HANDLES)]
    if word(payload, 4) == 2:
        return payload[:args] + handle2(vfs_id) + payload[args + 32:]
    length = word(payload[args:], 0)
    return payload[:args] + handle3(vfs_id) + payload[args + 4 + (length + 3) // 4 * 4:]


def readdress(frame, destination, dport):
    """The frame, sent to a host and port of ours; checksums are the targets' business."""
    header = 14 + (frame[14] & 15) * 4
    broadcast = frame[30:34] == b"\xff" * 4
    ports = frame[header:header + 2] + be16(dport)
    if broadcast:
        return frame[:header] + ports + frame[header + 4:]
    source = frame[26:30] if frame[26:30] == bytes(4) else ip_bytes("192.168.64.15")
    return (mac_of(destination) + frame[6:26] + source + ip_bytes(destination)
            + frame[34:header] + ports + frame[header + 4:])


def own_udp(frame, number):
    """(target, key, payload, frame) of a UDP frame of the guest's, as it would be on our LAN."""
    header = 14 + (frame[14] & 15) * 4
    dport = struct.unpack(">H", frame[header + 2:header + 4])[0]
    payload = frame[header + 8:header + struct.unpack(">H", frame[header + 4:header + 6])[0]]
    if is_call(payload):
        payload = own_handle(payload, number)
        moved = readdress(frame, SERVER, PORTS.get(word(payload, 3), dport))
        lengths = be16(8 + len(payload)) + bytes(2)
        moved = (moved[:16] + be16(header - 14 + 8 + len(payload)) + moved[18:header + 4] + lengths
                 + payload)
        key = word(payload, 3), word(payload, 4), word(payload, 5), len(payload) // 16
        return "rpc", key, payload, moved
    moved = readdress(frame, GATEWAY, dport)
    if dport == DHCP_SERVER:
        return "dhcp", len(payload), b"\1" + payload, moved
    if dport == TFTP_SERVER:
        return "tftp", payload[:2] + bytes([len(payload) // 16]), record(payload), moved
    return None


def own_frame(frame, number):
    """As own_udp(), for any frame; None for one that is of no use."""
    kind = frame[12:14]
    if kind == b"\x08\x06":
        return "arp", len(frame), b"", frame[:38] + ip_bytes(SERVER) + frame[42:]
    if kind != b"\x08\x00" or len(frame) < 42:
        return None
    if frame[23] == 17:
        return own_udp(frame, number)
    if frame[23] == 6:
        header = 14 + (frame[14] & 15) * 4
        return "tcp", len(frame) // 64, b"", readdress(frame, SERVER, NFS_TCP) if header else None
    return None


def write(target, name, content):
    (TOP / target).mkdir(parents=True, exist_ok=True)
    (TOP / target / f"capture-{name}").write_bytes(content)


def split(path):
    """Writes the inputs of one capture."""
    seen, kept = set(), []
    for number, frame in enumerate(frames_of(path)):
        own = own_frame(frame, number)
        if own is None or own[:2] in seen:
            continue
        seen.add(own[:2])
        kept.append(own)
    for number, (target, _, payload, _) in enumerate(kept):
        if payload:
            write(target, f"{path.stem}-{number:02}", payload)
    frames = [record(moved) for _, _, _, moved in kept]
    for number in range(min(CONVERSATIONS, (len(frames) + FRAMES_IN_INPUT - 1) // FRAMES_IN_INPUT)):
        part = frames[number * FRAMES_IN_INPUT:(number + 1) * FRAMES_IN_INPUT]
        for target in ("lan", "gateway"):
            write(target, f"{path.stem}-{number:02}", b"".join(part))


def main():
    """Splits all captures that are named."""
    for name in sys.argv[1:]:
        split(Path(name))


if __name__ == "__main__":
    main()
