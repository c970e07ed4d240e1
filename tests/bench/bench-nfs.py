#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures `pxe-run serve` against a UDP echo server of ours, the floor, and nfs-ganesha, another NFS server.

    bench-nfs.py BUILD-DIRECTORY [RUNS]

Each figure is the best of RUNS, which the servers take in turn. UDP is lock-step, with client and server on
one processor and then, with no limit to keep, the server on any. nfs-ganesha (packages nfs-ganesha, nfs-ganesha-vfs, rpcbind) needs root: it opens files by
handle, and registers with a portmapper. So everything runs in a network of its own then; without it, or
without root, its rows are left out.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import BUILD, PXE_RUN, RUNS, report

LOAD, ECHO = BUILD / "tests/bench/nfs-load", BUILD / "tests/bench/udp-echo"
ALONE = "BENCH_NFS_ALONE"  # set in the network of its own
CPU = str(os.cpu_count() - 1)
SAME, ANY = "one CPU", "any CPU"
SERVER_CPUS = {SAME: CPU, ANY: f"0-{CPU}"}  # the client has CPU
UDP_CALLS, TCP_CALLS, MANY_CALLS = 20_000, 20_000, 1_000_000
GIB = 1 << 30
REPLY_BYTES = {0: 112, 1024: 128 + 1024}  # of GETATTR, and of a READ of 1 KiB


class Server:
    """A server process, and how nfs-load reaches its tree."""

    def __init__(self, name, command, **popen):
        self.name, self.process = name, subprocess.Popen(list(map(str, command)), **popen)
        self.port = self.mount_port = self.directory = None

    def pin(self, cpus):
        """Lets all its threads run on @cpus alone."""
        subprocess.run(["taskset", "-a", "-c", "-p", cpus, str(self.process.pid)], check=True,
                       stdout=subprocess.DEVNULL)

    def load(self, transport, count, calls, *more, pinned=False):
        """(median us, seconds, bytes) of one run of the client, on CPU alone if @pinned."""
        where = ([self.port, self.mount_port, self.directory, "data", count] if self.directory
                 else [self.port])
        command = ["taskset", "-c", CPU] if pinned else []
        command += [LOAD, transport if self.directory else "echo", *where, calls, *more]
        said = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout
        nanoseconds, seconds, size = said.split()
        return int(nanoseconds) / 1000, float(seconds), int(size)

    def resident_kib(self):
        """Its resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def stop(self):
        """Ends it."""
        self.process.terminate()
        self.process.wait()


def echo(size):
    """The floor for replies of @size bytes."""
    server = Server("echo", [ECHO, size], stdout=subprocess.PIPE)
    server.port = int(server.process.stdout.readline())
    return server


def serve(name, *args):
    """pxe-run."""
    server = Server(name, [PXE_RUN, "serve", "--json", *args], stdout=subprocess.PIPE)
    server.port = server.mount_port = json.loads(server.process.stdout.readline())["port"]
    server.directory = "/"
    return server


GANESHA = """
NFS_CORE_PARAM {{ NFS_Port = 12049; MNT_Port = 12050; Protocols = 3; Enable_NLM = false;
                  Enable_RQUOTA = false; }}
NFS_KRB5 {{ Active_krb5 = false; }}
EXPORT {{ Export_Id = 1; Path = {tree}; Pseudo = /x; Protocols = 3; Transports = TCP, UDP;
          Access_Type = RO; Squash = none; SecType = sys; FSAL {{ Name = VFS; }} }}
LOG {{ Default_Log_Level = EVENT; }}
"""


def ganesha(folder, tree):
    """nfs-ganesha on the same files."""
    (folder / "conf").write_text(GANESHA.format(tree=tree))
    server = Server("nfs-ganesha", ["ganesha.nfsd", "-F", "-f", folder / "conf", "-L", folder / "log",
                                    "-p", folder / "pid"])
    server.port, server.mount_port, server.directory = 12049, 12050, tree
    for _ in range(60):
        time.sleep(0.5)
        if subprocess.run(["rpcinfo", "-T", "tcp", "127.0.0.1", "mountd", "3"], capture_output=True,
                          check=False).returncode == 0:
            return server
    sys.exit(f"nfs-ganesha does not start:\n{(folder / 'log').read_text()[-2000:]}")


def best(servers, measure, better=min):
    """{server's name: its best figure}; the servers take turns."""
    figures = {server.name: [] for server in servers}
    for _ in range(RUNS):
        for server in servers:
            figures[server.name].append(measure(server))
    return {name: better(values) for name, values in figures.items()}


def bench_udp(ours, peers, where):
    """GETATTR and READ of 1 KiB, question and answer."""
    within = where == SAME  # of the limits
    for server in [*ours, *peers]:
        server.pin(SERVER_CPUS[where])
    for what, count in (("GETATTR", 0), ("READ of 1 KiB", 1024)):
        floor = echo(REPLY_BYTES[count])
        floor.pin(SERVER_CPUS[where])
        took = best([floor, *ours, *peers], lambda s: s.load("udp", count, UDP_CALLS, pinned=True)[0])
        floor.stop()
        for server in ours:
            value = took[server.name]
            report(f"UDP {what}, {where}, {server.name}", value, "us",
                   f"echo of as many bytes: {took['echo']:.2f} us", f"{value / took['echo']:.3f}",
                   "<= +2 us" if within else "", not within or value <= took["echo"] + 2)
        for server in peers:
            ratios = [took[server.name] / took[other.name] for other in ours]
            report(f"UDP {what}, {where}, {server.name}", took[server.name], "us",
                   f"ours; the echo: {took[server.name] / took['echo']:.2f} times as fast",
                   "/".join(f"{ratio:.2f}" for ratio in ratios), ">= 3" if within else "",
                   not within or min(ratios) >= 3)
    for server in [*ours, *peers]:
        server.pin(f"0-{CPU}")


def bench_tcp(ours, peers):
    """READ of 64 KiB, eight under way on one connection."""
    def rate(server):
        _, seconds, size = server.load("tcp", 65536, TCP_CALLS, 1, 8)
        return size / seconds / GIB

    rates = best([*ours, *peers], rate, max)
    for server in ours:
        value = rates[server.name]
        peer = rates[peers[0].name] if peers else float("nan")
        report(f"TCP READ, 8 of 64 KiB, {server.name}", value, "GiB/s", f"nfs-ganesha: {peer:.2f} GiB/s",
               f"{value / peer:.2f}", "2 GiB/s or 1.3", value >= 2 or value >= 1.3 * peer)


def bench_memory(ours):
    """Many calls on many connections."""
    for server in ours:
        server.load("tcp", 1024, 64_000, 64, 8)
        before = server.resident_kib()
        _, seconds, _ = server.load("tcp", 1024, MANY_CALLS, 64, 8)
        grown = server.resident_kib() - before
        report(f"memory, 10^6 READs, {server.name}", grown, "KiB",
               f"before: {before} KiB; {MANY_CALLS / seconds:,.0f} READs/s", "", "< 1024 KiB", grown < 1024)


def make_medium(folder):
    """A tree with one file, and an ISO of it."""
    tree = folder / "tree"
    tree.mkdir()
    (tree / "data").write_bytes(os.urandom(4 << 20))
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", folder / "x.iso", tree], check=True,
                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder.chmod(0o755)
    return tree, folder / "x.iso"


def start_network():
    """The loopback interface and a portmapper, in the network of our own."""
    for command in (["mount", "-t", "tmpfs", "none", "/run"], ["mkdir", "-p", "/run/rpcbind", "/run/ganesha"],
                    ["ip", "link", "set", "lo", "up"]):
        subprocess.run(command, check=True)
    portmapper = Server("rpcbind", ["rpcbind", "-f"])
    time.sleep(1)
    return portmapper


def main():
    """Runs all."""
    peer = os.geteuid() == 0 and shutil.which("ganesha.nfsd") and shutil.which("rpcbind")
    if peer and ALONE not in os.environ:
        os.environ[ALONE] = "1"
        os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv])
    subprocess.run(["ninja", "-C", BUILD, "tests/bench/nfs-load", "tests/bench/udp-echo"], check=True,
                   stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="pxe-run-bench-") as name:
        folder, running = Path(name), []
        try:
            tree, iso = make_medium(folder)
            if peer:
                running.append(start_network())
                running.append(ganesha(folder, tree))
            peers = running[1:]
            ours = [serve("--iso", iso), serve("--root", "--root", tree)]
            running += ours
            for where in [SAME, ANY] if CPU != "0" else [SAME]:
                bench_udp(ours, peers, where)
            bench_tcp(ours, peers)
            bench_memory(ours)
        finally:
            for server in reversed(running):
                server.stop()


if __name__ == "__main__":
    main()
