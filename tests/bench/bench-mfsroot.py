#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures `pxe-run mfsroot` on a memory disk of 6 MB against what it is made of: makefs, and gzip -6.

    bench-mfsroot.py BUILD-DIRECTORY [RUNS]

The contents are programs and text of this host, which is what install media have there. Each figure is the
best of RUNS, which the commands take in turn.
"""
import os
import shutil
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

from bench import PXE_RUN, RUNS, report

SIZE = 6_000_000
IMAGE_SIZE = "6m"
TEXTS = Path("/usr/share/perl")
PROGRAMS = ("/bin/bash", "/bin/tar", "/bin/ls", "/bin/cp", "/bin/mount", "/usr/bin/find", "/usr/bin/perl")


def fill(tree):
    """Programs, each with a second name, and small files, until they are SIZE bytes."""
    left = SIZE * 17 // 20
    (tree / "stand").mkdir(parents=True)
    for program in filter(os.path.exists, PROGRAMS):
        size = min(os.path.getsize(program), left * 3 // 4)
        name = tree / "stand" / Path(program).name
        name.write_bytes(Path(program).read_bytes()[:size])
        os.link(name, tree / "stand" / f"{name.name}-2")
        left -= size
    for number, text in enumerate(sorted(p for p in TEXTS.rglob("*.p[lm]") if p.is_file())):
        if left < 50_000:
            break
        size = min(text.stat().st_size, left)
        target = tree / f"etc{number % 20}" / str(number)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(text.read_bytes()[:size])
        left -= size


def seconds(command, **options):
    """How long a command takes."""
    start = time.perf_counter()
    subprocess.run(list(map(str, command)), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   **options)
    return time.perf_counter() - start


def best(commands, env):
    """{name: best seconds}; the commands take turns."""
    took = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            took[name].append(seconds(command, env=env))
    return {name: min(times) for name, times in took.items()}


def levels(image):
    """What each level of zlib would cost, on one processor."""
    data = image.read_bytes()
    for level in range(1, 10):
        start = time.perf_counter()
        size = len(zlib.compress(data, level))
        print(f"  zlib level {level}: {(time.perf_counter() - start) * 1000:6.1f} ms, {size / 1024:6.0f} KiB")


def main():
    """Prints the figures."""
    with tempfile.TemporaryDirectory(prefix="pxe-run-bench-") as name:
        folder = Path(name)
        env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
        tree, image, packed = folder / "tree", folder / "image", folder / "image.gz"
        fill(tree)
        makefs = ["makefs", "-t", "ffs", "-o", "version=1,density=8000,minfree=0,optimization=space",
                  "-s", IMAGE_SIZE]
        seconds([*makefs, image, tree])
        with open(packed, "wb") as file:
            subprocess.run(["gzip", "-6", "-c", image], stdout=file, check=True)
        time.sleep(0.2)  # what was written just now would not be kept
        mfsroot = [PXE_RUN, "mfsroot", "--from", packed, "--size", IMAGE_SIZE]
        seconds([*mfsroot, "-o", folder / "kept.gz"], env=env)
        took = best({
            "makefs": [*makefs, folder / "again", tree],
            "gzip": ["gzip", "-6", "-c", image],
            "gunzip": ["gunzip", "-c", packed],
            "cp": ["cp", packed, folder / "copy"],
            "raw": [*mfsroot, "--no-cache", "-o", folder / "new"],
            "all": [*mfsroot, "--no-cache", "-o", folder / "new.gz"],
            "kept": [*mfsroot, "-o", folder / "kept.gz"],
        }, env)
        parts = took["gunzip"] + took["makefs"] + took["gzip"]
        sizes = {p: (folder / p).stat().st_size / 1024 for p in ("image.gz", "new.gz")}
        levels(image)
        for text, value, base, base_text, limit in (
                ("memory disk, 6 MB, from .gz to .gz", "all", parts, "gunzip + makefs + gzip -6", 300),
                ("not compressed", "raw", took["makefs"], "makefs alone", None),
                ("once more, kept", "kept", took["cp"], "cp of the result", 5)):
            report(text, took[value] * 1000, "ms", f"{base_text}: {base * 1000:.1f} ms",
                   f"{took[value] / base:.2f}", f"<= {limit} ms" if limit else "",
                   limit is None or took[value] * 1000 <= limit)
        ratio = sizes["new.gz"] / sizes["image.gz"]
        report("compressed size", sizes["new.gz"], "KiB", f"gzip -6: {sizes['image.gz']:.0f} KiB",
               f"{ratio:.2f}", "<= 1.1", ratio <= 1.1)
        shutil.rmtree(folder / "cache")


if __name__ == "__main__":
    main()
