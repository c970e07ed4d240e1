#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The servers of a layout, and a QEMU that boots from them by its card's own iPXE; run by layout.py below unshare.

    unshare -Urn real-network.py LAYOUT DHCP-SERVER SCRATCH

DHCP and TFTP are others' programs, which read the layout's files; NFS is `pxe-run serve`, since the kernel's needs
root. Prints the guest's serial line. A pair of interfaces is the wire, and no tap, which not every machine lets
users have.
"""
import array
import fcntl
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

SERVER = "192.168.64.1"
LIMIT_S = 100
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17

DNSMASQ = ["dnsmasq", "-d", "--interface=server", "--pid-file="]  # -d: it stays, and the user that it is
DHCP = {
    "dnsmasq": [[*DNSMASQ, "-C", "{layout}/dnsmasq.conf", "--dhcp-leasefile={scratch}/leases"]],
    "dhcpd": [["dhcpd", "-d", "-f", "-cf", "{layout}/dhcpd.conf", "-lf", "{scratch}/leases", "-pf", "{scratch}/pid", "server"],
              [*DNSMASQ, "-C", "/dev/null", "--port=0", "--enable-tftp", "--tftp-root={layout}/tftp"]],
    "kea": [["kea-dhcp4", "-c", "{layout}/kea-dhcp4.conf"],
            [*DNSMASQ, "-C", "/dev/null", "--port=0", "--enable-tftp", "--tftp-root={layout}/tftp"]],
}


def make_wire():
    """Two interfaces: `server`, and `wire`, from which frames are read that `server` sends."""
    for command in ("link set lo up", "link add name server type veth peer name wire", f"addr add {SERVER}/24 dev server",
                    "link set server up", "link set wire up"):
        subprocess.run(["ip", *command.split()], check=True)
    # Or the kernel leaves checksums to a card that there is not.
    value = array.array("B", struct.pack("II", ETHTOOL_STXCSUM, 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCETHTOOL, struct.pack("16sP16x", b"server", value.buffer_info()[0]))
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    wire.bind(("wire", 0))
    return wire


def start_servers(layout, dhcp, scratch):
    """What the layout is for."""
    commands = [[word.format(layout=layout, scratch=scratch) for word in command] for command in DHCP[dhcp]]
    commands.append([os.environ["PXE_RUN"], "serve", "--root", "/", "--address", SERVER, "--port", "111"])
    env = {**os.environ, "KEA_PIDFILE_DIR": scratch, "KEA_LOCKFILE_DIR": "none",
           "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    (Path(scratch) / "leases").touch()
    return [subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=sys.stderr) for command in commands]


def start_guest(scratch):
    """QEMU, and the socket of its card."""
    ours, card = f"{scratch}/ours", f"{scratch}/card"
    port = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    port.bind(ours)
    guest = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", "tcg", "-m", "256", "-display", "none", "-serial", f"file:{scratch}/serial",
         "-no-reboot", "-boot", "n", "-device", "rtl8139,netdev=n", "-netdev",
         f"dgram,id=n,local.type=unix,local.path={card},remote.type=unix,remote.path={ours}"],
        stdin=subprocess.DEVNULL, stdout=sys.stderr)
    return guest, port, card


def pass_frames(wire, port, card, serial):
    """Until the guest says how it ends, or time is up."""
    end = time.monotonic() + LIMIT_S
    with selectors.DefaultSelector() as selector:
        selector.register(wire, selectors.EVENT_READ)
        selector.register(port, selectors.EVENT_READ)
        while time.monotonic() < end:
            ready = [key.fileobj for key, _ in selector.select(0.2)]
            if wire in ready:
                frame, where = wire.recvfrom(65536)
                if where[2] != socket.PACKET_OUTGOING:
                    try:
                        port.sendto(frame, socket.MSG_DONTWAIT, card)
                    except OSError:  # the card is not there yet, or has no room: lost, as on a wire
                        pass
            if port in ready:
                wire.send(port.recv(65536))
            if not ready and serial.exists() and any(word in serial.read_text(errors="replace")
                                                     for word in ("KERNEL DOUBLE: root=", "FAILED ", "FAULT ")):
                return


def main():
    """Boots once."""
    layout, dhcp, scratch = sys.argv[1:]
    wire = make_wire()
    children = start_servers(layout, dhcp, scratch)
    try:
        time.sleep(1)
        guest, port, card = start_guest(scratch)
        children.append(guest)
        pass_frames(wire, port, card, Path(scratch) / "serial")
    finally:
        for child in children:
            child.send_signal(signal.SIGKILL)
            child.wait()
    print((Path(scratch) / "serial").read_text(errors="replace"))


if __name__ == "__main__":
    main()
