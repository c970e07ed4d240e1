#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs fuzzers of a build with -Dfuzz=enabled, one after the other, and says what they found.

fuzz.py BUILD SECONDS [TARGET…] fuzzes each target for so long. What is interesting is kept in
BUILD/fuzz/TARGET and used again by the next run; what crashes lies in BUILD/fuzz/TARGET-….
fuzz.py BUILD merge [TARGET…] takes over into corpus/ what reaches code that the seeds do not.
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Of one allocation; else half the memory.
ALLOCATION_MB = {"nfs": 1, "rpc": 1, "rpc-stream": 1, "unpack": 32}
MEMORY_MB = 2048
OURS = ("seed-", "capture-")  # inputs whose names are not libFuzzer's


def fuzz(program, work, corpus, crashes, seconds):
    """Fuzzes one target; returns a line about it."""
    target = program.name.removeprefix("fuzz-")
    command = ["nice", "-n", "19", program, f"-max_total_time={seconds}", "-timeout=20",
               f"-rss_limit_mb={MEMORY_MB}",
               f"-malloc_limit_mb={ALLOCATION_MB.get(target, MEMORY_MB // 2)}",
               f"-artifact_prefix={work}-", work, corpus]
    if crashes.is_dir():
        command.append(crashes)
    done = subprocess.run(command, stderr=subprocess.PIPE, check=False)
    said = done.stderr.decode(errors="replace")
    (work.parent / f"{target}.log").write_text(said)
    runs = re.findall(r"^#(\d+)\t", said, re.M)
    coverage = re.findall(r" cov: (\d+) ft: (\d+) corp: (\d+)", said)
    found = re.findall(r"written to (\S+)", said)
    if done.returncode < 0:
        found.append(f"ended by signal {-done.returncode}")
    cov, features, corpus_size = coverage[-1] if coverage else (0, 0, 0)
    return (f"{target:10} {runs[-1] if runs else 0:>10} runs  {cov:>5} edges  {features:>6} feat."
            f"  {corpus_size:>5} inputs  " + (" ".join(found) or "nothing found"))


def merge(program, work, corpus):
    """Makes @corpus anew: our own inputs, and the fewest of the others that reach more edges."""
    with tempfile.TemporaryDirectory() as new:
        for path in corpus.iterdir():
            if path.name.startswith(OURS):
                shutil.copy(path, new)
        subprocess.run(["nice", "-n", "19", program, "-merge=1", "-use_counters=0", new, corpus,
                        work], stderr=subprocess.DEVNULL, check=True)
        for path in corpus.iterdir():
            path.unlink()
        for path in Path(new).iterdir():
            shutil.copy(path, corpus)
    files = list(corpus.iterdir())
    size = sum(path.stat().st_size for path in files)
    return f"{corpus.name:10} {len(files):>5} inputs  {size:>7} bytes"


def main():
    """Does it for all targets, or those that are named."""
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    build, what, wanted = Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:]
    for program in sorted((build / "tests/fuzz").glob("fuzz-*")):
        target = program.name.removeprefix("fuzz-")
        if not program.is_file() or (wanted and target not in wanted):
            continue
        work, corpus = build / "fuzz" / target, HERE / "corpus" / target
        work.mkdir(parents=True, exist_ok=True)
        line = (merge(program, work, corpus) if what == "merge"
                else fuzz(program, work, corpus, HERE / "crashes" / target, int(what)))
        print(line, flush=True)


if __name__ == "__main__":
    main()
