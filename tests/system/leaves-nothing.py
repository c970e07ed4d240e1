#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No root, no port, no interface; and when it is over, however it ended, no process and no file."""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from harness import main, make_iso, run, start, test, tmpdir, write_tree

# The loader is none: iPXE fetches it and it does nothing, so that the guest stays where it is.
IDLE_LOADER = b"\xfa\xf4\xeb\xfd" + bytes(1000)  # cli; hlt; jmp


def idle_iso(folder):
    """An ISO whose boot program halts."""
    write_tree(folder / "tree", {"boot/pxeboot": IDLE_LOADER, "boot/kernel/kernel": b"x"})
    return make_iso(folder / "tree", folder / "idle.iso")


def children(pid):
    """All descendants of a process."""
    found = []
    for line in subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        child, parent = map(int, line.split())
        if parent == pid:
            found += [child, *children(child)]
    return found


def alive(pid):
    """Whether a process still runs (a zombie does not)."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def wait_for(condition, seconds, what):
    """Waits until @condition() is true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not happen in {seconds} s"
        time.sleep(0.02)


def start_idle(folder, *args, **popen):
    """Starts pxe-run on the idle ISO; returns it and its QEMU once the guest has fetched the loader."""
    run_ = start("--iso", idle_iso(folder), "--display", "none", *args, **popen)
    seen = b""
    while b"tftp" not in seen:
        line = run_.stderr.readline()
        assert line, f"pxe-run ended: {seen}"
        seen += line
    return run_, children(run_.pid)


def inet_sockets():
    """Listening and bound TCP and UDP sockets, without the counters."""
    text = subprocess.run(["ss", "-Hlntu"], capture_output=True, text=True, check=True).stdout
    return sorted(re.sub(r"\s+", " ", line) for line in text.splitlines())


def links():
    """Names of the host's network interfaces."""
    return sorted(os.listdir("/sys/class/net"))


@test
def no_socket_no_interface_no_privilege():
    with tmpdir() as d:
        sockets, interfaces = inet_sockets(), links()
        pxe_run, qemus = start_idle(d)
        try:
            assert qemus, "no QEMU"
            assert inet_sockets() == sockets, "a socket listens that did not before"
            assert links() == interfaces
            for pid in (pxe_run.pid, *qemus):
                status = Path(f"/proc/{pid}/status").read_text()
                if os.geteuid() != 0:
                    assert re.search(r"^CapEff:\s+0+$", status, re.M), "a capability"
                    assert str(os.geteuid()) == re.search(r"^Uid:\s+(\d+)", status, re.M)[1]
                fds = Path(f"/proc/{pid}/fd")
                targets = [os.readlink(f) for f in fds.iterdir()]
                assert not any("/dev/net" in t for t in targets), targets
        finally:
            pxe_run.terminate()
            pxe_run.communicate()


@test
def nothing_is_written_but_what_was_asked_for():
    """It runs where nothing can be written, and opens no file for writing."""
    with tmpdir() as d:
        pxe_run, qemus = start_idle(d, env={**os.environ, "TMPDIR": "/nonexistent", "HOME": "/"}, cwd="/")
        try:
            for pid in (pxe_run.pid, *qemus):
                for fd in Path(f"/proc/{pid}/fd").iterdir():
                    target = os.readlink(fd)
                    flags = int(re.search(r"flags:\s+(\d+)",
                                          Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text())[1], 8)
                    named = target.startswith("/") and not target.startswith(("/dev/", "/memfd:"))
                    assert not named or flags & os.O_ACCMODE == os.O_RDONLY, f"{target} is open for writing"
        finally:
            pxe_run.terminate()
            pxe_run.communicate()


def check_end(how, status):
    """Ends a run by @how(process) and sees that nothing is left."""
    with tmpdir() as d:
        before = set(os.listdir("/tmp")) | {d.name}
        pxe_run, qemus = start_idle(d)
        how(pxe_run)
        wait_for(lambda: pxe_run.poll() is not None, 10, "the end of pxe-run")
        assert pxe_run.returncode == status, f"status {pxe_run.returncode}"
        for pid in qemus:
            wait_for(lambda p=pid: not alive(p), 2, "the end of QEMU")
        new = [n for n in os.listdir("/tmp") if n not in before and "pxe-run" in n
               and not n.startswith("pxe-run-test-")]
        assert not new, f"left in /tmp: {new}"


@test
def ctrl_c():
    check_end(lambda p: p.send_signal(signal.SIGINT), 130)


@test
def terminate():
    check_end(lambda p: p.send_signal(signal.SIGTERM), 143)


@test
def hang_up():
    check_end(lambda p: p.send_signal(signal.SIGHUP), 129)


@test
def kill_9():
    check_end(lambda p: p.send_signal(signal.SIGKILL), -9)


@test
def kill_9_while_a_large_image_is_read():
    """The process that reads the tree dies with its parent, too."""
    with tmpdir() as d:
        write_tree(d / "tree", {f"d{i % 100}/f{i}": "" for i in range(20000)})
        write_tree(d / "tree", {"boot/pxeboot": IDLE_LOADER})
        iso = make_iso(d / "tree", d / "large.iso")
        for delay in (0.003, 0.01, 0.03, 0.1):
            pxe_run = start("--iso", iso, "--display", "none")
            time.sleep(delay)
            family = children(pxe_run.pid)
            pxe_run.kill()
            pxe_run.communicate()
            for pid in family:
                wait_for(lambda p=pid: not alive(p), 2, "the end of a child")


@test
def qemu_killed():
    with tmpdir() as d:
        pxe_run, qemus = start_idle(d)
        os.kill(qemus[0], signal.SIGKILL)
        _, stderr = pxe_run.communicate(timeout=10)
        assert pxe_run.returncode == 5 and b"signal 9" in stderr, stderr


@test
def frozen_qemu_is_still_ended():
    """A QEMU that answers no more (stopped by SIGSTOP) does not keep the run from ending."""
    with tmpdir() as d:
        pxe_run, qemus = start_idle(d)
        os.kill(qemus[0], signal.SIGSTOP)
        pxe_run.send_signal(signal.SIGINT)
        pxe_run.communicate(timeout=10)
        assert pxe_run.returncode == 130 and not alive(qemus[0])


@test
def the_image_is_not_touched():
    with tmpdir() as d:
        iso = idle_iso(d)
        iso.chmod(0o444)
        before = (iso.read_bytes(), iso.stat().st_mtime_ns)
        run("--iso", iso, "--expect", "ISOLINUX", "--timeout", "30").expect(0)
        assert before == (iso.read_bytes(), iso.stat().st_mtime_ns)


if __name__ == "__main__":
    main()
