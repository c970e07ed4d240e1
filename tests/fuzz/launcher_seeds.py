# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds for the targets of launcher/."""
from wire import be16, be32, be64, record

GREETING = (b'{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}},'
            b' "capabilities": ["oob"]}}\r\n')
DONE = b'{"return": {}}\r\n'
FAILED = b'{"error": {"class": "GenericError", "desc": "no such file"}}\r\n'
EVENT = (b'{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP",'
         b' "data": {"x": [1, 2.5, null]}}\r\n')


def qmp_seeds():
    """Records: pieces of the stream; flag 1: a command before it, 2: a look at the screen."""
    session = GREETING + DONE
    return {
        "session": record(GREETING) + record(DONE) + record(DONE + EVENT, 1) + record(FAILED, 2)
        + record(DONE),
        "pieces": b"".join(record(session[i:i + 7]) for i in range(0, len(session), 7)),
        "too-many": record(DONE * 6),
        "odd": record(b'[1] "x" 2 null {"return": null} {"error": "text"} {"event": 1}'),
        "no-json": record(b"{'a': 'b'} }"),
        "deep": record(b"[" * 40),
        "numbers": record(b'{"return": 1e999, "a": -0}'),
    }


def expect_seeds():
    """A byte, then bytes of the serial line, which are a screen's cells too."""
    rows = b"login: ".ljust(80) + b"panic: \x80\xff\1".ljust(80)
    return {
        "login": b"\0FreeBSD/i386 (host) (ttyu0)\r\n\r\nlogin: ",
        "prompt": b"\1\033[1;31m# \033[0m\r\n# \n",
        "panic": b"\2mountroot> \033[2J\033[H\033cpanic: no init\r\n",
        "dots": b"\3a\033[0mb\0c",
        "unfinished": b"\0\033[",
        "screen": b"\0" + b"".join(bytes([byte, 7]) for byte in rows),
        "code-page": b"\1" + bytes(range(256)),
    }


def cli_seeds():
    """A word on each line."""
    lines = {
        "iso": "--iso a.iso",
        "all": "run --iso a.iso --nic e1000 --mac 52:54:00:00:00:01 --net user"
               " --net-address 10.0.0.0/8 -m 2G --cpus 2 --accel tcg --display none"
               " --console serial --menu --expect login: --timeout 90 --pcap p,q.pcap --qemu q"
               " --boot rom --log nfs:debug,quiet -q -n",
        "root": "--root /tree --bootfile pxelinux.0",
        "qemu": "a.iso -- -device e1000",
        "inspect": "inspect a.iso --json --console serial",
        "ipxe-iso": "ipxe-iso -o -",
        "help": "--help",
        "regex": "a.iso --expect ^(a|b)+$",
        "address": "a.iso --net-address 192.168.64.0/26",
        "log": "a.iso --log info,,dhcp:warning",
    }
    return {name: line.replace(" ", "\n").encode() for name, line in lines.items()}


def progress_seeds():
    """Records: the name of a file, then events; the kinds of fuzz-progress.c are their flags."""
    def after(milliseconds, kind, content):
        return record(be16(milliseconds) + content, kind)

    def read(offset, count, size):
        return after(1, 6, b"\0" + be64(offset) + be16(count) + be64(size))

    def tftp(kind, so_far, size):
        return after(2, kind, b"\1" + be32(so_far) + be64(size))

    file, discover, ack = record(b"kernel"), after(0, 0, b"\1"), after(0, 1, b"\3")
    screen, serial, message, line, hold, tick = range(7, 13)

    def wait(milliseconds):
        return after(milliseconds, tick, b"")

    return {
        "tftp": file + discover + ack + tftp(2, 0, 0) + tftp(3, 1428, 262144) + wait(999)
        + tftp(4, 262144, 262144) + tftp(2, 0, 0) + tftp(5, 0, 0),
        "nfs": file + read(0, 1024, 9 << 20) + read(1 << 20, 1024, 9 << 20)
        + wait(12000) + read(9 << 20, 0, 9 << 20) + read(0, 0, 0),
        "texts": file + after(5, screen, b"Copyright (c) 1992-2015")
        + after(5, serial, b"x\npanic: \xff") + wait(60000)
        + after(1, message, b"a\nb\t\x1b") + after(1, line, b"\xc2\x9b\n"),
        "held": file + after(1, hold, b"\1") + after(1, message, b"x") + wait(1)
        + after(1, hold, b"\0"),
        "steering": record(b"\x1b[2J\xe2\x80\xae") + read(0, 1024, 1 << 20) + wait(4000),
    }


SEEDS = {
    "cli": cli_seeds, "expect": expect_seeds, "progress": progress_seeds, "qmp": qmp_seeds,
}
