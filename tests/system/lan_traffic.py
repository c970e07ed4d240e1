# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays a stranger on the LAN of a running guest, and looks into the guest's memory.

pxe-run hands what follows `--` to QEMU. By that QEMU gets two sockets more: a QMP monitor, and a
filter that puts the frames it is sent into the network card, as if they came from the LAN.
"""
import contextlib
import json
import socket
import struct
import threading
import time

MARKER = b"PXE-RUN STRANGER ON THE LAN"
BROADCAST = b"\xff" * 6
STRANGER = bytes.fromhex("0200c0ffee01")
ETH_IP4, ETH_ARP, ETH_IP6 = b"\x08\0", b"\x08\x06", b"\x86\xdd"
ETH_MIN = 60
ETH_HEADER, FRAME_MAX = 14, 8000
OVERSIZED = (1515, 1519, 2048, 4096, 6000, FRAME_MAX)
JUMBO = 9000  # longer than the ring of an rtl8139, which QEMU then writes over
BATCH = 64  # frames in one write to QEMU


def qemu_args(folder):
    """The arguments behind `--`, for sockets in @folder."""
    return ["--",
            "-chardev", f"socket,id=watch,path={folder}/qmp,server=on,wait=off",
            "-mon", "chardev=watch,mode=control",
            "-chardev", f"socket,id=stranger,path={folder}/frames,server=on,wait=off",
            "-object", "filter-redirector,id=strangers,netdev=lan,queue=tx,indev=stranger"]


def connect(path):
    """Connects to a socket of QEMU's."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    return connection


class Qmp:
    """A second QMP monitor, beside pxe-run's own."""

    def __init__(self, folder):
        self.folder = folder
        self.stream = connect(folder / "qmp").makefile("rw")
        self.stream.readline()
        self.run("qmp_capabilities")

    def run(self, command, **arguments):
        """Runs a command. Returns: what it returns"""
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        while True:
            answer = json.loads(self.stream.readline())
            if "error" in answer:
                raise AssertionError(f"{command}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def press_key(self, name="spc"):
        """Presses a key and lets it go."""
        self.run("send-key", keys=[{"type": "qcode", "data": name}])

    def halted(self):
        """Whether the processor stands still."""
        registers = self.run("human-monitor-command", **{"command-line": "info registers"})
        return "HLT=1" in registers

    def memory(self, size):
        """The first @size bytes of the guest's physical memory."""
        dump = self.folder / "memory"
        self.run("pmemsave", val=0, size=size, filename=str(dump))
        data = dump.read_bytes()
        dump.unlink()
        return data


def checksum(data):
    """The Internet checksum, RFC 1071."""
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def ip4(source, target, payload, *, protocol=17, fragment=0, total=None, ident=1, spoil=0):
    """An IPv4 packet; @total and @spoil make its length and its checksum wrong."""
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload) if total is None else total,
                         ident, fragment, 64, protocol, 0, source, target)
    return header[:10] + struct.pack(">H", checksum(header) ^ spoil) + header[12:] + payload


def udp(source_port, target_port, payload, *, length=None, check=0):
    """A UDP datagram; without a checksum unless @check, which is then a wrong one."""
    length = 8 + len(payload) if length is None else length
    return struct.pack(">4H", source_port, target_port, length, check) + payload


def arp(operation, sender_mac, sender, target_mac, target):
    """An ARP packet for Ethernet and IPv4."""
    return struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, operation, sender_mac, sender, target_mac,
                       target)


def frame(target, kind, payload):
    """An Ethernet frame, padded as on the wire."""
    return (target + STRANGER + kind + payload).ljust(ETH_MIN, b"\0")


def broken_frames(mac):
    """Frames of every length but the right ones, of protocols that nobody knows."""
    return [
        frame(BROADCAST, b"\x88\xcc", MARKER * 8),
        frame(b"\x01\x80\xc2\0\0\0", b"\0\x26", MARKER * 8),
        (BROADCAST + STRANGER + ETH_IP4)[:13],
        BROADCAST + STRANGER + ETH_IP4,
        BROADCAST + STRANGER + ETH_ARP,
        mac + STRANGER + ETH_IP4 + b"\x45",
    ] + [frame(mac, ETH_IP6, (MARKER * size)[:size - ETH_HEADER]) for size in OVERSIZED]


def jumbo_frames(mac):
    """The longest that a LAN can have, to everybody and to @mac."""
    return [frame(target, ETH_IP6, (MARKER * JUMBO)[:JUMBO - ETH_HEADER]) for target in (BROADCAST, mac)]


def hostile_frames(mac, address, server):
    """
    Frames that a guest with @mac and @address, which speaks with @server, must bear: floods by
    broadcast and to itself, with wrong lengths, checksums and fragments, and lies about addresses.
    """
    everybody = b"\xff" * 4
    text = MARKER * 20
    datagram = udp(2049, 1023, text)
    more = 0x2000
    packets = [
        ip4(server, everybody, udp(9, 9, text)),
        ip4(server, address, datagram, spoil=0x0101),
        ip4(server, address, udp(2049, 1023, text, check=0x1234)),
        ip4(server, address, udp(2049, 1023, text, length=7)),
        ip4(server, address, udp(2049, 1023, text, length=0xffff)),
        ip4(server, address, datagram, total=19),
        ip4(server, address, datagram, total=0xffff),
        ip4(server, address, datagram[:3]),
        ip4(server, address, b""),
        ip4(server, address, datagram, fragment=more),
        ip4(server, address, datagram, fragment=more | 8),      # overlaps the one before
        ip4(server, address, datagram, fragment=more | 0x1fff),  # reaches beyond 64 KiB
        ip4(server, address, text[:504], fragment=more | 0x1ff0, ident=2),
        ip4(server, address, b"", fragment=more | 100, ident=3),
        ip4(server, address, text, protocol=1),
        ip4(server, everybody, text, protocol=6),
        b"\x4f" + ip4(server, address, text)[1:],  # a header of 60 bytes
        b"\x40" + ip4(server, address, text)[1:],  # of none
        b"\x65" + ip4(server, address, text)[1:],  # version 6
        ip4(address, address, datagram),
        ip4(server, address, (MARKER * FRAME_MAX)[:FRAME_MAX - 34]),
    ]
    frames = [frame(target, ETH_IP4, packet) for packet in packets for target in (BROADCAST, mac)]
    frames += [frame(BROADCAST, ETH_ARP, arp(1, STRANGER, bytes([192, 168, 64, n]), bytes(6), address))
               for n in range(100, 130)]
    frames += [
        frame(BROADCAST, ETH_ARP, arp(1, STRANGER, address, bytes(6), address)),
        frame(mac, ETH_ARP, arp(2, BROADCAST, bytes(4), mac, address)),
        frame(mac, ETH_ARP, arp(2, STRANGER, bytes([192, 168, 64, 99]), mac, address)),
        frame(mac, ETH_ARP, arp(1, STRANGER, server, mac, address)[:10]),
    ]
    return frames + broken_frames(mac)


class Stranger:
    """
    Sends frames into the guest's card. There can be one in a run: QEMU's filter does not come back
    after its socket was closed.
    """

    def __init__(self, folder):
        self.connection = connect(folder / "frames")
        self.sent = 0

    def send(self, frames, seconds, per_second=0):
        """Sends @frames over and over, as fast as QEMU takes them or no faster than @per_second."""
        sized = [struct.pack(">I", len(f)) + f for f in frames] * -(-BATCH // len(frames))
        batches = [sized[at:at + BATCH] for at in range(0, len(sized), BATCH)]
        begin, sent, number = time.monotonic(), 0, 0
        while time.monotonic() - begin < seconds:
            batch = batches[number % len(batches)]
            self.connection.sendall(b"".join(batch))
            number, sent = number + 1, sent + len(batch)
            if per_second:
                time.sleep(max(0.0, sent / per_second - (time.monotonic() - begin)))
        self.sent += sent

    @contextlib.contextmanager
    def sending(self, frames, per_second=0):
        """Sends as long as the context lasts."""
        stopped = threading.Event()

        def loop():
            with contextlib.suppress(OSError):  # QEMU has ended
                while not stopped.is_set():
                    self.send(frames, 0.05, per_second)

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield self
        finally:
            stopped.set()
            thread.join()

    def close(self):
        """No more frames: ends a send() that waits for QEMU too."""
        self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()
