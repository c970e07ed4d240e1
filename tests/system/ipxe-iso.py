#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The iPXE CD: what is on it as others read it, and that it boots by itself, outside pxe-run."""
import os
import re
import subprocess
from pathlib import Path

from harness import PXE_RUN, main, run, test, tmpdir

NICS = ("rtl8139", "e1000", "e1000e", "virtio", "pcnet", "ne2k_pci", "i82559er", "vmxnet3")

# What differs from pxe-run's name: QEMU's device, the name of the ROM's file, iPXE's name of the chip.
DEVICES = {"virtio": "virtio-net-pci"}
ROMS = {**{nic: nic for nic in NICS}, "i82559er": "eepro100"}
CHIPS = {"e1000": "82540em", "e1000e": "82574l", "virtio": "virtio-net", "pcnet": "pcnet32",
         "ne2k_pci": "ns8390", "i82559er": "eepro100"}

FIRMWARE = ("/usr/lib/ipxe/qemu", "/usr/share/qemu", "/usr/lib/ipxe", "/usr/lib/ISOLINUX",
            "/usr/lib/syslinux/modules/bios")


def build(folder, nic):
    """Builds the CD for one NIC."""
    iso = folder / f"{nic}.iso"
    run("ipxe-iso", "--nic", nic, "-o", iso).expect(0)
    return iso


def output(*command):
    """Standard output of a command."""
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout


def firmware_elsewhere(folder):
    """Copies of all that is on the CDs, in one new folder and with new dates."""
    folder.mkdir()
    names = [*(f"pxe-{rom}.rom" for rom in ROMS.values()), "isolinux.bin", "ldlinux.c32", "ipxe.lkrn"]
    for name in names:
        found = next(path for path in (Path(d) / name for d in FIRMWARE) if path.exists())
        (folder / name).write_bytes(found.read_bytes())
    return folder


def variations(folder):
    """Surroundings that must make no difference: environment, umask, directory, where the files lie."""
    firmware = firmware_elsewhere(folder / "firmware")
    there = folder / "x y"
    there.mkdir()
    return (
        ({"TZ": "UTC-5", "LC_ALL": "C", "LANG": "", "USER": "somebody", "HOME": "/nonexistent"}, 0o077, "/", []),
        ({"TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "LANGUAGE": "de", "SOURCE_DATE_EPOCH": "1"}, 0, there, []),
        ({}, 0o022, folder, ["--firmware-path", str(firmware)]),
    )


@test
def same_bytes_every_time():
    with tmpdir() as d:
        others = variations(d)
        for nic in NICS:
            first = build(d, nic).read_bytes()
            for environment, umask, directory, options in others:
                again = subprocess.run([PXE_RUN, "ipxe-iso", "--nic", nic, "-o", "-", *options], check=True,
                                       capture_output=True, umask=umask, cwd=directory,
                                       env={**os.environ, **environment})
                assert again.stdout == first, (nic, environment, options)


@test
def nobody_and_no_date_is_in_it():
    """Whoever makes it, and whenever: so that two people get the same."""
    with tmpdir() as d:
        lines = output("isoinfo", "-R", "-l", "-i", build(d, "rtl8139")).splitlines()
        entries = [line.split() for line in lines if re.match(r"[d-]r", line)]
        assert len(entries) > 6, lines
        assert {tuple(e[2:4]) for e in entries} == {("0", "0")}, lines
        assert {tuple(e[5:8]) for e in entries} == {("Feb", "27", "2008")}, lines
        description = output("isoinfo", "-d", "-i", d / "rtl8139.iso")
        assert "PXE_RUN_IPXE" in description and os.environ.get("USER", "root") not in description


@test
def others_read_it():
    with tmpdir() as d:
        for nic in NICS:
            check_read_by_others(build(d, nic), nic)


def check_read_by_others(iso, nic):
    """What bsdtar, xorriso and isoinfo find on a CD."""
    assert set(output("bsdtar", "-tf", iso).split()) >= {
        "./" + name for name in ("isolinux.bin", "ldlinux.c32", "isolinux.cfg", f"{nic}.bin", "ipxe.krn",
                                 "boot.ipxe")}, nic
    report = output("xorriso", "-indev", iso, "-report_el_torito", "plain", "-report_system_area", "plain")
    assert "El Torito boot img :   1  BIOS  y   none" in report, report
    assert "boot-info-table" in report, report
    assert f"DEFAULT {nic}\n" in read(iso, "isolinux.cfg").decode()
    script = read(iso, "boot.ipxe").decode()
    assert script.startswith("#!ipxe\n") and f"iseq ${{net${{n}}/chip}} {CHIPS.get(nic, nic)} " in script, script
    rom = next(path for path in (Path(d) / f"pxe-{ROMS[nic]}.rom" for d in FIRMWARE) if path.exists())
    assert read(iso, f"{nic}.bin")[512:] == rom.read_bytes()


def read(iso, name):
    """A file of a CD, as isoinfo reads it."""
    return subprocess.run(["isoinfo", "-R", "-i", str(iso), "-x", "/" + name], capture_output=True,
                          check=True).stdout


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
        for nic in NICS:
            assert b"hello\0octet" in boot_alone(build(d, nic), DEVICES.get(nic, nic)), nic


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
