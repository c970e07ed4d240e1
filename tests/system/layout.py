#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pxe-run layout: what it writes is what a run would serve, other servers take it, and machines boot from it."""
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
import zlib
from pathlib import Path

from doubles import boot, check_modules, make_tree
from harness import PXE_RUN, main, run, start, test, tmpdir, write_tree

CONFIGS = ("dnsmasq.conf", "dhcpd.conf", "kea-dhcp4.conf", "tftpd-hpa", "inetd.conf.freebsd", "exports.linux",
           "nfs.conf.linux", "exports.freebsd", "rc.conf.freebsd")
NFS_CONFIGS = tuple(name for name in CONFIGS if "exports" in name or name in ("nfs.conf.linux", "rc.conf.freebsd"))
REAL_NETWORK = Path(__file__).with_name("real-network.py")


def layout(*args, **options):
    """Writes one."""
    return run("layout", "-q", *args, **options).expect(0)


def contents(root):
    """{path: bytes, or where a link leads, or None of a directory}, with permissions."""
    found = {}
    for path in sorted(root.rglob("*")):
        mode = path.lstat().st_mode
        content = os.readlink(path) if stat.S_ISLNK(mode) else None if stat.S_ISDIR(mode) else path.read_bytes()
        found[str(path.relative_to(root))] = (content, stat.S_IMODE(mode))
    return found


@test
def files_of_a_run():
    with tmpdir() as d:
        tree, iso = make_tree(d, "gen10")
        layout(iso, "-o", d / "out")
        medium, written = contents(tree), contents(d / "out/pxeroot")
        conf, _ = written.pop("boot/loader.conf.local")
        assert medium == written, set(medium.items()) ^ set(written.items())
        plan = json.loads(run("inspect", "--json", "--pxe-stack", "ipxe", iso).expect(0).stdout)["plan"]
        settings = [f'{s["name"]}="{s["value"]}"' for s in plan["loader_conf"]]
        assert conf.decode().splitlines()[1:] == settings, conf
        assert contents(d / "out/tftp")["boot/pxeboot"][0] == medium["boot/pxeboot"][0]
        assert len(contents(d / "out/tftp")) == 2
        run("ipxe-iso", "-o", d / "cd").expect(0)
        assert (d / "out/ipxe-rtl8139.iso").read_bytes() == (d / "cd").read_bytes()
        readme = (d / "out/README.txt").read_text()
        names = {p.name for p in (d / "out").iterdir()} - {"README.txt"}
        assert names == {*CONFIGS, "tftp", "pxeroot", "pxeroot.mtree", "ipxe-rtl8139.iso"}, names
        assert all(name in readme for name in names), readme
        assert all(s["value"] in readme and s["why"] in readme for s in plan["loader_conf"]), readme


@test
def owners_are_in_the_mtree_file():
    """As another program reads it: all that is wrong with the files is that they are ours."""
    with tmpdir() as d:
        write_tree(d / "over", {"etc/secret": "x"})
        (d / "over.mtree").write_text("./etc/secret mode=0640 uid=7 gid=5\n./dev/x type=char device=freebsd,0,21\n")
        _, iso = make_tree(d, "gen10", kernel=False)
        layout(iso, "--overlay", d / "over", "-o", d / "out")
        assert re.search(r"^\./etc/secret type=file uid=7 gid=5 mode=0640 ", (d / "out/pxeroot.mtree").read_text(), re.M)
        done = subprocess.run(["mtree", "-f", d / "out/pxeroot.mtree", "-p", d / "out/pxeroot"], check=False,
                              capture_output=True, text=True)
        said = [line.strip() for line in done.stdout.splitlines()]
        assert any("dev/x" in line for line in said), done.stdout  # which is not there
        wrong = [w for w in said if re.match(r"(size|type|link|permissions|modification time|extra)\b", w)]
        assert not wrong and not done.stderr, f"{wrong}{done.stderr}"


def check_configs(folder, bootfile="boot/pxeboot"):
    """The servers themselves read their files, as an ordinary user."""
    env = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "KEA_LOCKFILE_DIR": "none"}
    for command in (["dnsmasq", "--test", "-C", folder / "dnsmasq.conf"], ["dhcpd", "-t", "-cf", folder / "dhcpd.conf"],
                    ["kea-dhcp4", "-t", folder / "kea-dhcp4.conf"]):
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    for name in ("dnsmasq.conf", "dhcpd.conf", "kea-dhcp4.conf"):
        assert bootfile in (folder / name).read_text(), name


@test
def configurations():
    with tmpdir() as d:
        _, iso = make_tree(d, "gen10")
        layout(iso, "-o", d / "plain")
        check_configs(d / "plain")
        layout(iso, "-o", d / "other", "--net-address", "10.1.0.0/16", "--server", "10.1.0.20", "--nic", "e1000")
        check_configs(d / "other")
        assert (d / "other/ipxe-e1000.iso").exists()
        text = (d / "other/dnsmasq.conf").read_text()
        assert "dhcp-range=10.1.0.21,10.1.255.253," in text, text
        assert f"root-path,10.1.0.20:{d}/other/pxeroot\n" in text, text
        layout(iso, "-o", d / "last", "--server", "192.168.64.253")
        assert "dhcp-range=192.168.64.15,192.168.64.252," in (d / "last/dnsmasq.conf").read_text()


@test
def live_medium_names_its_server():
    with tmpdir() as d:
        write_tree(d / "tree", {"boot/pxeboot": b"FreeBSD/x86 bootstrap loader pxe_open: server path", "etc/rc": "",
                                "boot/kernel/kernel": b"@(#)FreeBSD 14.0-RELEASE #0", "sbin/init": "", "etc/fstab": "cd"})
        layout("--root", d / "tree", "-o", d / "out", "--server", "192.168.64.9")
        assert (d / "out/pxeroot/etc/fstab").read_text() == f"192.168.64.9:{d}/out/pxeroot / nfs ro 0 0\n"
        assert (d / "out/pxeroot/etc/resolv.conf").read_text() == "nameserver 192.168.64.1\n"


@test
def other_boot_programs_have_tftp_alone():
    with tmpdir() as d:
        write_tree(d / "tree", {"pxelinux.0": b"\xeb\xfe" * 100, "pxelinux.cfg/default": "x", "linux": b"y"})
        layout("--root", d / "tree", "-o", d / "out")
        assert contents(d / "tree") == contents(d / "out/tftp")
        assert not (d / "out/pxeroot").exists() and not any((d / "out" / name).exists() for name in NFS_CONFIGS)
        check_configs(d / "out", "pxelinux.0")


@test
def boots_as_a_tree():
    with tmpdir() as d:
        _, iso = make_tree(d, "gen10")
        layout(iso, "-o", d / "out")
        result = boot("--root", d / "out/pxeroot", "--bootfile", "boot/pxeboot")
        result.expect(0, "DOUBLE gen10: OK ", "KERNEL DOUBLE: root=ufs:/dev/md0")
        check_modules(d / "out/pxeroot", result.stdout)


@test
def memory_disk_that_is_made():
    """An init of one's own is in the disk, and the loader finds it in the layout."""
    with tmpdir() as d:
        tree, _ = make_tree(d, "gen10")
        (tree / "boot/mfsroot.gz").unlink()
        (d / "init").write_bytes(b"#!/rescue/sh\n")
        write_tree(d / "over", {"rescue/sh": "x"})
        layout("--root", tree, "--init", d / "init", "--overlay", d / "over", "--root-kind", "mfsroot", "--no-cache",
               "-o", d / "out")
        disk = (d / "out/pxeroot/boot/mfsroot.gz").read_bytes()
        result = boot("--root", d / "out/pxeroot")
        result.expect(0, f"/boot/mfsroot.gz (mfs_root): {len(disk)} bytes, CRC32 {zlib.crc32(disk):08x}")


def can_have_a_network():
    """Whether users may have namespaces here."""
    return subprocess.run(["unshare", "-Urn", "ip", "link", "add", "name", "server", "type", "veth"],
                          check=False, capture_output=True).returncode == 0


def boots_from_servers(dhcp):
    """The guest's own iPXE, DHCP and TFTP of others, and NFS at the path that the layout names."""
    if not can_have_a_network():
        print("# no network of one's own here: left out")
        return
    with tmpdir() as d:
        _, iso = make_tree(d, "gen10")
        layout(iso, "--console", "serial", "-o", d / "out")
        (d / "scratch").mkdir()
        done = subprocess.run(["unshare", "-Urn", sys.executable, REAL_NETWORK, d / "out", dhcp, d / "scratch"],
                              check=False, capture_output=True, text=True, timeout=200,
                              env={**os.environ, "PXE_RUN": PXE_RUN})
        assert "DOUBLE gen10: OK " in done.stdout and "KERNEL DOUBLE: root=ufs:/dev/md0" in done.stdout, \
            f"{done.stdout}{done.stderr}"
        check_modules(d / "out/pxeroot", done.stdout)


for _dhcp in ("dnsmasq", "dhcpd", "kea"):
    def _boots_from_servers(dhcp=_dhcp):
        boots_from_servers(dhcp)
    _boots_from_servers.__name__ = f"boots_from_{_dhcp}"
    test(_boots_from_servers)


@test
def stopped_half_way():
    """A signal ends it at once, and a line says that what is there is not whole."""
    with tmpdir() as d:
        write_tree(d / "tree", {"boot/pxeboot": b"FreeBSD/x86 bootstrap loader"})
        with open(d / "tree/large", "wb") as file:
            file.truncate(15 << 30)
        process = start("layout", "--root", d / "tree", "-o", d / "out")
        while not (d / "out/pxeroot/large").exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1].decode()
        assert process.returncode == -signal.SIGINT, process.returncode
        assert f"layout '{d}/out': stopped, and not whole" in said, said
        assert not (d / "out/README.txt").exists()


@test
def cannot_be_written():
    with tmpdir() as d:
        _, iso = make_tree(d, "gen10", kernel=False)
        for where, text in ((d / "no/such/dir", "cannot make"), (iso, "cannot unpack into")):
            run("layout", "-q", iso, "-o", where).expect_one_line(4, text)
        odd = d / "odd"
        write_tree(odd, {"boot/a b": b"FreeBSD/x86 bootstrap loader"})
        run("layout", "-q", "--root", odd, "--bootfile", "boot/a b", "-o", d / "x").expect_one_line(2, "can name only")
        (d / "empty").mkdir()
        layout(iso, "-o", d / "empty")
        run("layout", "-q", iso, "-o", d / "empty").expect_one_line(2, "is not empty")


if __name__ == "__main__":
    main()
