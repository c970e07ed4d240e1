# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees with all that a file system can hold, and the programs that make ISO images of them."""
import os
import socket
import subprocess
from pathlib import Path

from readers import ENVIRONMENT

DATE = 1204070400  # 27 February 2008

SIZES = (0, 1, 2047, 2048, 2049, 100001)

NAMES = (
    "lower", "UPPER", "MiXed", "with space", " leading", "two  spaces", ".hidden", "trailing.", "a.b.c.d",
    "-dash", "semi;1", "colon:", "quote'\"", "back\\slash", "star*?", "umlaut-ä", "日本語", "percent%41",
    "tab\there", "plus+equals=", "~tilde", "#hash", "x" * 64, "y" * 128, "z" * 200,
)

LINKS = {
    "links/relative": "../sizes/1", "links/absolute": "/sizes/2048", "links/up": "../../../..",
    "links/dots": "./../links/./relative", "links/dangling": "no/such file", "links/root": "/",
    "links/self": "self", "links/name": "x" * 200, "links/long": "/".join(["component"] * 14),
    "links/deep": "../" * 40 + "sizes/1",
}

DATES = {"dates/epoch": 0, "dates/before-2000": 946684799, "dates/leap-day": 1709164800,
         "dates/odd-second": DATE + 1}

# Those that not every maker can do: a link in several SL entries; a time that has 33 bits.
LONG_LINK = "/".join(["component"] * 60)
LATE = 2**32 + 86400

MODES = {"modes/read-only": 0o400, "modes/group": 0o640, "modes/set-uid": 0o4755, "modes/set-gid": 0o2711,
         "modes/all": 0o777}


def pattern(size):
    """Bytes that differ from one size to the next, and repeat in no power of two."""
    return (b"".join(b"%d of %d\n" % (n, size) for n in range(size // 4 + 1)))[:size]


def write_file(path, data):
    """Writes a file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def make_tree(root, names=NAMES, links=True, special=True, deep=0, late=False):
    """Makes a tree; @deep is the number of directories in each other, @late adds what some makers cannot do."""
    for size in SIZES:
        write_file(root / f"sizes/{size}", pattern(size))
    for name in names:
        write_file(root / "names" / name, name.encode())
    for name, mode in MODES.items():
        write_file(root / name, b"mode")
        (root / name).chmod(mode)
    for name in DATES:
        write_file(root / name, b"date")
    for number in range(120):  # more than one block of directory records
        write_file(root / f"many/file-{number:03}", b"%d" % number)
    (root / "empty").mkdir()
    (root / "sticky").mkdir()
    (root / "sticky").chmod(0o1777)
    if deep:
        write_file(root / "/".join(f"level-{n}" for n in range(deep)) / "bottom", b"bottom\n")
    if special:
        os.mkfifo(root / "fifo")
        make_socket(root / "socket")
    make_links(root, {**(LINKS if links else {}), **({"links/longer": LONG_LINK} if late else {})})
    dates = {**DATES, **({"late": LATE} if late else {})}
    if late:
        write_file(root / "late", b"date")
    for path in [*sorted(root.rglob("*"), reverse=True), root]:
        date = dates.get(str(path.relative_to(root)), DATE)
        os.utime(path, (date, date), follow_symlinks=False)
    return root


def make_links(root, links):
    """Makes symbolic links."""
    for name, target in links.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).symlink_to(target)


def make_socket(path):
    """A socket in the file system; its whole path may be longer than a socket's address."""
    with socket.socket(socket.AF_UNIX) as unix:
        folder = os.open(path.parent, os.O_PATH)
        unix.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)


def make(command, image, tree, *options, timezone_name="UTC"):
    """Runs a maker of ISO images that takes `-o IMAGE TREE` at its end."""
    run([*command, *options, "-o", image, tree], timezone_name)
    return image


def run(command, timezone_name="UTC", stdin=b"", cwd=None):
    """Runs a program that must succeed."""
    done = subprocess.run(list(map(os.fsencode, command)), input=stdin, check=False, capture_output=True, timeout=60,
                          cwd=cwd, env={**ENVIRONMENT, "TZ": timezone_name})
    if done.returncode != 0:
        raise AssertionError(f"{command}: status {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return done.stdout


GENISOIMAGE = ("genisoimage", "-quiet", "-input-charset", "utf-8")
XORRISO = ("xorriso", "-as", "mkisofs", "-quiet")


def makefs(image, tree, *options):
    """An image as FreeBSD makes those of its releases from 9 on."""
    run(["makefs", "-t", "cd9660", "-o", ",".join(("rockridge", *options)), image, tree])
    return image


def makefs_plain(image, tree):
    """The same without Rock Ridge."""
    run(["makefs", "-t", "cd9660", image, tree])
    return image


def bsdtar(image, tree, *options):
    """An image by libarchive's writer."""
    run(["bsdtar", "-cf", image, "--format=iso9660", "--options=" + ",".join(("iso9660:pad", *options)),
         "-C", tree, "."])
    return image


def bsdtar_of(image, specification):
    """The same of an mtree(5) specification: anybody may own what is in there, and devices need no root."""
    run(["bsdtar", "-cf", image, "--format=iso9660", "--options=rockridge=strict", "@-"], stdin=specification.encode())
    return image


def sparse(command, image):
    """Runs a maker that writes to its standard output, and leaves holes where it writes zeros."""
    with subprocess.Popen(list(map(os.fsencode, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=ENVIRONMENT) as maker, open(image, "wb") as out:
        zeros, size = bytes(1 << 20), 0
        while chunk := maker.stdout.read(1 << 20):
            if chunk != zeros[:len(chunk)]:
                out.seek(size)
                out.write(chunk)
            size += len(chunk)
        out.truncate(size)
        errors = maker.stderr.read().decode(errors="replace")
    assert maker.returncode == 0, errors
    return Path(image)
