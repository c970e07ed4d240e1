# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages as they are on the wire, and records as the fuzz targets read them (fuzz-input.h)."""
import struct

GUEST, GATEWAY, DNS, SERVER = "192.168.64.15", "192.168.64.1", "192.168.64.3", "192.168.64.4"
GUEST_MAC = bytes.fromhex("525400123456")
BROADCAST_MAC = b"\xff" * 6
PMAP, NFS, MOUNT = 100000, 100003, 100005
PORTS = {PMAP: 111, NFS: 2049, MOUNT: 20048}
HANDLE_KEY = 0x0123456789ABCDEF  # of the targets
MASK64 = (1 << 64) - 1


def be16(value):
    return struct.pack(">H", value & 0xFFFF)


def be32(*values):
    return b"".join(struct.pack(">I", value & 0xFFFFFFFF) for value in values)


def be64(value):
    return struct.pack(">Q", value & MASK64)


def record(content, flags=0):
    """A record of a fuzz input: flags and length in one word, then the bytes."""
    return be16(flags << 11 | len(content)) + content


def ip_bytes(address):
    return bytes(int(part) for part in address.split("."))


def mac_of(address):
    """The Ethernet address that belongs to an address of ours; the guest has its own."""
    if address == GUEST:
        return GUEST_MAC
    if address == "255.255.255.255":
        return BROADCAST_MAC
    return b"\x52\x55" + ip_bytes(address)


def eth(dst, kind, payload, src=GUEST_MAC):
    return dst + src + be16(kind) + payload


def ip4(dst, proto, payload, src=GUEST, flags_offset=0, ident=7, options=b""):
    """A frame without checksums, which the targets fill in."""
    header = struct.pack(">BBHHHBBH4s4s", 0x45 + len(options) // 4, 0,
                         20 + len(options) + len(payload), ident, flags_offset, 64, proto, 0,
                         ip_bytes(src), ip_bytes(dst))
    return eth(mac_of(dst), 0x0800, header + options + payload, mac_of(src))


def udp(sport, dport, payload):
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def fragments(dst, datagram, size=1480, order=None):
    """The frames of a UDP datagram in fragments of @size bytes, in @order."""
    pieces = [datagram[at:at + size] for at in range(0, len(datagram), size)]
    frames = [ip4(dst, 17, piece,
                  flags_offset=i * size // 8 | (0x2000 if i < len(pieces) - 1 else 0))
              for i, piece in enumerate(pieces)]
    return [frames[i] for i in order or range(len(frames))]


def arp(operation, target, sender=GUEST):
    return eth(BROADCAST_MAC, 0x0806,
               struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + GUEST_MAC + ip_bytes(sender)
               + bytes(6) + ip_bytes(target))


def ip6(dst, proto, payload, src="fec0" + "0" * 26 + "15"):
    header = struct.pack(">IHBB", 6 << 28, len(payload), proto, 255)
    return eth(bytes.fromhex("333300000001"), 0x86DD,
               header + bytes.fromhex(src) + bytes.fromhex(dst) + payload)


def opaque(content):
    return be32(len(content)) + content + bytes(-len(content) % 4)


AUTH_NONE = be32(0, 0)
AUTH_LOADER = be32(1, 20, 0, 0, 0, 0, 0)  # of FreeBSD's loaders: all zero


def rpc_call(prog, vers, proc, args=b"", xid=1, cred=AUTH_LOADER, verf=AUTH_NONE):
    return be32(xid, 0, 2, prog, vers, proc) + cred + verf + args


def handle(vfs_id):
    """The 28 bytes of a file handle; see nfs/nfs-handle.c."""
    check = vfs_id ^ HANDLE_KEY
    check = (check ^ check >> 30) * 0xBF58476D1CE4E5B9 & MASK64
    check = (check ^ check >> 27) * 0x94D049BB133111EB & MASK64
    return be32(0x50584552, 0x70786552) + be64(vfs_id) + be64(check ^ check >> 31) + be32(0)


def handle2(vfs_id):
    return handle(vfs_id) + bytes(4)


def handle3(vfs_id):
    return opaque(handle(vfs_id))


def dhcp(operation, options, xid=0x12345678, vendor_size=312):
    """A DHCP message; @options is the list of (tag, value), END included when it is wanted."""
    fixed = struct.pack(">BBBBIHH", operation, 1, 6, 0, xid, 0, 0) + bytes(16) + GUEST_MAC
    area = be32(0x63825363)
    for tag, value in options:
        area += bytes([tag]) if value is None else bytes([tag, len(value)]) + value
    return fixed.ljust(236, b"\0") + area.ljust(vendor_size, b"\0")


END = (255, None)
PAD = (0, None)


def tftp_request(name, *options, opcode=1, mode="octet"):
    words = [name, mode, *options]
    return be16(opcode) + b"".join(word.encode("latin-1") + b"\0" for word in words)
