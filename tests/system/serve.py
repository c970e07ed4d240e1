#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`pxe-run serve` used by programs that others wrote: libnfs's tools, rpcinfo, showmount, tshark."""
import ctypes
import json
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

from harness import PXE_RUN, main, make_iso, run, start, test, tmpdir, write_tree

FILES = {
    "boot/loader": os.urandom(300_000),
    "boot/kernel/kernel": os.urandom(2_000_000),
    "names/empty": b"",
    "names/with space": b"x",
    "names/umlaut-ä": b"y",
}
MANY = 2000


SHARED = tempfile.TemporaryDirectory(prefix="pxe-run-test-")  # removed at exit
TREE, ISO = Path(SHARED.name) / "tree", Path(SHARED.name) / "x.iso"


def make_medium():
    """An ISO with some files, and a directory with many; and the same as a directory."""
    write_tree(TREE, FILES)
    write_tree(TREE, {f"many/entry-{i:05}": "" for i in range(MANY)})
    (TREE / "link").symlink_to("boot/loader")
    make_iso(TREE, ISO)


class Server:
    """A server that runs as long as the with block; knows where it listens."""

    def __init__(self, *args):
        self.process = start("serve", "--json", *args)
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.where = json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=10)

    def url(self, path):
        """For libnfs."""
        port = self.where["port"]
        return f"nfs://{self.where['address']}/{path}?nfsport={port}&mountport={port}&version=3"


def output(*command):
    """What a program prints; it must succeed."""
    done = subprocess.run(list(map(str, command)), capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr.decode()} {done.stdout.decode()}"
    return done.stdout


def check_files(server):
    """Every file by nfs-cat (which cannot mount "" for a file at the top), the whole tree by nfs-ls."""
    for name, content in FILES.items():
        if content:  # nfs-cat has nothing to say of an empty file
            assert output("nfs-cat", server.url(name)) == content, name
    listing = output("nfs-ls", "-R", server.url("")).decode()
    for name in FILES:
        assert re.search(rf" {re.escape(name)}$", listing, re.M), f"{name}\n{listing[:1000]}"
    assert len(re.findall(r" many/entry-\d{5}$", listing, re.M)) == MANY


@test
def libnfs_reads_an_iso():
    with Server(ISO) as server:
        check_files(server)


@test
def libnfs_reads_a_directory():
    with Server("--root", TREE, "--address", "127.0.0.1") as server:
        check_files(server)


class LibNfs:
    """libnfs itself, for what its tools do not do: reads at an offset."""

    def __init__(self, url):
        self.lib = lib = ctypes.CDLL("libnfs.so.13")
        for name in ("nfs_init_context", "nfs_parse_url_dir", "nfs_get_error"):
            getattr(lib, name).restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(lib.nfs_init_context())
        parsed = lib.nfs_parse_url_dir(self.context, url.encode())
        server, path = ctypes.cast(parsed, ctypes.POINTER(ctypes.c_char_p))[0:2]
        self.check(lib.nfs_mount(self.context, server, path))

    def check(self, status):
        """A status, unless it is an error."""
        if status < 0:
            raise OSError(ctypes.string_at(self.lib.nfs_get_error(self.context)).decode())
        return status

    def read(self, path, offset, count):
        """Bytes of a file."""
        handle, buffer = ctypes.c_void_p(), ctypes.create_string_buffer(count)
        self.check(self.lib.nfs_open(self.context, path.encode(), os.O_RDONLY, ctypes.byref(handle)))
        got = self.check(self.lib.nfs_pread(self.context, handle, ctypes.c_uint64(offset),
                                            ctypes.c_uint64(count), buffer))
        self.check(self.lib.nfs_close(self.context, handle))
        return buffer.raw[:got]

    def close(self):
        """Ends the connection."""
        self.lib.nfs_destroy_context(self.context)


@test
def large_directory():
    with tmpdir() as d:
        (d / "many").mkdir()
        names = {f"entry-{i:05}-{'n' * (i % 40)}" for i in range(50_000)}
        for name in names:
            os.mknod(d / "many" / name)
        with Server("--root", d) as server:
            lines = output("nfs-ls", server.url("many")).decode().splitlines()
            assert len(lines) == len(names) and {line.split()[-1] for line in lines} == names


@test
def file_of_more_than_4_gib():
    with tmpdir() as d:
        marks = {0: b"begin", (4 << 30) - 3: b"across", (5 << 30) + 1: b"end"}
        with open(d / "large", "wb") as file:  # sparse
            for offset, text in marks.items():
                file.seek(offset)
                file.write(text)
        with Server("--root", d) as server:
            assert re.search(rf" {(5 << 30) + 4} +large$", output("nfs-ls", server.url("")).decode(), re.M)
            client = LibNfs(server.url(""))
            for offset, text in marks.items():
                assert client.read("/large", offset, 100).rstrip(b"\0") == text, offset
            assert client.read("/large", (5 << 30) + 4, 100) == b""
            assert client.read("/large", 3 << 30, 200_000) == bytes(200_000)
            client.close()


@test
def listens_on_loopback_alone():
    with Server(ISO) as server:
        port = server.where["port"]
        lines = [line for line in output("ss", "-Hlntu").decode().splitlines() if f":{port} " in line]
        assert len(lines) == 2 and all(f"127.0.0.1:{port} " in line for line in lines), lines


# In a network of its own, where port 111 can be had by anybody.
IN_OWN_NETWORK = r"""
ip link set lo up
"$PXE_RUN" serve --port 111 "$1" >"$2/serve.out" & server=$!
for i in $(seq 100); do grep -q 'port 111' "$2/serve.out" && break; sleep 0.05; done
tshark -q -i lo -w "$2/x.pcap" 2>/dev/null & tshark=$!
sleep 2
rpcinfo -p 127.0.0.1
rpcinfo -T tcp 127.0.0.1 nfs 3
rpcinfo -T udp 127.0.0.1 mountd 1
showmount -e 127.0.0.1
nfs-ls nfs://127.0.0.1/boot
sleep 1
kill $tshark $server; wait
"""


@test
def rpcinfo_and_showmount():
    with tmpdir() as d:
        done = subprocess.run(["unshare", "-Urn", "sh", "-c", IN_OWN_NETWORK, "sh", ISO, d],
                              capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, "PXE_RUN": PXE_RUN})
        said = done.stdout
        for text in (r"100003 +3 +tcp +111", r"100003 +2 +udp +111", r"100005 +3 +tcp +111",
                     r"program 100003 version 3 ready", r"program 100005 version 1 ready",
                     r"^/ +\(everyone\)|^/ +\*", r" kernel$"):
            assert re.search(text, said, re.M), f"'{text}' is not in\n{said}{done.stderr}"
        wrong = output("tshark", "-r", d / "x.pcap", "-Y",
                       "_ws.malformed || _ws.expert.severity >= error").decode()
        assert not wrong, wrong
        calls = output("tshark", "-r", d / "x.pcap", "-Y", "rpc.msgtyp == 1").decode().splitlines()
        assert len(calls) > 10, calls


@test
def unix_socket():
    with tmpdir() as d:
        path = d / "nfs.sock"
        with Server("--socket", path, ISO) as server:
            assert server.where["socket"] == str(path)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                null = struct.pack(">10I", 7, 0, 2, 100003, 3, 0, 0, 0, 0, 0)
                client.sendall(struct.pack(">I", 0x80000000 | len(null)) + null)
                assert client.recv(100) == struct.pack(">7I", 0x80000018, 7, 1, 0, 0, 0, 0)
        assert not path.exists(), "the socket is left"


@test
def replaces_a_socket_left_behind():
    with tmpdir() as d:
        path = d / "nfs.sock"
        first = start("serve", "--socket", path, ISO)
        assert first.stdout.readline()
        run("serve", "--socket", path, ISO).expect_one_line(4, "nfs.sock", "in use")
        first.kill()
        first.communicate()
        assert path.exists()
        with Server("--socket", path, ISO):
            pass


@test
def ends_by_a_signal():
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        server = start("serve", ISO)
        assert server.stdout.readline()
        server.send_signal(number)
        server.communicate(timeout=10)
        assert server.returncode == status, server.returncode


@test
def bad_input():
    with tmpdir() as d:
        (d / ("s" * 120)).mkdir()
        for status, text, args in (
                (2, "which medium?", []),
                (2, "--address 'localhost'", ["--address", "localhost", ISO]),
                (2, "--port '65536'", ["--port", "65536", ISO]),
                (2, "at most 107 bytes", ["--socket", d / ("s" * 120) / "x", ISO]),
                (3, "No such file", [d / "missing.iso"]),
                (3, "use --root", [d]),
                (4, "no interface of this host", ["--address", "192.0.2.1", ISO]),
                (4, "cannot listen on", ["--socket", d / "no/such/dir", ISO]),
        ):
            run("serve", *args).expect_one_line(status, text)
        with Server(ISO) as server:
            run("serve", "--port", server.where["port"], ISO).expect_one_line(4, "leave --port out")
        if os.geteuid() != 0:
            run("serve", "--port", 111, ISO).expect_one_line(4, "below 1024")


if __name__ == "__main__":
    make_medium()
    main()
