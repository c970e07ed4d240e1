# SPDX-License-Identifier: GPL-2.0-or-later
"""What the system tests share: runs pxe-run, makes ISO images, prints TAP.

A test is a function with the decorator @test; main() runs them all, or those whose names match a word
of the command line, such as "*_e1000". The program under test is named by the environment variable PXE_RUN.
"""
import os
import subprocess
import sys
import tempfile
import time
import traceback
from fnmatch import fnmatch
from pathlib import Path

PXE_RUN = os.environ.get("PXE_RUN", "pxe-run")
BUILD_ROOT = Path(os.environ.get("PXE_RUN_BUILD", "."))  # meson's build directory
SOURCE_ROOT = Path(__file__).resolve().parents[2]

_tests = []


def test(function):
    """Registers a test."""
    _tests.append(function)
    return function


class Result:
    """What a finished run of pxe-run left: status, stdout, stderr, seconds."""

    def __init__(self, status, stdout, stderr, seconds):
        self.status, self.stdout, self.stderr, self.seconds = status, stdout, stderr, seconds

    @property
    def output(self):
        """All that was printed."""
        return self.stdout + self.stderr

    def expect(self, status, *texts):
        """Checks the exit status, and that each text is in the output."""
        both = self.stdout + self.stderr
        if self.status != status:
            raise AssertionError(f"status {self.status}, not {status}\n{both}")
        for text in texts:
            if text not in both:
                raise AssertionError(f"'{text}' is not in the output:\n{both}")
        return self

    def expect_one_line(self, status, *texts):
        """The same, and that stderr is exactly one line: an error that a person can read."""
        self.expect(status, *texts)
        if len(self.stderr.splitlines()) != 1 or not self.stderr.startswith("pxe-run: "):
            raise AssertionError(f"not one line of error:\n{self.stderr}")
        return self


def run(*args, timeout=120, env=None, cwd=None):
    """Runs pxe-run to its end."""
    start = time.monotonic()
    done = subprocess.run(
        [PXE_RUN, *map(str, args)],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, cwd=cwd,
        env={**os.environ, **(env or {})}, check=False)
    return Result(done.returncode, done.stdout.decode(errors="replace"),
                  done.stderr.decode(errors="replace"), time.monotonic() - start)


def start(*args, **popen):
    """Starts pxe-run and returns the Popen object."""
    return subprocess.Popen([PXE_RUN, *map(str, args)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen)


def tmpdir():
    """A temporary directory, as a context manager that gives a Path."""
    class Dir(tempfile.TemporaryDirectory):
        def __enter__(self):
            return Path(super().__enter__())
    return Dir(prefix="pxe-run-test-")


def write_tree(root, files):
    """Writes {path: bytes or str} below @root."""
    for name, content in files.items():
        path = Path(root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def make_iso(tree, image, *options, label="PXE_RUN_TEST"):
    """Makes an ISO 9660 image with Rock Ridge of the directory @tree, with xorriso."""
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-R", "-V", label, *options,
                    "-o", str(image), str(tree)],
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE)
    return image


def main():
    """Runs the tests and prints TAP; the exit status is 1 when one has failed."""
    wanted = sys.argv[1:]
    tests = [t for t in _tests if not wanted or any(fnmatch(t.__name__, w) for w in wanted)]
    failed = 0
    print(f"1..{len(tests)}")
    for number, function in enumerate(tests, 1):
        begin = time.monotonic()
        try:
            function()
            print(f"ok {number} - {function.__name__} # {time.monotonic() - begin:.1f} s", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {function.__name__}", flush=True)
    sys.exit(1 if failed else 0)
