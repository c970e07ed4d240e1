# SPDX-License-Identifier: GPL-2.0-or-later
"""An image as pxe-run serves it, and as programs that are not ours read it: bsdtar (libarchive) and
isoinfo (cdrkit) an ISO, fls and icat (The Sleuth Kit) a UFS.

Each reader gives {path: Entry}; a path is bytes without "/" in front, b"" is the root. What a reader
does not tell is None and agrees with everything.
"""
import hashlib
import os
import re
import subprocess
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from pathlib import Path

VFS_LIST = os.environ["VFS_LIST"]
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}


@dataclass
class Entry:
    """An object of a tree."""
    type: str           # as in `ls -l`: - d l c b p s
    mode: int = None
    uid: int = None
    gid: int = None
    size: int = None    # bytes; of a file only
    mtime: int = None   # seconds since 1970
    day: str = None     # the date in UTC, where the time is not told
    detail: bytes = None  # target of a link; b"major,minor" of a device
    sha256: str = None


def output(*command, check=True, env=None):
    """Standard output of a command."""
    done = subprocess.run(list(map(os.fsencode, command)), stdin=subprocess.DEVNULL, check=False, timeout=60,
                          capture_output=True, env={**ENVIRONMENT, **(env or {})})
    if check and done.returncode != 0:
        raise AssertionError(f"{command[0]}: status {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return done.stdout


def day_of(seconds):
    """The date in UTC."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d")


# ---- pxe-run ----

def unescape(text):
    r"""Bytes from \xNN."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), text)


def ours(iso, *args, timezone_name="UTC"):
    """The tree as pxe-run serves it."""
    entries = {}
    for line in output(VFS_LIST, iso, *args, env={"TZ": timezone_name}).splitlines():
        path, kind, mode, uid, gid, size, mtime, detail, digest = line.split(b"\t")
        kind = kind.decode()
        assert path == b"." or path.startswith(b"./"), path
        entries[unescape(path[2:])] = Entry(
            kind, int(mode, 8), int(uid), int(gid), int(size) if kind == "-" else None, int(mtime),
            day_of(int(mtime)), None if detail == b"-" else unescape(detail),
            None if digest == b"-" else digest.decode())
    return entries


# ---- the host ----

def source(tree):
    """The tree that went into the image."""
    types = {0o10: "-", 0o4: "d", 0o12: "l", 0o1: "p", 0o14: "s"}
    entries = {}
    for path in [Path(tree), *Path(tree).rglob("*")]:
        status = path.lstat()
        kind = types[status.st_mode >> 12]
        mtime = int(status.st_mtime)
        name = b"" if path == Path(tree) else os.fsencode(path.relative_to(tree))
        entries[name] = Entry(
            kind, status.st_mode & 0o7777, status.st_uid, status.st_gid,
            status.st_size if kind == "-" else None, mtime, day_of(mtime),
            os.fsencode(os.readlink(path)) if kind == "l" else None,
            hashlib.sha256(path.read_bytes()).hexdigest() if kind == "-" else None)
    return entries


# ---- bsdtar ----

MTREE_TYPES = {"file": "-", "dir": "d", "link": "l", "char": "c", "block": "b", "fifo": "p", "socket": "s"}
MTREE_KEYS = "mtree:!all,type,mode,uid,gid,size,time,link,device,sha256"


def unvis(text):
    r"""Bytes from \NNN, as mtree(5) has them."""
    return re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), text)


def bsdtar(iso):
    """The tree as bsdtar copies it into an mtree(5) specification."""
    entries = {}
    text = output("bsdtar", "-cf", "-", "--format=mtree", "--options=" + MTREE_KEYS,
                  b"@" + os.fsencode(iso))
    for line in text.splitlines():
        if line.startswith(b"#"):
            continue
        name, *words = line.split(b" ")
        words = dict(word.split(b"=", 1) for word in words)
        kind = MTREE_TYPES[words[b"type"].decode()]
        device = words.get(b"device")
        detail = unvis(words[b"link"]) if kind == "l" else None
        if device is not None:  # native,MAJOR,MINOR
            detail = device.split(b",", 1)[1]
        mtime = int(words[b"time"].split(b".")[0])
        entries[unvis(name).removeprefix(b".").removeprefix(b"/")] = Entry(
            kind, int(words[b"mode"], 8), int(words.get(b"uid", 0)), int(words.get(b"gid", 0)),
            int(words[b"size"]) if kind == "-" else None, mtime, day_of(mtime), detail,
            words[b"sha256digest"].decode() if kind == "-" else None)
    return entries


def bsdtar_sizes(iso):
    """{path: size} as `bsdtar -tv` lists it, without reading what is in the files."""
    lines = [line.split(None, 8) for line in output("bsdtar", "-tvf", iso).splitlines()]
    return {line[8]: int(line[4]) for line in lines}


# ---- isoinfo ----

MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
ISOINFO_LINE = re.compile(
    rb"(.)([rwxsStT-]{9}) +(\d+) +(\d+) +(\d+) +(\d+) (\w{3}) +(\d+) (\d{4}) \[ *(?:-?\d+) (?:[0-9a-f]{2}\]  |F+ )(.*)$")  # flags with 80h are printed as a negative number


def mode_of(text):
    """Permission bits from "rwxr-xr-t"."""
    mode = 0
    for place, letter in enumerate(text.decode()):
        mode |= (0 if letter in "-ST" else 1) << (8 - place)
        if letter in "sStT":
            mode |= 0o4000 >> (place // 3)
    return mode


def isoinfo(iso, *flags):
    """The tree as `isoinfo -l` lists it, with the contents of `isoinfo -x`."""
    entries, folder = {}, b""
    for line in output("isoinfo", *flags, "-l", "-i", iso).splitlines():
        if line.startswith(b"Directory listing of "):
            folder = line.removeprefix(b"Directory listing of /")
            continue
        match = ISOINFO_LINE.match(line)
        if match is None:
            assert not line.strip(), line
            continue
        kind, mode, _, uid, gid, size, month, day, year, name = match.groups()
        if name in (b". ", b".. ") and (folder or name == b".. "):
            continue
        kind, detail = kind.decode().replace("f", "p"), None
        if kind == "l":
            name, detail = name.split(b" -> ", 1)
            detail = detail or None  # it loses a "/" that is all
        else:
            name = name[:-1]  # a space
        path = b"" if name == b"." else folder + name
        date = f"{int(year)}-{MONTHS.index(month) + 1:02}-{int(day):02}"
        before = entries.get(path)
        size = int(size) + (before.size if before and kind == "-" else 0)  # sections of one file
        entries[path] = Entry(kind, mode_of(mode) if "-R" in flags else None,
                              int(uid, 8) if "-R" in flags else None, int(gid, 8) if "-R" in flags else None,
                              size if kind == "-" else None, None, date if kind != "l" else None, detail)
    return entries


def isoinfo_paths(iso, *flags):
    """What `isoinfo -f` finds."""
    return {line[1:] for line in output("isoinfo", *flags, "-f", "-i", iso).splitlines()}


def isoinfo_digest(iso, path, *flags):
    """SHA-256 of what `isoinfo -x` reads."""
    return hashlib.sha256(output("isoinfo", *flags, "-x", b"/" + path, "-i", iso)).hexdigest()


# ---- The Sleuth Kit ----

SLEUTH_TYPES = {"r": "-", "h": "s"}
SLEUTH_OWN = b"$OrphanFiles"  # a directory that it adds


def sleuth(image, sector=0):
    """The tree of the UFS at a sector of an image as `fls -m` lists it, with the contents of `icat`."""
    entries, digests, where = {}, {}, ("-o", str(sector))
    for line in output("fls", *where, "-r", "-m", "/", image).splitlines():
        _, name, inode, mode, uid, gid, size, _, mtime, _, _ = line.split(b"|")
        kind, mode = mode.decode()[2:3], mode[3:]
        kind, detail = SLEUTH_TYPES.get(kind, kind), None
        if kind == "l":
            name, detail = name.split(b" -> ", 1)
        path, mtime = name.removeprefix(b"/"), int(mtime)
        if path == SLEUTH_OWN:
            continue
        if kind == "-" and inode not in digests:
            digests[inode] = hashlib.sha256(output("icat", *where, image, inode)).hexdigest()
        entries[path] = Entry(kind, mode_of(mode), int(uid), int(gid), int(size) if kind == "-" else None,
                              mtime, day_of(mtime), detail, digests.get(inode) if kind == "-" else None)
    return entries


# ---- comparing ----

def differences(a, b, name, unlike=()):
    """Yields a line for each thing in which two trees differ; fields in @unlike are not compared."""
    for path in sorted(set(a) | set(b)):
        if path not in a or path not in b:
            yield f"{path!r} is only in {'what ' + name + ' reads' if path not in a else 'our tree'}"
            continue
        for field in fields(Entry):
            mine, theirs = getattr(a[path], field.name), getattr(b[path], field.name)
            if None not in (mine, theirs) and mine != theirs and field.name not in unlike:
                yield f"{path!r}: {field.name} is {mine!r}, {name} reads {theirs!r}"


def agree(wanted, entries, name, unlike=()):
    """Fails with all differences."""
    found = list(differences(wanted, entries, name, unlike))
    assert not found, "\n".join(found[:20])


def without(entries, *paths):
    """A tree without these objects."""
    return {path: entry for path, entry in entries.items() if path not in paths}
