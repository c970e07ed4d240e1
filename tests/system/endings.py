#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How a run ends, and what it counts as: by the guest, by the user, by whoever reads its output.

The guest is a boot program of some bytes that is fetched by the real iPXE and says a few words.
"""
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from pathlib import Path

from harness import PXE_RUN, main, run, start, test, tmpdir, write_tree

OK, USAGE, HOST, QEMU, TIMEOUT, ENDED = 0, 2, 4, 5, 6, 7
LIMIT = ("--timeout", "30")

# Real mode: ds = cs; si = the words behind the program.
HEAD = b"\xfc\x0e\x1f\xe8\0\0\x5e\x83\xc6"  # cld; push cs; pop ds; call .+3; pop si; add si, n
SCREEN = b"\xb8\x00\xb8\x8e\xc0\xbf\x00\x0f"  # mov ax, 0xb800; mov es, ax; mov di, the last row
TO_SCREEN = b"\xb4\x0f\xab"                 # mov ah, 0x0f; stosw
TO_SERIAL = b"\xba\xf8\x03\xee"             # mov dx, 0x3f8; out dx, al
POWER_OFF = b"\xba\x04\x06\xb8\x00\x20\xef"  # mov dx, 0x604; mov ax, 0x2000; out dx, ax
RESET = b"\xea\x00\x00\xff\xff"             # jmp 0xffff:0
HALT = b"\xfa\xf4\xeb\xfd"                  # cli; hlt; jmp .-1
FLOOD = b"\xba\xf8\x03\xb0.\xee\xeb\xfd"    # mov dx, 0x3f8; mov al, '.'; out dx, al; jmp .-1
# mov dx, 0x3fd; in al, dx; test al, 1; jz .-6; mov dl, 0xf8; in al, dx; out dx, al; jmp .-12
ECHO = b"\xba\xfd\x03\xec\xa8\x01\x74\xfb\xb2\xf8\xec\xee\xeb\xf2"


def program(words, where, end):
    """A boot program that says @words on the screen or the serial line, and goes on with @end."""
    loop = b"\xac\x84\xc0\x74" + bytes([len(where) + 2]) + where  # lodsb; test al, al; jz past the loop
    loop += b"\xeb" + bytes([256 - len(loop) - 2])
    body = SCREEN + loop + end + HALT
    offset = len(HEAD) - 6 + 1 + len(body)  # from the pop on
    return HEAD + bytes([offset]) + body + words.encode() + bytes(600)


def guest(folder, words="", where=TO_SCREEN, end=b""):
    """The options for a run that boots such a program."""
    write_tree(folder / "tree", {"boot/pxeboot": program(words, where, end)})
    return ["--root", folder / "tree", "--accel", "tcg", "--memory", "64"]


@test
def guest_powers_off():
    with tmpdir() as d:
        run(*guest(d, end=POWER_OFF), "--display", "none", *LIMIT).expect(OK)


@test
def last_words():
    """What is shown right before the machine is off counts, on the screen too."""
    with tmpdir() as d:
        for end, verb in ((POWER_OFF, "powered off"), (RESET, "reset")):
            run(*guest(d, "tests passed", TO_SCREEN, end), "--expect", "tests passed", *LIMIT
                ).expect(OK, "expected screen: tests passed")
            run(*guest(d, "tests passed", TO_SERIAL, end), "--expect", "tests passed", *LIMIT
                ).expect(OK, "expected serial line: tests passed")
            run(*guest(d, "tests failed", TO_SCREEN, end), "--expect", "tests passed", *LIMIT
                ).expect(ENDED, f"the guest {verb} before --expect matched", "\ntests failed")


@test
def screen_at_the_time_limit():
    with tmpdir() as d:
        run(*guest(d, "still here"), "--expect", "never", "--timeout", "10"
            ).expect(TIMEOUT, "last screen:\n", "\nstill here", "--expect did not match within 10 s")


def child_of(pid):
    """The one child of a process, once it is QEMU."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if Path(f"/proc/{child}/comm").read_text().startswith("qemu"):
                return int(child)
        time.sleep(0.02)
    raise AssertionError("no QEMU")


def wait_for_text(stream, text):
    """Reads lines until @text has come."""
    seen = b""
    while text not in seen:
        line = stream.readline()
        assert line, f"{text} has not come: {seen}"
        seen += line
    return seen


@test
def signals_for_the_whole_group():
    """Ctrl-C in a shell, or `timeout`: QEMU gets the signal, too, and may be faster than we are."""
    with tmpdir() as d:
        options = guest(d)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for early in (True, False):
                process = start(*options, "--display", "none", start_new_session=True)
                child_of(process.pid)
                if not early:
                    wait_for_text(process.stderr, b"tftp")
                os.killpg(process.pid, number)
                _, stderr = process.communicate(timeout=10)
                # Before its main loop the signal itself ends it, which a shell shows as the same.
                assert process.returncode in (128 + number, -number if early else None), stderr
                assert b"pxe-run: " not in stderr, stderr


@test
def somebody_ends_qemu():
    with tmpdir() as d:
        process = start(*guest(d), "--display", "none")
        wait_for_text(process.stderr, b"tftp")
        os.kill(child_of(process.pid), signal.SIGTERM)
        _, stderr = process.communicate(timeout=10)
        assert process.returncode == QEMU and b"QEMU was ended by a signal" in stderr, stderr


@test
def qemu_inherits_what_it_needs():
    """The medium, the capture and the LAN are ours alone."""
    with tmpdir() as d:
        process = start(*guest(d), "--display", "none", "--pcap", d / "x.pcap")
        wait_for_text(process.stderr, b"tftp")
        fds = {int(f.name): os.readlink(f) for f in Path(f"/proc/{child_of(process.pid)}/fd").iterdir()}
        process.terminate()
        process.communicate(timeout=10)
        for number in (3, 4, 5):
            assert fds[number].startswith("socket:"), fds
        assert fds[6].startswith("/memfd:") and fds[7].startswith("/memfd:"), fds
        assert fds[0] == "/dev/null" and fds[1] == fds[2] and fds[1].startswith("pipe:"), fds
        own = re.compile(r"/dev/(null|urandom|ptmx|kvm)$|/memfd:|anon_inode:|socket:|pipe:|/proc/")
        assert all(own.match(target) for target in fds.values()), fds


@test
def qemu_that_only_answers():
    with tmpdir() as d:
        run(*guest(d), "-q", "--", "-device", "rtl8139,help").expect_one_line(
            QEMU, "QEMU ended with status 0", "rtl8139 options")
        run(*guest(d), "-q", "--qemu", "/bin/true").expect_one_line(HOST, "is no QEMU")


@test
def reader_that_goes_away():
    """`pxe-run … | head -1`"""
    with tmpdir() as d:
        process = start(*guest(d, end=FLOOD), "--console", "serial", "--display", "none", *LIMIT)
        assert process.stdout.read(1) == b"."
        process.stdout.close()
        stderr = process.stderr.read()
        process.wait(timeout=20)
        assert process.returncode == HOST and b"standard output: Broken pipe" in stderr, stderr


@test
def reader_that_does_not_read():
    """A guest floods the serial line and nobody takes it from stdout: the run goes on, its limit holds."""
    with tmpdir() as d:
        process = start(*guest(d, end=FLOOD), "--console", "serial", "--display", "none",
                        "--expect", "never", "--timeout", "5")
        begin = time.monotonic()
        stderr = process.stderr.read()
        process.wait(timeout=20)
        assert process.returncode == TIMEOUT and b"did not match within 5 s" in stderr, stderr
        assert time.monotonic() - begin < 12


@test
def standard_files_that_are_closed():
    """Nothing that is opened later takes their numbers, and so what is written to them."""
    with tmpdir() as d:
        options = [str(o) for o in guest(d, "x", TO_SERIAL, POWER_OFF)]
        for closing in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            capture = d / "x.pcap"
            done = subprocess.run(
                ["sh", "-c", f'exec "$@" {closing}', "sh", PXE_RUN, *options, "--console", "serial",
                 "--display", "none", "--pcap", str(capture), *LIMIT],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                timeout=60)
            assert done.returncode == OK, (closing, done)
            data = capture.read_bytes()
            assert data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") and b" s  dhcp" not in data, closing
            done = subprocess.run(["sh", "-c", f'exec "$@" {closing}', "sh", PXE_RUN, "--no-such"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False, timeout=60)
            assert done.returncode == USAGE, (closing, done)


@test
def output_that_cannot_be_written():
    with tmpdir() as d:
        options = guest(d)
        for args in (["--help"], ["--version"], ["inspect", *options[:2]], ["inspect", "--json", *options[:2]],
                     [*options, "--dry-run"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([PXE_RUN, *map(str, args)], stdin=subprocess.DEVNULL, stdout=full,
                                      stderr=subprocess.PIPE, text=True, check=False, timeout=60)
            assert done.returncode == HOST, (args, done)
            assert done.stderr == "pxe-run: cannot write to standard output: No space left on device\n", done


class Terminal:
    """pxe-run on a terminal of its own, as a shell starts it."""

    def __init__(self, *args, stderr_too=True, term="xterm"):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, b"\x1e\0\x50\0\0\0\0\0")  # 30 rows of 80
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY",
                                                                                 "NO_COLOR")}
        self.process = subprocess.Popen(
            [PXE_RUN, *map(str, args)], stdin=slave, stdout=slave,
            stderr=slave if stderr_too else subprocess.PIPE, env={**env, "TERM": term},
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.text = b""

    def wait_for(self, text, seconds=20):
        """Reads until @text has come after the last one that was waited for."""
        end = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < end, f"{text} has not come: {self.text}"
            if select.select([self.master], [], [], 0.1)[0]:
                self.text += os.read(self.master, 4096)
        seen, self.text = self.text.split(text, 1)
        return seen

    def type(self, text):
        """Types @text."""
        os.write(self.master, text)

    def end(self, status):
        """Waits for the end and checks that the terminal is as it was. Returns: all that was left to read"""
        end = time.monotonic() + 20
        while self.process.poll() is None:
            assert time.monotonic() < end, f"no end: {self.text}"
            if select.select([self.master], [], [], 0.05)[0]:
                self.text += os.read(self.master, 4096)
        while select.select([self.master], [], [], 0)[0]:
            self.text += os.read(self.master, 4096)
        assert self.process.returncode == status, (self.process.returncode, self.text)
        assert termios.tcgetattr(self.slave)[:4] == self.before[:4], "the terminal's modes have changed"
        os.close(self.slave)
        os.close(self.master)
        return self.text


@test
def serial_console_on_a_terminal():
    """Keys reach the guest, Ctrl-C too; Ctrl-A x leaves; the terminal is given back."""
    with tmpdir() as d:
        options = [*guest(d, "ready> ", TO_SERIAL, ECHO), "--console", "serial", "--display", "none", *LIMIT]
        terminal = Terminal(*options)
        terminal.wait_for(b"Ctrl-A x leaves")
        terminal.wait_for(b"ready> ")
        terminal.type(b"hello")
        terminal.wait_for(b"hello")
        terminal.type(b"\x03\x01\x01!")
        terminal.wait_for(b"\x03\x01!")
        terminal.type(b"\x01x")
        terminal.end(OK)
        terminal = Terminal(*options)
        terminal.wait_for(b"ready> ")
        os.kill(child_of(terminal.process.pid), signal.SIGKILL)
        assert b"signal 9 (Killed)" in terminal.end(QEMU)
        terminal = Terminal(*options)
        terminal.wait_for(b"ready> ")
        terminal.process.terminate()
        terminal.end(143)


@test
def text_display():
    """QEMU draws on the terminal, undisturbed by progress, which is shown when it has ended."""
    with tmpdir() as d:
        terminal = Terminal(*guest(d, "HELLO FROM THE GUEST"), "--display", "text")
        drawn = terminal.wait_for(b"HELLO FROM THE GUEST")
        assert b" s\x1b[0m  \x1b[32mdhcp" not in drawn, drawn
        os.kill(child_of(terminal.process.pid), signal.SIGKILL)
        rest = terminal.end(QEMU)
        assert b"\x1b[?1049l" in rest and b"dhcp" in rest and b"boot/pxeboot" in rest, rest
        assert rest.index(b"\x1b[?1049l") < rest.index(b"dhcp"), rest
        terminal = Terminal(*guest(d, "HELLO FROM THE GUEST", end=POWER_OFF), "--display", "text")
        rest = terminal.end(OK)
        assert b"boot/pxeboot" in rest, rest


@test
def text_display_without_a_terminal():
    with tmpdir() as d:
        run(*guest(d), "--display", "text").expect_one_line(HOST, "--display text", "--display none")
        terminal = Terminal(*guest(d), "--display", "text", term="dumb")
        assert b"--display none" in terminal.end(HOST)


@test
def progress_on_a_terminal():
    """A line that changes in place, no wider than the window; the last one is left whole."""
    with tmpdir() as d:
        terminal = Terminal(*guest(d, "x" * 70), "--display", "none", "--timeout", "60")
        text = terminal.wait_for(b"on the screen: xxx")
        terminal.process.terminate()
        text += terminal.end(143)
        for line in re.split(rb"\r\n|\r", re.sub(rb"\x1b\[[0-9;]*[mK]", b"", text)):
            assert len(line) <= 80, line
        assert b"\r\x1b[K" in text, text
        terminal = Terminal(*guest(d), "--display", "none", "--timeout", "60", term="dumb")
        text = terminal.wait_for(b"boot/pxeboot, ")
        terminal.process.terminate()
        assert b"\x1b" not in text + terminal.end(143), text


@test
def progress_is_never_silent():
    """Where stderr is no terminal, a line now and then says that nothing happens."""
    with tmpdir() as d:
        process = start(*guest(d, "waiting for Godot"), "--display", "none", "--timeout", "60")
        seen = wait_for_text(process.stderr, b"waiting for Godot")
        process.terminate()
        process.communicate(timeout=20)
        assert b"\x1b" not in seen, seen
        assert re.search(rb"^ +\d+\.\d\d s  guest    nothing new for \d+ s; last on the screen: waiting for Godot$",
                         seen, re.M), seen


if __name__ == "__main__":
    main()
