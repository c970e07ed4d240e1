#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The iPXE CD: what is on it as others read it, and that it boots by itself, outside pxe-run."""
import hashlib
import os
import subprocess
from pathlib import Path

from harness import PXE_RUN, main, run, test, tmpdir

NICS = ("rtl8139", "e1000", "e1000e", "virtio", "pcnet", "ne2k_pci", "i82559er", "vmxnet3")


def build(folder, nic):
    """Builds the CD for one NIC."""
    iso = folder / f"{nic}.iso"
    run("ipxe-iso", "--nic", nic, "-o", iso).expect(0)
    return iso


def output(*command):
    """Standard output of a command."""
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout


@test
def same_bytes_every_time():
    with tmpdir() as d:
        for nic in NICS:
            first = hashlib.sha256(build(d, nic).read_bytes()).hexdigest()
            again = subprocess.run(["sh", "-c", f"umask 077; '{PXE_RUN}' ipxe-iso --nic {nic} -o -"],
                                   capture_output=True, check=True, env={**os.environ, "TZ": "UTC-5"})
            assert hashlib.sha256(again.stdout).hexdigest() == first, nic


@test
def others_read_it():
    with tmpdir() as d:
        iso = build(d, "rtl8139")
        names = output("bsdtar", "-tf", iso).split()
        for name in ("isolinux.bin", "ldlinux.c32", "isolinux.cfg", "rtl8139.bin", "ipxe.krn", "boot.ipxe"):
            assert "./" + name in names, names
        report = output("xorriso", "-indev", iso, "-report_el_torito", "plain", "-report_system_area", "plain")
        assert "El Torito boot img :   1  BIOS  y   none" in report, report
        assert "boot-info-table" in report, report
        assert "PXE_RUN_IPXE" in output("isoinfo", "-d", "-i", iso)
        assert "DEFAULT rtl8139" in output("isoinfo", "-R", "-i", iso, "-x", "/isolinux.cfg")
        script = output("isoinfo", "-R", "-i", iso, "-x", "/boot.ipxe")
        assert script.startswith("#!ipxe\n") and "rtl8139" in script
        program = subprocess.run(["isoinfo", "-R", "-i", str(iso), "-x", "/rtl8139.bin"],
                                 capture_output=True, check=True).stdout
        rom = next(p for p in (Path("/usr/lib/ipxe/qemu/pxe-rtl8139.rom"),
                               Path("/usr/share/qemu/pxe-rtl8139.rom")) if p.exists()).read_bytes()
        assert program[512:] == rom


def boot_alone(iso, device, *extra, seconds=40):
    """Boots the CD with QEMU's own user networking; returns what TFTP was asked for."""
    folder = iso.parent
    (folder / "tftp").mkdir(exist_ok=True)
    (folder / "tftp/hello").write_bytes(b"#!ipxe\necho it works\nreboot\n")
    command = ["qemu-system-x86_64", "-nodefaults", "-accel", "tcg", "-display", "none", "-m", "256",
               "-device", "VGA", "-cdrom", str(iso), "-no-reboot",
               "-netdev", f"user,id=n,restrict=on,tftp={folder}/tftp,bootfile=hello",
               "-object", f"filter-dump,id=d,netdev=n,file={folder}/dump",
               "-device", f"{device},netdev=n,romfile=", *extra]
    subprocess.run(command, check=True, timeout=seconds, stdin=subprocess.DEVNULL)
    return (folder / "dump").read_bytes()


@test
def boots_without_pxe_run():
    """The script that TFTP delivers reboots the machine, so that QEMU ends (-no-reboot)."""
    with tmpdir() as d:
        assert b"hello\0octet" in boot_alone(build(d, "rtl8139"), "rtl8139")


@test
def the_other_label_boots_any_card():
    """isolinux told to boot `any` (iPXE with all drivers and the script), on another card."""
    with tmpdir() as d:
        iso = build(d, "rtl8139")
        subprocess.run(["xorriso", "-osirrox", "on", "-indev", str(iso), "-extract", "/", str(d / "x")],
                       check=True, capture_output=True)
        config = (d / "x/isolinux.cfg")
        config.chmod(0o644)
        config.write_text(config.read_text().replace("DEFAULT rtl8139", "DEFAULT any"))
        for path in (d / "x").iterdir():
            path.chmod(0o644)
        subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-R", "-b", "isolinux.bin", "-c", "boot.cat",
                        "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "-m", "boot.cat",
                        "-o", str(d / "any.iso"), str(d / "x")], check=True, capture_output=True)
        assert b"hello\0octet" in boot_alone(d / "any.iso", "e1000")
        assert b"hello\0octet" in boot_alone(d / "any.iso", "rtl8139")


if __name__ == "__main__":
    main()
