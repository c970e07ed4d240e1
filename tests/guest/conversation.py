# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest says, read from a capture of the LAN: pcap → Ethernet → IP → UDP → DHCP and RPC.

Only what pxe-run itself writes is read: a pcap file of Ethernet frames in one piece.
"""
import struct
from typing import NamedTuple

PCAP_MAGIC = (0xa1b2c3d4, 0xa1b23c4d)  # microseconds, nanoseconds
ETH_IP4, ETH_ARP, IP_UDP = 0x0800, 0x0806, 17
DHCP_SERVER_PORT, DHCP_FIXED, DHCP_COOKIE = 67, 236, bytes.fromhex("63825363")
OPTION_CLASS = 60
LOADER_CLASS = b"PXEClient"  # boot ROMs say more behind it

PORTMAP, MOUNT, NFS = 100000, 100005, 100003
CALL_HEADER = 6 * 4 + 8 + 20 + 8  # with AUTH_UNIX that says nothing, and no verifier
CREDENTIALS = struct.pack(">2I", 1, 20) + bytes(20) + bytes(8)


class Datagram(NamedTuple):
    """A UDP datagram, or an ARP packet (ports 0)."""
    source: bytes
    source_port: int
    target_port: int
    payload: bytes
    frame_size: int


class Request(NamedTuple):
    """One request in words, as "LOOKUP boot"; the rest for those who want to know more."""
    text: str
    port: int     # it came from
    xid: int      # 0 unless it is an RPC call
    version: int  # of the RPC program


def frames(path):
    """Yields the frames of a pcap file."""
    data = path.read_bytes()
    order = "<" if struct.unpack_from("<I", data)[0] in PCAP_MAGIC else ">"
    if struct.unpack_from(order + "I", data)[0] not in PCAP_MAGIC:
        raise ValueError(f"{path} is no pcap file")
    at = 24
    while at + 16 <= len(data):
        size, = struct.unpack_from(order + "I", data, at + 8)
        yield data[at + 16:at + 16 + size]
        at += 16 + size


def datagrams(path, mac):
    """Yields the Datagrams and ARP packets that @mac has sent."""
    for frame in frames(path):
        kind, = struct.unpack_from(">H", frame, 12)
        if frame[6:12] != mac:
            continue
        if kind == ETH_ARP:
            yield Datagram(frame[28:32], 0, 0, frame[14:], len(frame))
        elif kind == ETH_IP4 and frame[23] == IP_UDP:
            header = 14 + (frame[14] & 15) * 4
            source_port, target_port, size = struct.unpack_from(">3H", frame, header)
            yield Datagram(frame[26:30], source_port, target_port,
                           frame[header + 8:header + size], len(frame))


def dhcp_options(payload):
    """{option: value} in the order of the packet, up to END."""
    options, at = {}, DHCP_FIXED + 4
    while payload[DHCP_FIXED:DHCP_FIXED + 4] == DHCP_COOKIE and payload[at] != 255:
        size = payload[at + 1]
        options[payload[at]] = payload[at + 2:at + 2 + size]
        at += 2 + size
    return options


def opaque(data, at):
    """A variable-length XDR field. Returns: it, where the next one begins."""
    size, = struct.unpack_from(">I", data, at)
    return data[at + 4:at + 4 + size], at + 4 + (size + 3 & ~3)


def nfs_text(version, procedure, args):
    """The words for an NFS call of the kinds that loaders make."""
    at = 32 if version == 2 else opaque(args, 0)[1]
    offset_at = at if version == 2 else at + 4
    if procedure == {2: 4, 3: 3}[version]:
        return "LOOKUP " + opaque(args, at)[0].decode(errors="replace")
    if procedure == 5:
        return "READLINK"
    if procedure == 6:
        return "READ {} {}".format(*struct.unpack_from(">2I", args, offset_at))
    if procedure == 16:
        return f"READDIR {struct.unpack_from('>I', args, at + (4 if version == 2 else 16))[0]}"
    return f"NFS procedure {procedure}"


def rpc_request(datagram):
    """The Request in an RPC call. The caller may rely on the header: it is checked."""
    call = datagram.payload
    xid, kind, rpc_version, program, version, procedure = struct.unpack_from(">6I", call)
    if (kind, rpc_version) != (0, 2) or call[24:CALL_HEADER] != CREDENTIALS:
        raise ValueError(f"not a loader's RPC call: {call[:CALL_HEADER].hex()}")
    args = call[CALL_HEADER:]
    if (program, procedure) == (PORTMAP, 3):
        text = "GETPORT {} {} {} {}".format(*struct.unpack_from(">4I", args))
    elif (program, procedure) == (MOUNT, 1):
        text = "MNT " + opaque(args, 0)[0].decode()
    elif program == NFS:
        text = nfs_text(version, procedure, args)
    else:
        text = f"program {program} procedure {procedure}"
    return Request(text, datagram.source_port, xid, version)


def loader_requests(path, mac):
    """All Requests of the loader, from its own DHCP on; what the boot ROM said is left out."""
    found = []
    for datagram in datagrams(path, mac):
        if datagram.target_port == DHCP_SERVER_PORT:
            options = dhcp_options(datagram.payload)
            if options.get(OPTION_CLASS) == LOADER_CLASS:
                words = ",".join(map(str, options))
                found.append(Request(f"DHCP {words}", datagram.source_port, 0, 0))
        elif found and datagram.target_port == 0:
            found.append(Request(f"ARP {datagram.frame_size}", 0, 0, 0))
        elif found:
            found.append(rpc_request(datagram))
    return found


def fragments(path):
    """The number of IP fragments in the capture, from anyone."""
    return sum(frame[12:14] == b"\x08\0" and struct.unpack_from(">H", frame, 20)[0] & 0x3fff != 0
               for frame in frames(path))
