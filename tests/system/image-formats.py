#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Images that are no plain ISO: a memstick with a UFS, and what is packed with xz and gzip."""
import gzip
import lzma
import os
import random
import signal
import stat
import struct
import subprocess
import time
import uuid
import zlib

from doubles import boot, check_modules, make_tree
from harness import main, make_iso, run, start, test, tmpdir, write_tree

SECTOR = 512
FREEBSD_UFS = uuid.UUID("516e7cb6-6ecf-11d6-8ff8-00022d09712b").bytes_le
EFI = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b").bytes_le


def gpt_disk(partitions):
    """A disk image with a protective MBR and a GPT; @partitions: (type, contents) of each."""
    first, entries, contents = 64, b"", b""
    for kind, data in partitions:
        data += bytes(-len(data) % (64 * SECTOR))
        n = len(data) // SECTOR
        entries += kind + bytes(15) + b"\1" + struct.pack("<QQQ", first, first + n - 1, 0) + bytes(72)
        first, contents = first + n, contents + data
    entries += bytes(128 * 128 - len(entries))
    mbr = bytes(446) + struct.pack("<8BII", 0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 1, first) + bytes(48) + b"\x55\xaa"

    def header(checksum):
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, checksum, 0, 1, first, 64, first - 1,
                           bytes(16), 2, 128, 128, zlib.crc32(entries))

    table = header(zlib.crc32(header(0)))
    return (mbr + table + bytes(SECTOR - len(table)) + entries).ljust(64 * SECTOR, b"\0") + contents + bytes(SECTOR)


def make_memstick(tree, image):
    """What FreeBSD's memstick images are: boot code, an EFI partition, and one UFS2 with all that the ISO has."""
    ufs = image.with_suffix(".ufs")
    subprocess.run(["makefs", "-t", "ffs", "-o", "version=2,density=2048", "-M", "8m",
                    str(ufs), str(tree)], check=True, stdout=subprocess.DEVNULL)
    image.write_bytes(gpt_disk([(EFI, bytes(32768)), (EFI, bytes(1000)), (FREEBSD_UFS, ufs.read_bytes())]))
    ufs.unlink()
    return image


def env_of(folder):
    """With a cache and a directory for temporary files of the test's own."""
    (folder / "cache").mkdir(exist_ok=True)
    (folder / "tmp").mkdir(exist_ok=True)
    return {"XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder / "tmp")}


def files_below(folder):
    """All files, by path."""
    return sorted(p for p in folder.rglob("*") if p.is_file())


def check_boot(folder, image, tree):
    """Boots it, and checks what the loader has brought."""
    os.environ.update(env_of(folder))
    result = boot("--image", image)
    result.expect(0, "KERNEL DOUBLE")
    check_modules(tree, result.stdout)
    return result


@test
def memstick_boots():
    with tmpdir() as d:
        tree, _ = make_tree(d, "gen10")
        stick = make_memstick(tree, d / "memstick.img")
        run("inspect", stick).expect(0, "format        UFS2 in GPT partition p3")
        before = stick.read_bytes()
        check_boot(d, stick, tree)
        assert stick.read_bytes() == before
        assert not files_below(d / "cache")


@test
def packed_images_boot():
    with tmpdir() as d:
        tree, iso = make_tree(d, "gen10")
        stick = make_memstick(tree, d / "memstick.img")
        for source, name, pack in ((iso, "a.iso.xz", lzma.compress), (iso, "a.gz", gzip.compress),
                                   (stick, "memstick.img.xz", lzma.compress)):
            image = d / name
            image.write_bytes(pack(source.read_bytes()))
            first = check_boot(d, image, tree)
            assert f"unpack   {name}" in first.stderr, first.stderr
            second = check_boot(d, image, tree)
            assert "unpack " not in second.stderr, second.stderr
        assert len(files_below(d / "cache")) == 3
        assert not files_below(d / "tmp")


def packed_iso(folder):
    """An ISO that has a boot program and is packed with xz."""
    write_tree(folder / "tree", {"boot/pxeboot": b"FreeBSD/x86 bootstrap loader" * 100,
                                 "data": random.Random(1).randbytes(1 << 20)})
    make_iso(folder / "tree", folder / "plain.iso")
    packed = folder / "packed"
    packed.write_bytes(lzma.compress((folder / "plain.iso").read_bytes()))
    return packed


@test
def every_command_takes_packed_images():
    with tmpdir() as d:
        image, env = packed_iso(d), env_of(d)
        first = run("inspect", image, env=env).expect(0, "format        ISO 9660, packed with xz")
        assert "unpack   packed, " in first.stderr, first.stderr
        assert run("inspect", "--json", image, env=env).expect(0, '"ISO 9660, packed with xz"').stderr == ""
        run("--dry-run", "--iso", image, env=env).expect(0, "qemu-system")
        serve = start("serve", "--no-cache", image, env={**os.environ, **env})
        assert b"portmapper" in serve.stdout.readline()
        serve.send_signal(signal.SIGTERM)
        assert serve.wait(20) == 128 + signal.SIGTERM
        assert len(files_below(d / "cache")) == 1
        assert run("inspect", "--quiet", "--no-cache", image, env=env).expect(0).stderr == ""
        assert not files_below(d / "tmp")


@test
def cache_that_cannot_be_written():
    with tmpdir() as d:
        image, env = packed_iso(d), env_of(d)
        if os.geteuid() == 0:
            return  # may write everywhere
        (d / "cache").chmod(stat.S_IRUSR | stat.S_IXUSR)
        for _ in range(2):
            first = run("inspect", image, env=env).expect(0, "packed with xz")
            assert "unpack" in first.stderr
        (d / "tmp").chmod(stat.S_IRUSR | stat.S_IXUSR)
        run("inspect", image, env=env).expect_one_line(4, f"no file can be made in {d}/tmp (TMPDIR)")
        (d / "cache").chmod(stat.S_IRWXU)
        run("inspect", image, env=env).expect(0)
        assert not files_below(d / "tmp")


@test
def no_room():
    """A limit on the size of files is met as a full disk is."""
    with tmpdir() as d:
        image, env = packed_iso(d), env_of(d)
        for option, place in (("--quiet", "in the cache"), ("--no-cache", f"in {d}/tmp (TMPDIR)")):
            done = subprocess.run(["prlimit", "--fsize=500000", os.environ["PXE_RUN"], "inspect", option, image],
                                  env={**os.environ, **env}, capture_output=True, text=True, check=False)
            assert done.returncode == 4, done
            assert "File too large after" in done.stderr and place in done.stderr, done.stderr
            assert len(done.stderr.splitlines()) == 1, done.stderr
        assert not files_below(d / "cache") and not files_below(d / "tmp")


def endless_gzip(path):
    """Zeros that take some ten seconds to unpack: a member again and again."""
    member = gzip.compress(bytes(64 << 20))
    path.write_bytes(member * 400)
    return path


@test
def signals_end_it():
    with tmpdir() as d:
        image = endless_gzip(d / "large.gz")
        for number, option in ((signal.SIGINT, "--quiet"), (signal.SIGTERM, "--no-cache"), (signal.SIGHUP, "--quiet"),
                               (signal.SIGKILL, "--quiet"), (signal.SIGKILL, "--no-cache")):
            run_ = start("inspect", option, image, env={**os.environ, **env_of(d)})
            time_limit = time.monotonic() + 20
            target = f"{d}/"
            while not any(link.startswith(target) and "large" not in link for link in open_files(run_.pid)):
                assert time.monotonic() < time_limit and run_.poll() is None, run_.stderr.read()
            begin = time.monotonic()
            run_.send_signal(number)
            assert run_.wait(20) == -number
            assert time.monotonic() - begin < 2
            assert files_below(d) == [image], files_below(d)
            assert run_.stderr.read() == b""
        # Ignored, as by nohup, it is no end.
        small = packed_iso(d)
        done = subprocess.run(["sh", "-c", 'trap "" INT; "$@" & p=$!; kill -INT $p; wait $p', "sh",
                               os.environ["PXE_RUN"], "inspect", "--no-cache", small],
                              env={**os.environ, **env_of(d)}, capture_output=True, check=False)
        assert done.returncode == 0, done


def open_files(pid):
    """What the links to its open files say."""
    found = []
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            found.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
    except OSError:
        pass  # it changes under us
    return found


@test
def bar_on_a_terminal():
    """A line that changes in place, and is not left half there by Ctrl-C."""
    with tmpdir() as d:
        image = endless_gzip(d / "large.gz")
        log = d / "typescript"
        command = f"exec '{os.environ['PXE_RUN']}' inspect --no-cache '{image}'"
        run_ = subprocess.Popen(["script", "-qec", command, str(log)], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**os.environ, **env_of(d), "TERM": "xterm"})
        time_limit = time.monotonic() + 20
        seen = b""
        while seen.count(b"unpack") < 3:
            assert time.monotonic() < time_limit
            seen += os.read(run_.stdout.fileno(), 4096)
        run_.stdin.write(b"\3")
        run_.stdin.flush()
        seen += run_.stdout.read()
        assert run_.wait(20) == 128 + signal.SIGINT
        assert b"large.gz [" in seen and seen.rstrip(b"\r\n^C").endswith(b"\r\x1b[K"), seen


if __name__ == "__main__":
    main()
