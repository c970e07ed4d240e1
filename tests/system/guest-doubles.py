#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots our loader doubles through the real iPXE and checks what they say, on the screen and on the wire."""
import re
import sys

import harness
from doubles import FAILED, GUEST, LIMIT_S, boot, check_modules, make_tree
from harness import test

sys.path.insert(0, str(GUEST))
import conversation  # pylint: disable=wrong-import-position

MAC = bytes.fromhex("525400123456")  # pxe-run's default
NICS = ("e1000", "e1000e", "virtio", "pcnet", "ne2k_pci", "i82559er", "vmxnet3")

# The first requests of real loaders: 7.0, 10.2, 12.2 and 15.0; with our root path, and with the sizes of
# our loader.rc (63 bytes) and loader.lua (33 bytes). ARP is the boot ROM's for the first two.
FIRST_REQUESTS = {
    "gen7": """
        DHCP 53,60
        DHCP 53,50,54,51,60
        GETPORT 100005 1 17 0
        MNT /
        GETPORT 100003 2 17 0
        LOOKUP boot
        LOOKUP boot.4th.split
        MNT /
        LOOKUP boot
        LOOKUP boot.4th.gz.split
        MNT /
        LOOKUP boot
        LOOKUP boot.4th.gz
        MNT /
        LOOKUP boot
        LOOKUP boot.4th
        MNT /
        LOOKUP boot
        LOOKUP loader.rc.split
        MNT /
        LOOKUP boot
        LOOKUP loader.rc.gz.split
        MNT /
        LOOKUP boot
        LOOKUP loader.rc.gz
        MNT /
        LOOKUP boot
        LOOKUP loader.rc
        READ 0 512
        READ 63 449
        READ 63 512
        MNT /
        LOOKUP boot
        LOOKUP loader.4th.split""",
    "gen10": """
        DHCP 53,60
        DHCP 53,50,54,51,60
        GETPORT 100005 3 17 0
        MNT /
        GETPORT 100003 3 17 0
        LOOKUP boot
        LOOKUP boot.4th
        MNT /
        LOOKUP boot
        LOOKUP boot.4th.gz
        MNT /
        LOOKUP boot
        LOOKUP loader.rc
        READ 0 512
        READ 63 449
        READ 63 512
        MNT /
        LOOKUP boot
        LOOKUP loader.4th""",
    "gen12": """
        DHCP 53,60,77,55
        DHCP 53,50,54,51,60,77,55
        ARP 60
        GETPORT 100005 3 17 0
        MNT /
        GETPORT 100003 3 17 0
        LOOKUP boot
        LOOKUP lua
        LOOKUP loader.lua
        READ 0 512
        READ 33 479
        READ 33 512
        MNT /
        LOOKUP boot
        LOOKUP lua
        LOOKUP cli.lua
        MNT /
        LOOKUP boot
        LOOKUP lua
        LOOKUP cli.lua
        READ 0 512""",
    "gen15": """
        DHCP 53,60,77,55
        DHCP 53,50,54,51,60,77,55
        ARP 60
        GETPORT 100005 3 17 0
        MNT /
        MNT /
        MNT /
        GETPORT 100003 3 17 0
        LOOKUP boot
        LOOKUP lua
        LOOKUP loader.lua
        READ 0 512
        READ 33 479
        READ 33 512
        MNT /
        LOOKUP boot
        LOOKUP lua
        LOOKUP cli.lua
        MNT /
        LOOKUP boot
        LOOKUP lua
        LOOKUP cli.lua
        READ 0 512""",
}

# Names tried for the memory disk: once to see whether it is there, once to load it.
MFSROOT_NAMES = {
    "gen7": ["mfsroot.split", "mfsroot.gz.split", "mfsroot.gz"] * 2,
    "gen10": ["mfsroot", "mfsroot.gz"] * 2,
    "gen12": ["mfsroot", "mfsroot.gz"] * 2,
    "gen15": ["mfsroot", "mfsroot.gz"] * 2,
}

# pxe-run sets nfs.read_size for loaders that know it.
READ_SIZE = {"gen7": 1024, "gen10": 1024, "gen12": 8192, "gen15": 8192}
NFS_VERSION = {"gen7": 2, "gen10": 3, "gen12": 3, "gen15": 3}
BY_UNDI = ("gen12", "gen15")


def check_ports_and_xids(requests):
    """A new source port for each MNT, counting down from 1023; transaction numbers from 1 on."""
    calls = [r for r in requests if r.xid]
    distinct = list(dict.fromkeys(c.xid for c in calls))
    assert distinct == list(range(1, len(distinct) + 1)), distinct
    port = 1024
    seen = set()
    for call in calls:
        if call.xid in seen:  # sent again, on a busy machine
            continue
        seen.add(call.xid)
        if call.text.startswith("MNT ") and seen != {1, call.xid}:
            port -= 1
        port = 1023 if call.xid == 1 else port
        assert call.port == port, f"{call.text} comes from port {call.port}, not {port}"


def check_conversation(gen, pcap):
    """Checks that the requests have the shape of the generation."""
    requests = conversation.loader_requests(pcap, MAC)
    texts = [r.text for r in requests]
    # The boot ROM's stack asks for addresses when it needs them.
    words = [t for t in texts if gen in BY_UNDI or not t.startswith("ARP")]
    first = [line.strip() for line in FIRST_REQUESTS[gen].strip().splitlines()]
    assert words[:len(first)] == first, "\n".join(words[:len(first)])
    check_ports_and_xids(requests)
    assert len({t for t in texts if t.startswith("GETPORT")}) == 2
    versions = {r.version for r in requests if r.text.split()[0] in ("LOOKUP", "READ", "READDIR")}
    assert versions == {NFS_VERSION[gen]}, versions
    reads = [int(t.split()[2]) for t in texts if t.startswith("READ ")]
    assert max(reads) == READ_SIZE[gen], max(reads)
    mfsroot = [t.split()[1] for t in texts if re.match(r"LOOKUP mfsroot", t)]
    assert mfsroot == MFSROOT_NAMES[gen], mfsroot
    assert "READLINK" in texts and texts.count("READDIR 1024") > 5, "links, directories"
    assert (conversation.fragments(pcap) > 0) == (READ_SIZE[gen] > 1344), "fragments"


def boots(gen, medium):
    """One generation, from --boot iso or rom, to the kernel."""
    with harness.tmpdir() as directory:
        tree, iso = make_tree(directory, gen)
        pcap = directory / "lan.pcap"
        result = boot("--iso", iso, "--boot", medium, "--pcap", pcap)
        result.expect(0, f"DOUBLE {gen}: OK ", "KERNEL DOUBLE: root=ufs:/dev/md0")
        check_modules(tree, result.stdout)
        assert "trying again" not in result.stdout, f"an answer was lost:\n{result.stdout}"
        check_conversation(gen, pcap)
        length = "boot.nfsroot.nfshandlelen=28"
        assert (length in result.stdout) == (gen != "gen7"), result.stdout


for _gen in ("gen7", "gen10", "gen12", "gen15"):
    for _medium in ("iso", "rom"):
        def _boots(gen=_gen, medium=_medium):
            boots(gen, medium)
        _boots.__name__ = f"{_gen}_{_medium}"
        test(_boots)


def boots_with_nic(nic, medium):
    """The kernel is reached with that network card."""
    with harness.tmpdir() as directory:
        tree, iso = make_tree(directory, "gen10")
        result = boot("--iso", iso, "--nic", nic, "--boot", medium)
        result.expect(0, "DOUBLE gen10: OK ", "KERNEL DOUBLE: root=ufs:/dev/md0")
        check_modules(tree, result.stdout)


for _nic in NICS:
    for _medium in ("iso", "rom"):
        def _boots_with_nic(nic=_nic, medium=_medium):
            boots_with_nic(nic, medium)
        _boots_with_nic.__name__ = f"nic_{_nic}_{_medium}"
        test(_boots_with_nic)


@test
def directory_tree():
    """--root DIR; there is no kernel, and so no memory disk."""
    with harness.tmpdir() as directory:
        tree, _ = make_tree(directory, "gen10", kernel=False)
        result = boot("--root", tree, expect=rf"There is no kernel|{FAILED}")
        result.expect(0, "DOUBLE gen10: OK ")


@test
def on_the_screen():
    """Without the serial line as console: the same text is on the VGA screen."""
    with harness.tmpdir() as directory:
        _, iso = make_tree(directory, "gen10", "--loader-conf", 'double.poweroff="YES"')
        result = harness.run("--display", "none", "--iso", iso, "--expect",
                             r"loader like FreeBSD 8\.2 to 11\s*\n-{70}", "--timeout", LIMIT_S)
        result.expect(0, "expected")


@test
def powers_off():
    """The demo's way: the kernel ends the run, with success."""
    with harness.tmpdir() as directory:
        _, iso = make_tree(directory, "gen10", "--loader-conf", 'double.poweroff="YES"')
        result = harness.run("--display", "none", "--console", "serial", "--iso", iso,
                             "--timeout", LIMIT_S)
        result.expect(0, "KERNEL DOUBLE: root=ufs:/dev/md0", "KERNEL DOUBLE: powers off")


@test
def counts_down():
    """--menu keeps the loader's countdown, for which clock, keyboard and INT 15h are asked."""
    with harness.tmpdir() as directory:
        _, iso = make_tree(directory, "gen7", "--loader-conf", 'autoboot_delay="2"')
        result = boot("--iso", iso, "--menu")
        result.expect(0, "Booting in 2 seconds", "KERNEL DOUBLE: root=ufs:/dev/md0")


@test
def corrupted_file():
    """A byte that changed since the manifest was written is found."""
    with harness.tmpdir() as directory:
        tree, _ = make_tree(directory, "gen10", kernel=False)
        victim = tree / "boot/double/size-4096"
        data = bytearray(victim.read_bytes())
        data[2048] ^= 1
        victim.write_bytes(data)
        result = boot("--root", tree, expect=FAILED)
        result.expect(0, "DOUBLE gen10: FAILED /boot/double/size-4096: CRC32 ")


@test
def missing_file():
    """So is a file that is gone, with the error of the LOOKUP."""
    with harness.tmpdir() as directory:
        tree, _ = make_tree(directory, "gen7", kernel=False)
        (tree / "boot/double/one/two/three/four/five/six/at-the-bottom").unlink()
        result = boot("--root", tree, expect=FAILED)
        result.expect(0, "six/at-the-bottom: open: error 2")


if __name__ == "__main__":
    harness.main()
