#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pxe-run mfsroot: builds, lists and unpacks, keeps for the next run, and leaves nothing when it is killed."""
import gzip
import json
import lzma
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from harness import PXE_RUN, main, make_iso, run, test, tmpdir, write_tree

USAGE, MEDIUM, HOST = 2, 3, 4
LABEL_AT = 512

SPEC = """#mtree
. type=dir uid=0 gid=0 mode=0755 time=1204070400.0
./stand type=dir uid=0 gid=0 mode=0755 time=1204070400.0
./stand/sysinstall type=file uid=0 gid=0 mode=04555 time=1204070400.0
./stand/sh type=file uid=0 gid=0 mode=04555 time=1204070400.0
./etc type=dir uid=0 gid=5 mode=01755 time=1204070400.0
./etc/rc type=file uid=3 gid=4 mode=0640 time=1204070400.0
./dev type=dir uid=0 gid=0 mode=0555 time=1204070400.0
./dev/console type=char uid=0 gid=0 mode=0600 time=1204070400.0 device=0x0000
./dev/md0 type=block uid=0 gid=5 mode=0640 time=1204070400.0 device=0x5f00
./tmp type=link uid=0 gid=0 mode=0755 time=1204070400.0 link=var/tmp
"""


def mfsroot(*args, folder, **options):
    """Runs pxe-run mfsroot with a cache of the test's own."""
    env = {"XDG_CACHE_HOME": str(folder / "cache"), **options.pop("env", {})}
    return run("mfsroot", *args, env=env, **options)


def make_70(folder, extra=None):
    """An image like FreeBSD 7.0's: UFS1, 4320 KiB, no space kept back. Not ours: makefs makes it."""
    tree = folder / "tree"
    write_tree(tree, {"stand/sysinstall": b"\x7fELF" + os.urandom(1 << 20), "etc/rc": "#!/bin/sh\n",
                      **(extra or {})})
    os.link(tree / "stand/sysinstall", tree / "stand/sh")
    os.symlink("var/tmp", tree / "tmp")
    (folder / "spec").write_text(SPEC)
    image = folder / "mfsroot"
    subprocess.run(["makefs", "-t", "ffs", "-o", "version=1,density=8000,minfree=0,optimization=space",
                    "-s", "4320k", "-F", folder / "spec", image, tree], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return image


def listing(image, folder):
    """{path: object} of an image, as JSON has it, without what depends on the image."""
    files = json.loads(mfsroot("--list", image, "--json", folder=folder).expect(0).stdout)["files"]
    for file in files:
        file.pop("same_as", None)
        if file["type"] == "dir":
            file.pop("size")
    return {file["path"]: file for file in files}


@test
def rebuilds_an_image():
    with tmpdir() as d:
        old = make_70(d)
        mfsroot("--from", old, "-o", d / "new", "--size", "6M", folder=d).expect(0)
        assert (d / "new").stat().st_size == 6 << 20
        assert listing(old, d) == listing(d / "new", d)
        files = listing(d / "new", d)
        assert files["./stand/sh"]["nlink"] == 2 and files["./stand/sh"]["mode"] == 0o4555
        assert (files["./dev/md0"]["major"], files["./dev/md0"]["minor"]) == (0x5f, 0)
        text = mfsroot("--list", d / "new", folder=d).expect(0).stdout
        assert "-r-sr-xr-x   2     0     0    1048580 2008-02-27 00:00:00 ./stand/sh\n" in text, text
        assert "./tmp -> var/tmp\n" in text and "brw-r-----   1     0     5    95,   0 " in text, text


@test
def from_an_iso_compressed_and_twice():
    """The medium's own memory disk; gunzip, which is not ours, reads what comes out."""
    with tmpdir() as d:
        old = make_70(d)
        write_tree(d / "medium", {"boot/mfsroot.gz": gzip.compress(old.read_bytes()),
                                  "boot/pxeboot": b"FreeBSD/x86 bootstrap loader" * 100})
        iso = make_iso(d / "medium", d / "x.iso")
        time.sleep(0.2)  # what was written just now is not kept
        mfsroot("--from", iso, "-o", d / "1.gz", folder=d).expect(0)
        kept = list((d / "cache/pxe-run").iterdir())
        assert len(kept) == 1 and kept[0].name.endswith(".mfsroot.gz"), kept
        mfsroot("--from", iso, "-o", d / "2.gz", folder=d).expect(0)
        mfsroot("--from", iso, "-o", d / "3.gz", "--no-cache", folder=d).expect(0)
        one, two, three = ((d / f"{n}.gz").read_bytes() for n in (1, 2, 3))
        assert one == two == three
        raw = subprocess.run(["gunzip", "-c", d / "1.gz"], check=True, capture_output=True).stdout
        (d / "raw").write_bytes(raw)
        (d / "raw.xz").write_bytes(lzma.compress(raw))
        assert listing(d / "raw", d) == listing(old, d) == listing(d / "1.gz", d) == listing(d / "raw.xz", d)
        out = subprocess.run([PXE_RUN, "mfsroot", "--from", iso, "-o", "-"], check=True, capture_output=True,
                             env={**os.environ, "XDG_CACHE_HOME": "/dev/null/cache"})
        assert out.stdout == raw


@test
def a_change_is_noticed():
    with tmpdir() as d:
        write_tree(d / "tree", {"a/file": b"one"})
        for text in (b"two", b"three", b"four!"):
            (d / "tree/a/file").write_bytes(text)  # the second time of the same size
            time.sleep(0.2)
            mfsroot("--from", d / "tree", "-o", d / "out", folder=d).expect(0)
            mfsroot("--from", d / "tree", "-o", d / "again", folder=d).expect(0)
            assert text in (d / "out").read_bytes() and text in (d / "again").read_bytes()
        assert len(list((d / "cache/pxe-run").iterdir())) == 3


@test
def keeps_a_label():
    with tmpdir() as d:
        old = make_70(d)
        label = bytearray(276)
        words = {0: 0x82564557, 40: 512, 60: 8640, 132: 0x82564557, 148: 8624, 152: 16, 180: 8640}
        for at, value in words.items():
            label[at:at + 4] = value.to_bytes(4, "little")
        label[138] = 8
        for at in range(0, 276, 2):
            if at != 136:
                label[136] ^= label[at]
                label[137] ^= label[at + 1]
        with open(old, "r+b") as file:
            file.write(b"boot code")
            file.seek(LABEL_AT)
            file.write(label)
        mfsroot("--from", old, "--size", "8M", "-o", d / "new", folder=d).expect(0)
        new = (d / "new").read_bytes()
        assert new.startswith(b"boot code")
        found = new[LABEL_AT:LABEL_AT + 276]
        sizes = [int.from_bytes(found[at:at + 4], "little") for at in (60, 148, 152, 180)]
        assert sizes == [16384, 16368, 16, 16384], sizes
        assert not any(a ^ b for a, b in [[sum_words(found), 0]])


def sum_words(label):
    """All words by exclusive or: zero when the checksum is right."""
    total = 0
    for at in range(0, len(label), 2):
        total ^= int.from_bytes(label[at:at + 2], "little")
    return total


@test
def unpacks():
    with tmpdir() as d:
        old = make_70(d)
        mfsroot("--extract", old, "-C", d / "out/", folder=d).expect(0)
        out = d / "out"
        assert os.stat(out / "stand/sh").st_ino == os.stat(out / "stand/sysinstall").st_ino
        assert (out / "stand/sh").stat().st_mode & 0o7777 == 0o555
        assert os.readlink(out / "tmp") == "var/tmp" and not (out / "dev/md0").exists()
        mtree = (d / "out.mtree").read_text()
        assert "./stand/sh type=file uid=0 gid=0 mode=04555 time=1204070400.000000000\n" in mtree, mtree
        assert "./dev/md0 type=block uid=0 gid=5 mode=0640 time=1204070400.000000000 device=freebsd,95,0\n" in mtree
        (out / "dev").chmod(0o755)
        mfsroot("--extract", old, "-C", out, folder=d).expect_one_line(USAGE, "is not empty")


@test
def what_cannot_be_used():
    with tmpdir() as d:
        old = make_70(d)
        packed = gzip.compress(old.read_bytes())
        bomb = gzip.compress(bytes(1 << 20)) * 2100  # of members, of 2 GiB and some more
        write_tree(d, {"cut.gz": packed[:-100], "bomb.gz": bomb, "text": "hello\n" * 1000, "empty": b"",
                       "zeros": bytes(1 << 20), "medium/README": "nothing"})
        plain = make_iso(d / "medium", d / "plain.iso")
        os.mkfifo(d / "fifo")
        for source, text in ((d / "missing", "No such file"), (d / "cut.gz", "it is cut short"),
                             (d / "text", "is a UFS"),
                             (d / "empty", "is a UFS"), (d / "zeros", "is a UFS"), (d / "fifo", "neither a file"),
                             (plain, "holds no memory disk")):
            for how in (["--from", source, "-o", d / "out"], ["--list", source],
                        ["--extract", source, "-C", d / "out"]):
                mfsroot(*how, folder=d).expect_one_line(MEDIUM, text)
            assert not (d / "out").exists()
        mfsroot("--list", d / "bomb.gz", folder=d).expect_one_line(MEDIUM, "more than 2048 MiB come out of it")


@test
def a_host_that_lacks_something():
    with tmpdir() as d:
        old = make_70(d)
        args = ["--from", old, "-o", d / "out", "--no-cache"]
        mfsroot(*args, folder=d, env={"PATH": "/nonexistent"}).expect_one_line(HOST, "package makefs")
        (d / "bin").mkdir()
        (d / "bin/makefs").write_text("#!/bin/sh\necho 'makefs: first' >&2; echo 'makefs: it hurts' >&2; exit 3\n")
        (d / "bin/makefs").chmod(0o755)
        mfsroot(*args, folder=d, env={"PATH": f"{d}/bin"}).expect_one_line(HOST, "write the image: it hurts")
        mfsroot("--from", old, "-o", d / "no/out", folder=d).expect_one_line(HOST, "No such file")
        mfsroot("--from", old, "-o", "/dev/full", folder=d).expect_one_line(HOST, "No space left")
        assert not (d / "out").exists()


@test
def a_file_is_replaced_as_a_whole():
    """Through a link, which stays one; and not at all when the new one cannot be made."""
    with tmpdir() as d:
        old = make_70(d)
        write_tree(d, {"target": "before"})
        os.symlink("target", d / "link")
        mfsroot("--from", old, "-o", d / "link", "--size", "1M", folder=d).expect_one_line(USAGE, "at least")
        assert (d / "target").read_text() == "before"
        mfsroot("--from", old, "-o", d / "link", folder=d).expect(0)
        assert (d / "link").is_symlink() and (d / "target").stat().st_size > 1 << 20
        assert {p.name for p in d.iterdir()} - {"cache"} == {"link", "mfsroot", "spec", "target"}


def kill_while_makefs_runs(folder, *prefix):
    """Kills pxe-run when makefs has started, and sees that makefs ends and nothing is left in TMPDIR."""
    (folder / "bin").mkdir()
    (folder / "tmp").mkdir()
    write_tree(folder / "many", {f"{n % 20}/{n}": b"x" for n in range(2000)})
    said = folder / "said"
    env = {**os.environ, "TMPDIR": str(folder / "tmp"), "PATH": f"{folder}/bin:{os.environ['PATH']}"}
    (folder / "bin/makefs").write_text(f"#!/bin/sh\nls -A {folder}/tmp > {said}.new; echo $$ >> {said}.new\n"
                                       f"mv {said}.new {said}; exec sleep 60\n")
    (folder / "bin/makefs").chmod(0o755)
    with subprocess.Popen([*prefix, PXE_RUN, "mfsroot", "--from", folder / "many", "-o", folder / "out",
                           "--no-cache"], env=env, stdin=subprocess.DEVNULL) as pxe_run:
        wait_for(said.exists, "makefs")
        *names, makefs = said.read_text().split()
        pxe_run.send_signal(signal.SIGKILL)
    wait_for(lambda: not Path(f"/proc/{makefs}").exists(), "the end of makefs")
    wait_for(lambda: not list((folder / "tmp").iterdir()), "an empty TMPDIR")
    assert not (folder / "out").exists()
    return names


def wait_for(condition, what):
    """Waits until @condition() is true."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.02)


NO_NAMESPACES = ("unshare", "--user", "--map-root-user", "sh", "-c",
                 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"', "sh")


@test
def kill_9_leaves_nothing():
    with tmpdir() as d:
        kill_while_makefs_runs(d)


@test
def kill_9_leaves_nothing_without_namespaces():
    """As in many containers: there is a directory then, and its guard."""
    if subprocess.run([*NO_NAMESPACES, "true"], check=False, capture_output=True).returncode != 0:
        print("# no namespaces here: the test before was this one")
        return
    with tmpdir() as d:
        names = kill_while_makefs_runs(d, *NO_NAMESPACES)
        assert len(names) == 1 and names[0].startswith("pxe-run-"), names


if __name__ == "__main__":
    main()
