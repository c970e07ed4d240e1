# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds for the targets that read what comes over the LAN."""
import struct

from wire import (DNS, END, GATEWAY, GUEST, MOUNT, NFS, PAD, PMAP, PORTS, SERVER, arp, be16, be32,
                  be64, dhcp, eth, fragments, handle2, handle3, ip4, ip6, opaque, record, rpc_call,
                  tftp_request, udp)

# Ids in the tree of fuzz-input.c: twice the number in the lower half; in the upper one, and 1.
ROOT, BOOT, PXEBOOT, KERNEL, LINK, MANY, FSTAB = 1, 3, 4, 8, 16, 26, 11
NOWHERE = 1 << 40

IPXE = [(53, b"\1"), (57, b"\5\xc0"), (60, b"PXEClient:Arch:00000:UNDI:002001"), (77, b"iPXE"),
        (55, bytes([1, 3, 6, 12, 17, 43, 60, 66, 67, 128, 175])),
        (175, bytes.fromhex("b105011010ec8139eb030100001701012201011301011101012701011901")),
        (61, b"\1RT\0\x124V"), END]
LOADER_UDP = [(53, b"\1"), (60, b"PXEClient"), END]
LOADER = [(53, b"\1"), (60, b"PXEClient"), (77, b"\x08\x07FreeBSD"),
          (55, bytes([17, 12, 16, 3, 1, 26, 54])), END]
REPLY = [(53, b"\5"), (54, bytes([192, 168, 64, 1])), (1, b"\xff\xff\xff\0"),
         (3, bytes([192, 168, 64, 1])), (6, bytes([192, 168, 64, 3])), (51, be32(86400)), END]


def dhcp_seeds():
    """A byte for the policy, then the message."""
    two = [(53, b"\5"), (54, b"\1\2\3\4")]
    messages = {
        "ipxe": dhcp(1, IPXE), "loader-udp": dhcp(1, LOADER_UDP), "loader": dhcp(1, LOADER),
        "reply": dhcp(2, REPLY), "offer": dhcp(2, [(53, b"\2")] + REPLY[1:]),
        "nak": dhcp(2, [(53, b"\6"), END]), "bootp": dhcp(1, [], vendor_size=64),
        "pads": dhcp(2, [PAD, two[0], PAD, PAD, two[1], END]),
        "no-end": dhcp(2, two, vendor_size=0),
        "cut-option": dhcp(2, two, vendor_size=0)[:-2],
        "full": dhcp(2, [(53, b"\5"), (43, bytes(255)), (43, bytes(30)), END]),
        "no-cookie": dhcp(1, LOADER)[:236] + bytes(4),
    }
    return {name: bytes([number % 3]) + message
            for number, (name, message) in enumerate(messages.items())}


def tftp_data(block, size=1428):
    return be16(3) + be16(block) + bytes(size)


def tftp_ack(block):
    return be16(4) + be16(block)


TFTP_REQUEST = tftp_request("boot/pxeboot", "blksize", "1432", "tsize", "0")
TFTP_OACK = be16(6) + b"tsize\x003000\0blksize\x001428\0"
TFTP_ERROR = be16(5) + be16(1) + b"File not found\0"


def tftp_seeds():
    """Records: what the guest sends from a port; with flag 16, what the server sends to it."""
    links = "link", "loop", "outside", "up/kernel/kernel", "../../etc/passwd", "//boot//pxeboot"
    refused = (tftp_request("none"), tftp_request("boot"), tftp_request("x", mode="netascii"),
               tftp_request("x", opcode=2), be16(1), be16(1) + b"no-nul", be16(9), b"\0")
    ask, answer = record(TFTP_REQUEST), record(TFTP_OACK, 16)
    first, second = record(tftp_data(1), 16), record(tftp_data(2), 16)
    ack = [record(tftp_ack(block)) for block in range(3)]
    return {
        "transfer": ask + answer + ack[0] + first + ack[1] + ack[1] + second + ack[1] + ack[2],
        "plain": record(tftp_request("/boot/pxeboot")) + record(tftp_data(1, 512), 16) + ack[1],
        "two": ask + record(TFTP_REQUEST, 1) + answer + record(TFTP_OACK, 17)
        + record(tftp_ack(0), 1) + ack[0],
        "links": b"".join(record(tftp_request(name)) for name in links),
        "refused": b"".join(record(message) for message in refused),
        "odd-options": record(tftp_request("one", "blksize", "7", "BLKSIZE", "65465", "tsize", "x",
                                           "multicast", "", "blksize", "4294967296")),
        "error": ask + answer + record(TFTP_ERROR) + ack[0],
        "long-name": record(tftp_request("a/" * 256)) + record(tftp_request("a/" * 256 + "b")),
    }


def small_calls():
    """Name → program, version, procedure, arguments: what is asked before NFS."""
    return {
        "pmap-null": (PMAP, 2, 0, b""),
        "pmap-set": (PMAP, 2, 1, be32(NFS, 3, 17, 2049)),
        "pmap-getport": (PMAP, 2, 3, be32(NFS, 3, 17, 0)),
        "pmap-getport-tcp": (PMAP, 2, 3, be32(NFS, 3, 6, 0)),
        "pmap-dump": (PMAP, 2, 4, b""),
        "pmap-callit": (PMAP, 2, 5, be32(0, 0)),
        "mnt1": (MOUNT, 1, 1, opaque(b"/")),
        "mnt3": (MOUNT, 3, 1, opaque(b"/pxeroot/boot")),
        "mnt3-file": (MOUNT, 3, 1, opaque(b"/one")),
        "mnt3-link": (MOUNT, 3, 1, opaque(b"/up")),
        "mnt-long": (MOUNT, 3, 1, opaque(b"/" * 1025)),
        "mnt-dump": (MOUNT, 3, 2, b""),
        "umnt": (MOUNT, 1, 3, opaque(b"/")),
        "export": (MOUNT, 3, 5, b""),
        "no-version": (NFS, 4, 1, handle3(ROOT)),
        "no-program": (100021, 4, 0, b""),
        "no-procedure": (NFS, 3, 22, b""),
        "garbage": (NFS, 3, 3, handle3(ROOT)),
    }


def nfs2_calls():
    return {
        "v2-getattr": (NFS, 2, 1, handle2(ROOT)),
        "v2-setattr": (NFS, 2, 2, handle2(ROOT) + bytes(32)),
        "v2-lookup": (NFS, 2, 4, handle2(BOOT) + opaque(b"loader.conf")),
        "v2-readlink": (NFS, 2, 5, handle2(LINK)),
        "v2-read": (NFS, 2, 6, handle2(KERNEL) + be32(8192, 8192, 0)),
        "v2-readdir": (NFS, 2, 16, handle2(MANY) + be32(0, 1024)),
        "v2-statfs": (NFS, 2, 17, handle2(ROOT)),
    }


def nfs3_calls():
    name = handle3(BOOT) + opaque(b"loader.conf")
    start = be64(0) + be64(0)
    return {
        "v3-null": (NFS, 3, 0, b""),
        "v3-getattr": (NFS, 3, 1, handle3(FSTAB)),
        "v3-stale": (NFS, 3, 1, handle3(NOWHERE)),
        "v3-bad-handle": (NFS, 3, 1, opaque(bytes(64))),
        "v3-setattr": (NFS, 3, 2, handle3(ROOT) + bytes(28)),
        "v3-lookup": (NFS, 3, 3, name),
        "v3-dotdot": (NFS, 3, 3, handle3(BOOT) + opaque(b"..")),
        "v3-access": (NFS, 3, 4, handle3(KERNEL) + be32(0x3F)),
        "v3-readlink": (NFS, 3, 5, handle3(LINK)),
        "v3-read": (NFS, 3, 6, handle3(PXEBOOT) + be64(1024) + be32(1024)),
        "v3-read-most": (NFS, 3, 6, handle3(KERNEL) + be64(0) + be32(0xFFFFFFFF)),
        "v3-read-behind": (NFS, 3, 6, handle3(KERNEL) + be64(1 << 63) + be32(1)),
        "v3-write": (NFS, 3, 7, handle3(PXEBOOT) + be64(0) + be32(4, 2) + opaque(b"data")),
        "v3-rename": (NFS, 3, 14, name + name),
        "v3-link": (NFS, 3, 15, handle3(PXEBOOT) + name),
        "v3-readdir": (NFS, 3, 16, handle3(MANY) + start + be32(1024)),
        "v3-readdir-on": (NFS, 3, 16, handle3(MANY) + be64(9) + be64(1 << 63) + be32(130)),
        "v3-readdirplus": (NFS, 3, 17, handle3(ROOT) + start + be32(512, 4096)),
        "v3-fsstat": (NFS, 3, 18, handle3(ROOT)),
        "v3-fsinfo": (NFS, 3, 19, handle3(ROOT)),
        "v3-pathconf": (NFS, 3, 20, handle3(MANY)),
        "v3-commit": (NFS, 3, 21, handle3(ROOT) + be64(0) + be32(0)),
    }


def rpc_seeds():
    """A datagram as it is: each procedure once, as clients call it, and some that are wrong."""
    calls = small_calls() | nfs2_calls() | nfs3_calls()
    seeds = {name: rpc_call(*call) for name, call in calls.items()}
    gids = be32(1, 20 + 8 + 16 * 4, 0) + opaque(b"freebsd") + be32(1001, 1001, 16, *range(16))
    return seeds | {
        "many-gids": rpc_call(NFS, 3, 4, handle3(KERNEL) + be32(0x3F), cred=gids),
        "auth-short": rpc_call(NFS, 3, 1, handle3(ROOT), cred=be32(2, 0)),
        "bad-verifier": rpc_call(NFS, 3, 1, handle3(ROOT), verf=be32(1, 0)),
        "rpc-version": be32(1, 0, 3, NFS, 3, 0, 0, 0, 0, 0),
        "reply": be32(1, 1, 0, 0, 0, 0),
        "cut": rpc_call(NFS, 3, 6, handle3(ROOT))[:-3],
    }


def rpc_stream_seeds():
    """Records: fragments of a stream; see fuzz-rpc-stream.c for the flags."""
    raw, more = 1, 2
    bytewise, threes, sevens = 1 << 2, 2 << 2, 5 << 2
    calls = small_calls() | nfs2_calls() | nfs3_calls()
    getattr3, read = rpc_call(*calls["v3-getattr"]), rpc_call(*calls["v3-read"])
    write = rpc_call(NFS, 3, 7, handle3(PXEBOOT) + be64(0) + be32(1800, 2) + opaque(bytes(1800)))
    whole = be32(1 << 31 | len(getattr3)) + getattr3
    return {
        "all": b"".join(record(rpc_call(*call)) for call in calls.values()),
        "bytewise": record(read, bytewise) + record(getattr3, bytewise),
        "pieces": record(read, threes) + record(write, sevens) + record(read, 7 << 2),
        "fragments": record(read[:40], more) + record(read[40:41], more | bytewise)
        + record(b"", more) + record(read[41:]) + record(getattr3),
        "of-one-byte": b"".join(record(bytes([byte]), more) for byte in read[:60])
        + record(read[60:]),
        "joined": record(whole * 5, raw),
        "largest": record(be32(68 << 10), raw) + record(bytes(2047), raw) * 34
        + record(bytes(34), raw) + record(b"") + record(getattr3),
        "too-large": record(getattr3) + record(be32(68 << 10 | 1), raw) + record(getattr3),
        "two-gibibytes": record(be32(0xFFFFFFFF), raw | bytewise) + record(getattr3, raw),
        "never-ends": record(bytes(2047), more) * 40,
        "empty": record(b"") + record(getattr3),
        "cut": record(getattr3) + record(whole[:-5], raw),
        "cut-mark": record(whole + whole[:3], raw),
        "no-rpc": record(b"GET / HTTP/1.1\r\n\r\n", raw),
    }


def nfs_seeds():
    """Programs for calls; fuzz-nfs.c tells what the bytes mean."""
    def at(which):
        return bytes([0, which])

    def word(value):
        return b"\1" + be32(value)

    def wide(value):
        return b"\2" + be64(value)

    def string(text):
        return bytes([3, len(text)]) + text

    def name(which):
        return bytes([4, which])

    def call(version, proc, *args, cred=1):
        return bytes([version, proc, cred]) + b"".join(args) + b"\7"

    v2, v3, mnt1, mnt3, pmap = range(5)
    small, cookie, forged = b"\5", b"\6", b"\0\xf5"
    whole, sizes = 255, bytes([20, 3, 40, 0, 7, 25, 25] * 12)
    root, boot, loader, kernel, link, many = at(0), at(1), at(3), at(5), at(9), at(14)
    start = wide(0) + wide(0)
    change = string(b"x") + root + name(3)
    return {
        "v3-look": call(v3, 1, root) + call(v3, 3, root, name(1)) + call(v3, 3, boot, string(b".."))
        + call(v3, 4, loader, word(63)) + call(v3, 4, loader, word(63), cred=0x56),
        "v3-read": call(v3, 6, loader, wide(0), word(1024))
        + call(v3, 6, kernel, wide(32760), word(65536))
        + call(v3, 6, root, wide(0), small, b"\1") + call(v3, 5, link),
        "v3-list": call(v3, 16, root, start, word(1024)) + call(v3, 16, root, cookie, word(200))
        + call(v3, 17, many, start, word(512), word(2000))
        + call(v3, 17, many, cookie, word(9999), word(400)),
        "v3-whole": bytes([v3, whole, 14]) + sizes,
        "v2-whole": bytes([v2, whole, 14]) + sizes,
        "v3-change": b"".join(call(v3, proc, loader, change) for proc in (2, *range(7, 16), 21)),
        "v3-file-system": b"".join(call(v3, proc, root) for proc in (18, 19, 20)),
        "v3-forged": call(v3, 1, forged + be64(NOWHERE))
        + call(v3, 16, forged + be64(2), start, word(512)),
        "v2-all": call(v2, 1, root) + call(v2, 4, boot, name(2)) + call(v2, 5, link)
        + call(v2, 6, kernel, word(100), word(1024), word(0)) + call(v2, 17, root)
        + call(v2, 16, many, word(0), word(600)) + call(v2, 16, many, cookie, word(600))
        + call(v2, 8, loader) + call(v2, 3),
        "mount": call(mnt1, 1, string(b"/")) + call(mnt3, 1, string(b"/boot")) + call(mnt3, 5)
        + call(mnt1, 3, string(b"/")) + call(pmap, 4)
        + call(pmap, 3, word(NFS), word(3), word(17), word(0)),
    }


def to_server(call):
    """The record of a frame with a call for the boot server."""
    return record(ip4(SERVER, 17, udp(1023, PORTS[call[0]], rpc_call(*call))))


def to_gateway(payload, flags=0):
    return record(ip4(GATEWAY, 17, udp(2070, 69, payload)), flags)


def from_slirp(sport, dport, payload):
    return record(ip4(GUEST, 17, udp(sport, dport, payload), src=GATEWAY), 2)


def broadcast(message, flags=0):
    return record(ip4("255.255.255.255", 17, udp(68, 67, message), src="0.0.0.0"), flags)


def any_lan_seeds():
    """For both targets that have a LAN; records: frames from the guest; flag 1: as they are."""
    small, v3 = small_calls(), nfs3_calls()
    syn = struct.pack(">IIBBHHH", 1, 0, 0x50, 2, 8192, 0, 0)
    query = bytes.fromhex("00010100000100000000000001780000010001")
    ping = be16(0x0800) + bytes(42)
    all_routers, gateway6 = "ff02" + "0" * 26 + "02", "fec0" + "0" * 26 + "02"
    return {
        "arp": record(arp(1, SERVER)) + record(arp(1, GATEWAY)) + record(arp(1, DNS))
        + record(arp(2, SERVER)) + record(arp(1, "192.168.64.77")),
        "mount-and-read": to_server(small["pmap-getport"]) + to_server(small["mnt3"])
        + to_server(v3["v3-lookup"]) + to_server(v3["v3-read"]),
        "large-reply": to_server(v3["v3-read-most"]) + to_server(nfs2_calls()["v2-read"]),
        "ping": record(ip4(SERVER, 1, ping)) + record(ip4(GATEWAY, 1, ping)),
        "no-service": record(ip4(SERVER, 6, bytes(20))) + record(ip4(SERVER, 17, udp(1, 9, b"x"))),
        "broken": record(b"") + record(bytes(13)) + record(ip4(SERVER, 17, bytes(7)))
        + record(ip4(SERVER, 17, udp(1, 111, b"")), 1) + record(eth(b"\xff" * 6, 0x88B5, b"?")),
        "ip6": record(ip6(all_routers, 58, be16(0x8500) + bytes(6)), 2)
        + record(ip6(gateway6, 17, udp(2070, 69, TFTP_REQUEST))),
        "tcp": record(ip4(SERVER, 6, be16(1022) + be16(2049) + syn))
        + record(ip4(GATEWAY, 6, be16(1022) + be16(80) + syn)),
        "dns": record(ip4(DNS, 17, udp(1024, 53, query))),
    }


def lan_seeds():
    """As any LAN; flag 2: the frame comes from libslirp's side."""
    write = rpc_call(NFS, 3, 7, handle3(PXEBOOT) + be64(0) + be32(4000, 2) + opaque(bytes(4000)))
    pieces = [record(frame) for frame in fragments(SERVER, udp(1023, 2049, write))]
    reply = from_slirp(67, 68, dhcp(2, REPLY))
    null = rpc_call(*small_calls()["pmap-null"])
    return any_lan_seeds() | {
        "dhcp": b"".join(broadcast(dhcp(1, who)) + reply for who in (IPXE, LOADER_UDP, LOADER)),
        "tftp": to_gateway(TFTP_REQUEST) + from_slirp(69, 2070, TFTP_OACK)
        + to_gateway(tftp_ack(0)) + from_slirp(69, 2070, tftp_data(1))
        + to_gateway(tftp_ack(1)) + from_slirp(69, 2070, tftp_data(2, 100)),
        "tftp-error": to_gateway(TFTP_REQUEST) + from_slirp(69, 2070, TFTP_ERROR),
        "fragments": b"".join(pieces),
        "fragments-reversed": b"".join(reversed(pieces)),
        "fragments-twice": b"".join(pieces[:2] + pieces),
        "options": record(ip4(SERVER, 17, udp(1, 111, null), options=b"\1\1\1\0")),
    }


def segment(port, flags, data=b"", window=8192, options=b"", to=PORTS[NFS]):
    """The record of a frame with TCP for the boot server, whose numbers the target fills in."""
    offset = (5 + len(options) // 4) << 4
    header = be16(port) + be16(to) + bytes(8) + bytes([offset, flags]) + be16(window) + bytes(4)
    return record(ip4(SERVER, 6, header + options + data), 4 | 2)


def tcp_seeds():
    """Conversations over TCP: whole, in pieces, out of order, broken off."""
    fin, syn, rst, push, ack, urgent = 1, 2, 4, 8, 16, 32
    calls = [rpc_call(*call) for call in (*small_calls().values(), *nfs3_calls().values())]
    marked = [be32(0x80000000 | len(call)) + call for call in calls]
    most = marked[list(small_calls() | nfs3_calls()).index("v3-read-most")]
    mss = b"\2\4" + be16(1460)
    here = record(arp(1, GATEWAY))  # libslirp learns the guest's address from it
    hello = here + segment(1023, syn, options=mss) + segment(1023, ack)
    late = record(ip4(SERVER, 6, be16(1023) + be16(2049) + be32(5000, 1)
                      + bytes([0x50, ack]) + be16(8192) + bytes(4) + b"later"), 2)
    return {
        "tcp-calls": hello + b"".join(segment(1023, ack | push, call) for call in marked[:14])
        + segment(1023, ack | fin) + segment(1023, ack),
        "tcp-pieces": hello + b"".join(segment(1023, ack, marked[2][i:i + 9])
                                       for i in range(0, len(marked[2]), 9)),
        "tcp-large": hello + segment(1023, ack, most, window=600)
        + segment(1023, ack, window=600) * 8,
        "tcp-reset": hello + segment(1023, ack, marked[0]) + segment(1023, rst),
        "tcp-urgent": hello + segment(1023, ack | urgent, marked[0]) + segment(1023, fin | syn),
        "tcp-gap": hello + late + segment(1023, ack, marked[0][:20]),
        "tcp-no-window": hello + segment(1023, ack, most, window=0) + segment(1023, ack, window=0),
        "tcp-many": here + b"".join(segment(port, syn, to=to) for port in range(1016, 1023)
                                    for to in PORTS.values()),
    }


def gateway_seeds():
    """As any LAN; flag 2 lets libslirp do what it has put off, 4 numbers a TCP segment."""
    lease = [(50, bytes([192, 168, 64, 15])), (54, bytes([192, 168, 64, 1]))]
    take = [(53, b"\3")] + lease + LOADER[1:]
    dhcp_whole = broadcast(dhcp(1, LOADER), 2) + broadcast(dhcp(1, take))
    acks = b"".join(to_gateway(tftp_ack(block)) for block in range(4))
    return any_lan_seeds() | tcp_seeds() | {
        "dhcp": dhcp_whole,
        "tftp": dhcp_whole + to_gateway(TFTP_REQUEST) + acks,
        "tftp-end": dhcp_whole + to_gateway(TFTP_REQUEST) + to_gateway(TFTP_ERROR, 2),
    }


def ip4_seeds():
    """A byte for the way, then what it reads; see fuzz-ip4.c."""
    def piece(which, offset, length, more=True, wait=0):
        return bytes([which | (8 if more else 0)]) + be16(offset) + be16(length) + be16(wait)

    packet = ip4(SERVER, 17, udp(1023, 111, rpc_call(*small_calls()["pmap-null"])))[14:]
    first, middle, last = piece(1, 0, 1480), piece(1, 185, 1480), piece(1, 370, 100, False)
    return {
        "udp": b"\0\1" + packet,
        "udp-unmended": b"\0\0" + packet,
        "padded": b"\0\1" + packet + bytes(18),
        "options": b"\0\1" + ip4(SERVER, 17, udp(1, 2, b"x"), options=b"\1" * 8)[14:],
        "arp": b"\0\0" + arp(1, SERVER)[14:],
        "in-order": b"\1" + first + middle + last,
        "reversed": b"\1" + last + middle + first,
        "overlap": b"\1" + piece(1, 0, 16) + piece(1, 1, 16) + piece(1, 3, 8, False),
        "two-ends": b"\1" + piece(1, 2, 8, False) + piece(1, 3, 8, False) + piece(1, 0, 16),
        "six": b"\1" + b"".join(piece(i, 0, 8) for i in range(6)) + piece(5, 1, 3, False),
        "late": b"\1" + piece(1, 0, 8) + piece(1, 1, 8, False, 3001),
        "largest": b"\1" + b"".join(piece(0, i * 250, 2000) for i in range(32))
        + piece(0, 8000, 1515, False),
        "out-small": b"\2\1" + be16(5) + b"hello",
        "out-large": b"\2\0" + be16(8300),
        "out-largest": b"\2\1" + be16(65507),
        "out-empty": b"\2\1" + be16(0),
    }


def pxe_seeds():
    """A byte for what the stack does, then records; see fuzz-pxe.c."""
    def frame(*args, **more):
        return record(ip4(GUEST, 17, *args, src=SERVER, **more), 1)

    def says(*words):
        return record(b"".join(words), 2)

    whole = udp(2049, 1023, bytes(range(256)) * 12)
    pieces = [record(piece, 1) for piece in
              [ip4(GUEST, 17, whole[at:at + 1480], src=SERVER,
                   flags_offset=at // 8 | (0x2000 if at + 1480 < len(whole) else 0))
               for at in range(0, len(whole), 1480)]]
    oack = says(b"\0\6blksize\0", b"600\0tsize\0", b"1210\0")
    return {
        "udp": b"\0" + frame(udp(2049, 1023, b"payload")),
        "arp": b"\0" + record(arp(1, GUEST, SERVER)) + record(arp(2, GUEST, SERVER)),
        "fragments": b"\0" + b"".join(pieces),
        "fragments-reversed": b"\0" + b"".join(reversed(pieces)),
        "fragments-twice": b"\0" + pieces[0] + pieces[0] + pieces[-1],
        "options": b"\0" + frame(udp(1, 2, b"x"), options=b"\1" * 8),
        "tftp": b"\x16" + oack + b"".join(says(b"\0\3", be16(n), bytes(600 if n < 3 else 10))
                                          for n in (1, 2, 3)),
        "tftp-without-options": b"\x16" + says(b"\0\3\0\1", bytes(512))
        + says(b"\0\3\0\2", b"end"),
        "tftp-error": b"\x16" + says(b"\0\5\0\1not found\0"),
        "tftp-large-block": b"\x16" + says(b"\0\6blksize\0", b"65464\0"),
        "tftp-block-too-long": b"\x16" + oack + says(b"\0\3\0\1", bytes(601)),
    }


SEEDS = {
    "dhcp": dhcp_seeds, "gateway": gateway_seeds, "ip4": ip4_seeds, "lan": lan_seeds,
    "nfs": nfs_seeds, "pxe": pxe_seeds, "rpc": rpc_seeds, "rpc-stream": rpc_stream_seeds,
    "tftp": tftp_seeds,
}
