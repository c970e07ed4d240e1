# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeds for the targets of launcher/."""
from wire import record

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


SEEDS = {"cli": cli_seeds, "qmp": qmp_seeds}
