#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever a user gets wrong: one line that says what, where and what to do, and the documented status."""
import gzip
import lzma
import os
import resource
import stat
import subprocess
import zlib

from harness import PXE_RUN, Result, main, make_iso, run, start, test, tmpdir, write_tree

USAGE, MEDIUM, HOST, QEMU = 2, 3, 4, 5

# Enough for a medium to be taken for one that can boot.
BOOTABLE = {"boot/pxeboot": b"FreeBSD/x86 bootstrap loader" * 100}


def bootable_iso(folder, **extra):
    """An ISO that is good as far as pxe-run can tell before QEMU starts."""
    write_tree(folder / "tree", {**BOOTABLE, **extra})
    return make_iso(folder / "tree", folder / "good.iso")


@test
def changes_errors():
    """Files of the user's that are not there, or do not fit to the medium."""
    with tmpdir() as d:
        iso = bootable_iso(d)
        write_tree(d, {"text": "hello\n", "over/a": "a", "over.mtree": "./a mode=0999\n", "x.ko": "no module"})
        for args, text in (
                (["--overlay", d / "none"], "cannot open directory"),
                (["--overlay", d / "text"], "cannot open directory"),
                (["--overlay", d / "over"], "over.mtree' line 1: 'mode=0999': mode is an octal number"),
                (["--file", f"/etc/motd={d / 'none'}"], "as the guest's '/etc/motd': No such file or directory"),
                (["--file", f"/etc/motd={d}"], "is a directory: use --overlay for one"),
                (["--file", f"/boot={d / 'text'}"], "that is a directory on the medium"),
                (["--init", d / "none"], "No such file or directory"),
                (["--init", d / "text"], "neither an ELF program nor a script"),
                (["--kernel", d / "text"], "is no kernel: neither an ELF file nor a compressed one"),
                (["--kernel", d / "none"], "No such file or directory"),
                (["--module", d / "x.ko"], "is no kernel module"),
                (["--installerconfig", d / "text"], "there is no bsdinstall in the root that boots"),
                (["--install-cfg", d / "text"], "there is no memory disk with sysinstall")):
            run("inspect", iso, *args).expect_one_line(MEDIUM, text)
        other = d / "other"
        write_tree(other, {"boot/pxeboot": "not FreeBSD's"})
        run("inspect", "--root", other, "--kernel", d / "text").expect_one_line(
            MEDIUM, f"--kernel '{d / 'text'}': would have no effect, since the boot program 'boot/pxeboot' is not")


@test
def usage_errors():
    with tmpdir() as d:
        iso = bootable_iso(d)
        for args, text in (
                ([], "which medium?"),
                (["--no-such-option"], "--no-such-option"),
                (["--iso", iso, "--root", d], "--image and --root"),
                ([iso, iso], "there is one image already"),
                (["--iso", iso, "--nic", "ne3000"], "rtl8139, e1000"),
                (["--iso", iso, "--pxe-stack", "pxelinux"], "auto, ipxe, own"),
                (["--iso", iso, "--pxe-stack", "own", "--nic", "ne2k_pci"], "no driver for the NIC ne2k_pci"),
                (["--iso", iso, "--mac", "52:54:00:12:34"], "--mac '52:54:00:12:34'"),
                (["--iso", iso, "--mac", "53:54:00:12:34:56"], "group address"),
                (["--iso", iso, "--net", "bridge"], "restricted, user"),
                (["--iso", iso, "--net-address", "192.168.64.0"], "NETWORK/PREFIX"),
                (["--iso", iso, "--net-address", "192.168.64.0/33"], "prefix of 8 to 26"),
                (["--iso", iso, "--net-address", "192.168.64.1/24"], "must be a network"),
                (["--iso", iso, "--net-address", "host/24"], "no IPv4 address"),
                (["--iso", iso, "--net-address", "127.0.0.0/8"], "not a network that hosts"),
                (["--iso", iso, "--memory", "lots"], "megabytes"),
                (["--iso", iso, "--memory", "1"], "megabytes"),
                (["--iso", iso, "--cpus", "1000"], "--cpus '1000'"),
                (["--iso", iso, "--cpus", "two"], "--cpus 'two': want 1 to 64"),
                (["--iso", iso, "--accel", "warp"], "auto, kvm, tcg"),
                (["--iso", iso, "--display", "hologram"], "auto, window, text, none"),
                (["--iso", iso, "--boot", "floppy"], "iso, rom"),
                (["--iso", iso, "--expect", "("], "--expect '('"),
                (["--iso", iso, "--expect", ""], "--expect"),
                (["--iso", iso, "--timeout", "-1"], "--timeout '-1'"),
                (["--iso", iso, "--timeout", "soon"], "--timeout 'soon': want seconds"),
                (["--iso", iso, "--log", "tftp:loud"], "--log 'tftp:loud'"),
                (["--iso", iso, "--bootfile", "x" * 128], "--bootfile"),
                (["inspect", iso, "--", "-m", "1"], "inspect starts no QEMU"),
                (["inspect", iso, "--log", "tftp:loud"], "--log 'tftp:loud'"),
                (["ipxe-iso", "-o", "/dev/null", "--log", "loud"], "--log 'loud'"),
                (["--iso", iso, "--dry-run=no"], "--dry-run takes no argument"),
                (["--image", iso, "--no-cache=yes"], "--no-cache takes no argument"),
                (["--image", iso, "--root", d], "--image and --root"),
                (["ipxe-iso", "--image", iso], "--image"),
                (["--iso", iso, "--nic", "a\nb\033[31m"], "'a\\x0ab\\x1b[31m'"),
                (["--iso", iso, "--", "-daemonize"], "cannot outlive"),
                (["--iso", iso, "--root-kind", "disk"], "--root-kind 'disk': use one of auto, mfsroot, nfs"),
                (["--iso", iso, "--file", "etc/motd"], "want GUEST=HOST"),
                (["--iso", iso, "--file", "../motd=x"], "want GUEST=HOST"),
                (["--iso", iso, "--file", "etc/motd="], "want GUEST=HOST"),
                (["--iso", iso, "--file", "/=x"], "want GUEST=HOST"),
                (["--iso", iso, "--loader-conf", "a b=1"], "a name begins with a letter"),
                (["--iso", iso, "--loader-conf", 'a="'], "without double quotes"),
                (["--iso", iso, "--loader-conf", "console"], "want NAME=VALUE"),
                (["--iso", iso, "--module", "if_re"], "want a file called NAME.ko"),
                (["serve", iso, "--file", "x"], "want GUEST=HOST"),
                (["mfsroot", "--from", d, "-o", "/dev/null", "--file", "x"], "want GUEST=HOST"),
                (["ipxe-iso"], "-o FILE"),
                (["mfsroot"], "give one of --from FILE|DIR, --list FILE, --extract FILE"),
                (["mfsroot", "--from", d, "--list", d], "give one of"),
                (["mfsroot", "--from", d], "-o FILE"),
                (["mfsroot", "--from", d, "-o", "/dev/null", "--size", "lots"], "--size 'lots': want"),
                (["mfsroot", "--from", d, "-o", "/dev/null", "--size", "3G"], "--size '3G': want up to 2048M"),
                (["mfsroot", "--from", d, "-o", "/dev/null", "--size", "99999999999999999999G"], "--size"),
                (["mfsroot", "--from", d, "-o", "/dev/null", "--size", "8MB"], "--size '8MB'"),
                (["mfsroot", "--from", d, "-o", "/dev/null", "--ufs", "3"], "--ufs '3': want 1 or 2"),
                (["mfsroot", "--from", d, "-o", "/dev/null", "--size", "64K", "--no-cache"], "needs at least"),
                (["mfsroot", "--extract", d], "give -C DIR"),
                (["mfsroot", "--extract", d, "-C", d], "is not empty"),
                (["mfsroot", "--from", d, "-o", "/dev/null", "--no-cache=no"], "--no-cache takes no argument"),
                (["ipxe-iso", "--nic", "x", "-o", "/dev/null"], "unknown NIC 'x'"),
                (["layout", "-o", d / "new"], "which medium?"),
                (["layout", iso], "layout: writes a directory: give -o DIR"),
                (["layout", iso, "-o", "-"], "give -o DIR"),
                (["layout", iso, "-o", d], "is not empty"),
                (["layout", iso, "-o", d / "a b"], "can name only paths of"),
                (["layout", iso, "-o", "/" + "x" * 120], "the path is too long"),
                (["layout", iso, "-o", d / "new", "--server", "pxe"], "--server 'pxe': want an IPv4 address"),
                (["layout", iso, "-o", d / "new", "--server", "10.0.0.1"], "is no host of 192.168.64.0/24"),
                (["layout", iso, "-o", d / "new", "--server", "192.168.64.255"], "is no host of"),
                (["layout", iso, "-o", d / "new", "--pxe-stack", "own"], "--pxe-stack"),
                (["layout", "--root", d / "tree", "-o", d / "tree" / "new"], "in the tree of --root itself"),
        ):
            run(*args).expect_one_line(USAGE, text)


def greedy_xz():
    """An xz file whose block asks for a dictionary of 4 GiB; to make a real one would take ten times that."""
    data = bytearray(lzma.compress(b"x"))
    end = 12 + (data[12] + 1) * 4  # of the block header
    assert data[14:16] == b"\x21\1"  # LZMA2, one byte of properties
    data[16] = 40
    data[end - 4:end] = zlib.crc32(data[12:end - 4]).to_bytes(4, "little")
    return bytes(data)


@test
def media_that_cannot_boot():
    with tmpdir() as d:
        good = bootable_iso(d)
        write_tree(d / "empty", {"README": "no loader here"})
        make_iso(d / "empty", d / "no-loader.iso")
        write_tree(d, {"empty.iso": b"", "text.iso": "hello\n" * 10000,
                       "packed.iso.xz": b"\xfd7zXZ\0" + b"x" * 100000,
                       "cut.iso.xz": lzma.compress(good.read_bytes())[:-40],
                       "cut.iso.gz": gzip.compress(good.read_bytes())[:-40],
                       "text.xz": lzma.compress(b"hello\n" * 100), "empty.gz": gzip.compress(b""),
                       "greedy.xz": greedy_xz(),
                       "zeros.iso": bytes(100000), "page.iso": "<!DOCTYPE html><html>"})
        (d / "secret.iso").write_bytes(good.read_bytes())
        (d / "secret.iso").chmod(0)
        for args, text in (
                (["--iso", d / "missing.iso"], "No such file"),
                (["--iso", d / "empty.iso"], "the file is empty"),
                (["--iso", d / "text.iso"], "no ISO 9660 image, and neither it nor a FreeBSD partition in it is a UFS"),
                (["--iso", d / "zeros.iso"], "no ISO 9660 image"),
                (["--iso", d / "page.iso"], "web page"),
                (["--image", d / "packed.iso.xz"], "packed.iso.xz': it is damaged"),
                (["--image", d / "cut.iso.xz"], "cut.iso.xz': it is cut short"),
                (["serve", d / "cut.iso.gz"], "cut.iso.gz': it is cut short"),
                (["inspect", d / "text.xz"], "no ISO 9660 image"),
                (["--image", d / "empty.gz"], "no ISO 9660 image"),
                (["inspect", "--no-cache", d / "greedy.xz"], "takes too much memory"),
                (["--iso", d], "use --root"),
                (["--iso", "/dev/null"], "not a regular file"),
                (["--iso", d / "no-loader.iso"], "there is no /boot/pxeboot"),
                (["--iso", good, "--bootfile", "boot/other"], "boot/other"),
                (["--root", d / "missing"], "No such file"),
                (["--root", good], "Not a directory"),
                (["--root", d / "empty"], "there is no /boot/pxeboot"),
                (["inspect", d / "no-loader.iso"], "there is no /boot/pxeboot"),
                (["inspect", d / "missing.iso"], "No such file"),
        ):
            run(*args, env={"XDG_CACHE_HOME": str(d)}).expect_one_line(MEDIUM, text)
        if os.geteuid() != 0:
            run("--iso", d / "secret.iso").expect_one_line(MEDIUM, "Permission denied")


@test
def truncated_image_at_every_kind_of_place():
    with tmpdir() as d:
        iso = bootable_iso(d, **{"boot/kernel/kernel": os.urandom(300000)})
        whole = iso.read_bytes()
        cut = d / "cut.iso"
        last = len(whole) - 150 * 2048  # xorriso pads an image with 150 blocks
        for size in [0, 1, 32767, 32768, 33000, 34816, 36864, 40960, *range(45056, last, 8192), last - 2048]:
            cut.write_bytes(whole[:size])
            run("--iso", cut).expect_one_line(MEDIUM, str(cut))


@test
def host_without_qemu():
    with tmpdir() as d:
        iso = bootable_iso(d)
        run("--iso", iso, "--qemu", d / "qemu").expect_one_line(HOST, "qemu-system-x86")
        run("--iso", iso, env={"PATH": str(d)}).expect_one_line(HOST, "qemu-system-x86")


def fake_qemu(path, script):
    """A program that is not quite QEMU."""
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@test
def qemu_that_does_not_do():
    with tmpdir() as d:
        iso = bootable_iso(d)
        old = fake_qemu(d / "old", 'case $1 in --version) echo "QEMU emulator version 6.2.0";; '
                                   '*) echo "invalid option" >&2; exit 1;; esac\n')
        run("--iso", iso, "--qemu", old, "-q").expect_one_line(HOST, "QEMU 6.2", "7.2 or later")
        other = fake_qemu(d / "other", "exit 0\n")
        run("--iso", iso, "--qemu", other, "--expect", "x", "-q").expect_one_line(HOST, "is no QEMU")
        other = fake_qemu(d / "other", "exit 3\n")
        run("--iso", iso, "--qemu", other, "-q").expect_one_line(HOST, "is no QEMU")
        crash = fake_qemu(d / "crash", 'case $1 in --version) echo "QEMU emulator version 8.0";; '
                                       '*) kill -SEGV $$;; esac\n')
        run("--iso", iso, "--qemu", crash, "-q").expect_one_line(QEMU, "signal 11")
        run("--iso", iso, "-q", "--", "-no-such-option").expect_one_line(QEMU, "no-such-option")


@test
def firmware_that_is_missing():
    with tmpdir() as d:
        iso = bootable_iso(d)
        (d / "fw").mkdir()
        for name, package in (("isolinux.bin", "isolinux"), ("ldlinux.c32", "syslinux-common"),
                              ("ipxe.lkrn", "ipxe"), ("pxe-rtl8139.rom", "ipxe-qemu")):
            run("--iso", iso, "--firmware-path", d / "fw").expect_one_line(HOST, name, package)
            run("ipxe-iso", "-o", d / "x.iso", "--firmware-path", d / "fw").expect_one_line(HOST, name)
            (d / "fw" / name).write_bytes(b"\x55\xaa" + bytes(1022))
        run("--iso", iso, "--boot", "rom", "--nic", "e1000",
            "--firmware-path", d / "fw").expect_one_line(HOST, "pxe-e1000.rom", "ipxe-qemu")


def run_limited(limit, *args):
    """Runs pxe-run with a resource limit."""
    done = subprocess.run([PXE_RUN, *map(str, args)], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=60,
                          preexec_fn=lambda: resource.setrlimit(*limit))
    return Result(done.returncode, done.stdout, done.stderr, 0)


@test
def no_room():
    """There is no work directory that could fill up; what can is memory, and what the user writes to."""
    with tmpdir() as d:
        iso = bootable_iso(d)
        limit = (resource.RLIMIT_FSIZE, (100000, 100000))
        run_limited(limit, "--iso", iso, "-q").expect_one_line(HOST, "no memory for the iPXE ISO")
        run_limited((resource.RLIMIT_NOFILE, (12, 12)), "--iso", iso, "-q").expect_one_line(HOST)
        run("ipxe-iso", "-o", d / "no" / "such" / "dir.iso").expect_one_line(HOST, "cannot write")
        run("ipxe-iso", "-o", "/dev/full").expect_one_line(HOST, "/dev/full")
        run("--iso", iso, "--pcap", d / "no" / "such.pcap", "-q").expect_one_line(HOST, "such.pcap")
        run("--iso", iso, "--pcap", "/dev/full", "-q", "--expect", "ISOLINUX", "--timeout", "30"
            ).expect_one_line(HOST, "/dev/full", "No space")


@test
def kvm_that_does_not_work():
    if os.access("/dev/kvm", os.R_OK | os.W_OK):
        return  # whether it works is the host's business; test-accel looks at it
    with tmpdir() as d:
        run("--iso", bootable_iso(d), "--accel", "kvm").expect_one_line(HOST, "/dev/kvm")


@test
def errors_come_before_qemu_starts():
    with tmpdir() as d:
        started = d / "started"
        qemu = fake_qemu(d / "qemu", f"touch {started}\nexit 1\n")
        write_tree(d / "empty", {"README": "no loader here"})
        make_iso(d / "empty", d / "bad.iso")
        for args in (["--iso", d / "bad.iso"], ["--iso", d / "missing"], ["--root", d / "empty"],
                     ["--iso", bootable_iso(d), "--nic", "nix"],
                     ["--iso", d / "good.iso", "--firmware-path", d]):
            result = run(*args, "--qemu", qemu)
            assert result.status in (USAGE, MEDIUM, HOST) and not started.exists(), args
        start("--iso", d / "good.iso", "--qemu", qemu).communicate()
        assert started.exists()


if __name__ == "__main__":
    main()
