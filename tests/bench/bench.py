#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures what a user waits for, each figure against a baseline of the same run.

    bench.py BUILD-DIRECTORY [RUNS]

Emulation (TCG), so that it is the same on every machine. The limits are those that the project has set
itself; the last column says whether a figure keeps to them.
"""
import os
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BUILD = Path(sys.argv[1]).resolve()
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
PXE_RUN = BUILD / "launcher/pxe-run"
DEMO = BUILD / "tests/guest/demo.iso"
LARGE_FILES, LARGE_BYTES = 30_000, 600 << 20


def frames(path):
    """Yields (time in seconds, frame) of a capture; what is not complete yet is left out."""
    data = path.read_bytes() if path.exists() else b""
    if len(data) < 24:
        return
    unit = 1e9 if struct.unpack_from("<I", data)[0] == 0xa1b23c4d else 1e6
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, captured, _ = struct.unpack_from("<IIII", data, at)
        if at + 16 + captured > len(data):
            return
        yield seconds + fraction / unit, data[at + 16:at + 16 + captured]
        at += 16 + captured


def udp(frame):
    """(source port, destination port, payload) of UDP over IPv4, or None; fragments are left out."""
    if len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] != 17 or frame[20] & 0x3f or frame[21]:
        return None
    return (*struct.unpack_from(">HH", frame, 34), frame[42:])


def dhcp_type(payload):
    """Option 53 of a DHCP message."""
    at = 240
    while at + 2 < len(payload) and payload[at] != 255:
        if payload[at] == 53:
            return payload[at + 2]
        at += 1 if payload[at] == 0 else 2 + payload[at + 1]
    return 0


def boot_times(command, pcap, limit=30):
    """Runs QEMU until the boot program is asked for; seconds from exec to DISCOVER, ACK and that request."""
    pcap.unlink(missing_ok=True)
    seen = {}
    start, start_wall = time.monotonic(), time.time()
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while "rrq" not in seen and time.monotonic() - start < limit:
        time.sleep(0.05)
        for when, frame in frames(pcap):
            packet = udp(frame)
            if packet is None:
                continue
            if packet[1] == 67 and dhcp_type(packet[2]) == 1:
                seen.setdefault("discover", when - start_wall)
            elif packet[0] == 67 and dhcp_type(packet[2]) == 5:
                seen.setdefault("ack", when - start_wall)
            elif packet[1] == 69:
                seen.setdefault("rrq", when - start_wall)
    process.terminate()
    process.wait()
    return seen


def median(values):
    """The median of the values that are there."""
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else float("nan")


def report(name, figure, unit, baseline, ratio, limit, good):
    """Prints one row."""
    print(f"{name:42} {figure:10.3f} {unit:3}  {baseline:40} {ratio:>8}  {limit:14} {'ok' if good else 'MISSED'}",
          flush=True)


def bench_start(folder):
    """exec → DHCP → TFTP request, against QEMU's own user networking."""
    (folder / "tftp/boot").mkdir(parents=True)
    (folder / "tftp/boot/pxeboot").write_bytes(bytes(1000))
    pcap = folder / "x.pcap"
    stock = ["qemu-system-x86_64", "-accel", "tcg", "-display", "none", "-boot", "n",
             "-netdev", f"user,id=n,tftp={folder}/tftp,bootfile=boot/pxeboot", "-device", "rtl8139,netdev=n",
             "-object", f"filter-dump,id=d,netdev=n,file={pcap}"]
    ours = {boot: [PXE_RUN, "--iso", DEMO, "--boot", boot, "--accel", "tcg", "--display", "none",
                   "--pcap", "/dev/stdout"] for boot in ("iso", "rom")}
    results = {"stock": [], "iso": [], "rom": []}
    for _ in range(RUNS):
        results["stock"].append(boot_times(stock, pcap))
        for boot, command in ours.items():
            command[-1] = pcap
            results[boot].append(boot_times(command, pcap))
    base = median([r.get("rrq") for r in results["stock"]])
    for boot in ours:
        value = median([r.get("rrq") for r in results[boot]])
        report(f"exec to TFTP request (--boot {boot})", value, "s", f"stock -netdev user -boot n: {base:.2f} s",
               f"{value / base:.3f}", "<= 0.200", value <= base / 5)
    dhcp = {name: median([1000 * (r["ack"] - r["discover"]) for r in rows if "ack" in r])
            for name, rows in results.items()}
    report("iPXE's DHCP, DISCOVER to ACK", dhcp["iso"], "ms", f"stock: {dhcp['stock']:.0f} ms",
           f"{dhcp['iso'] / dhcp['stock']:.4f}", "<= 50 ms", dhcp["iso"] <= 50)


def bench_exec(folder):
    """exec of pxe-run → exec of QEMU with a large ISO, and what it keeps in memory."""
    subprocess.run(["ninja", "-C", BUILD, "tests/bench/exec-stamp"], check=True, stdout=subprocess.DEVNULL)
    tree = folder / "tree"
    for index in range(LARGE_FILES):
        directory = tree / f"usr/share/d{index // 100}"
        if index % 100 == 0:
            directory.mkdir(parents=True)
        (directory / f"file-with-a-name-{index}").write_bytes(b"x" * 100)
    (tree / "boot").mkdir()
    (tree / "boot/pxeboot").write_bytes(b"FreeBSD/x86 bootstrap loader" + bytes(250_000))
    with open(tree / "large", "wb") as file:
        file.truncate(LARGE_BYTES)
    iso = folder / "large.iso"
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", iso, tree], check=True,
                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stamp = folder / "stamp"
    environment = {**os.environ, "BENCH_STAMP": str(stamp)}
    fake = BUILD / "tests/bench/exec-stamp"

    def once(command):
        start = time.clock_gettime(time.CLOCK_MONOTONIC)
        subprocess.run(list(map(str, command)), env=environment, check=False, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return 1000 * (float(stamp.read_text()) - start)

    bare, ours = [], []
    for _ in range(RUNS + 1):
        bare.append(once([fake]))
        ours.append(once([PXE_RUN, "--iso", iso, "--accel", "tcg", "-q", "--qemu", fake]))
    value, base = median(ours[1:]), median(bare[1:])
    report("exec to QEMU, 600 MB, 30,000 files", value, "ms", f"exec alone: {base:.1f} ms",
           f"{value / base:.1f}", "<= 20 ms", value <= 20)

    process = subprocess.Popen([PXE_RUN, "--iso", iso, "--accel", "tcg", "-q", "--display", "none"],
                               stdin=subprocess.DEVNULL)
    time.sleep(2)
    status = Path(f"/proc/{process.pid}/status").read_text()
    process.terminate()
    process.wait()
    memory = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in status.splitlines()
              if line.startswith(("VmRSS", "VmHWM"))}
    report("resident memory, the same ISO", memory["VmRSS"], "MiB", f"highest: {memory['VmHWM']:.1f} MiB", "",
           "<= 30 MiB", memory["VmHWM"] <= 30)


def bench_read(folder):
    """NFS READ of 1 KiB, request to reply, in a capture of the demo guest's boot."""
    pcap = folder / "demo.pcap"
    subprocess.run([PXE_RUN, "--iso", DEMO, "--accel", "tcg", "--display", "none", "-q", "--pcap", pcap,
                    "--timeout", "120"], check=True, stdin=subprocess.DEVNULL)
    asked, answer, think, last = {}, [], [], None
    for when, frame in frames(pcap):
        packet = udp(frame)
        if packet is None or 2049 not in packet[:2] or len(packet[2]) < 24:
            continue
        xid = packet[2][:4]
        if packet[1] == 2049 and packet[2][20:24] == b"\0\0\0\6":
            asked[xid] = when
            if last is not None:
                think.append(when - last)
        elif packet[0] == 2049 and xid in asked and 1100 <= len(packet[2]) <= 1200:
            answer.append(1e6 * (when - asked.pop(xid)))
            last = when
    answer.sort()
    middle, p99 = statistics.median(answer), answer[len(answer) * 99 // 100]
    own = 1e6 * statistics.median(think)
    report(f"READ of 1 KiB, median of {len(answer)}", middle, "us", f"guest's own time between two: {own:.0f} us",
           f"{middle / own:.4f}", "<= 25 us", middle <= 25)
    report("READ of 1 KiB, 99th percentile", p99, "us", "", f"{p99 / own:.4f}", "<= 60 us", p99 <= 60)


def guest_gaps(pcap, size):
    """The times, in seconds, from a reply to a READ of @size bytes to the next READ."""
    gaps, last, asked = [], None, set()
    for when, frame in frames(pcap):
        packet = udp(frame)
        if packet is None or 2049 not in packet[:2] or len(packet[2]) < 24:
            continue
        if packet[1] == 2049 and packet[2][20:24] == b"\0\0\0\6":
            if last is not None:
                gaps.append(when - last)
            last = None
            asked.add(packet[2][:4])
        elif packet[0] == 2049 and packet[2][:4] in asked:
            last = when if 0 <= len(packet[2]) - size - 96 <= 40 else None
    return gaps


def read_seconds(pcap):
    """The time from the first READ of an NFS file to the last one."""
    asked = [when for when, frame in frames(pcap)
             if (packet := udp(frame)) and packet[1] == 2049 and packet[2][20:24] == b"\0\0\0\6"]
    return asked[-1] - asked[0]


def stack_tree(folder, gen, *conf):
    """An ISO with the loader double @gen and a kernel of 4 MB."""
    iso = folder / f"{gen}.iso"
    subprocess.run(["ninja", "-C", BUILD, f"tests/guest/loader-{gen}", "tests/guest/kernel-double"], check=True,
                   stdout=subprocess.DEVNULL)
    lines = [word for line in ('double.poweroff="YES"', *conf) for word in ("--loader-conf", line)]
    subprocess.run([sys.executable, SOURCE / "tests/guest/make-tree.py", folder / gen,
                    "--loader", BUILD / f"tests/guest/loader-{gen}", "--kernel", BUILD / "tests/guest/kernel-double",
                    "--kernel-size", "4000000", "--mfsroot-size", "100000", *lines, "--iso", iso], check=True)
    return iso


def boot_stack(iso, pcap, options):
    """A boot to the end, with a capture."""
    subprocess.run([PXE_RUN, "--iso", iso, "--accel", "tcg", "--display", "none", "-q", "--pcap", pcap,
                    "--timeout", "120", *options], check=True, stdin=subprocess.DEVNULL)


def bench_stack(folder):
    """
    The guest's own time for a READ of 1 KiB on our PXE stack and on iPXE's, of its ROM and of ipxe.lkrn.

    Most of gen12's and gen15's is the loader's: 54 and 45 changes into real mode and back, to ask the clock; gen7
    asks it once. So what counts for them is to ask seldom: how long all READs take with the plan's nfs.read_size.
    """
    script = folder / "boot.ipxe"
    script.write_text("#!ipxe\ndhcp && chain ${filename}\n")
    lkrn = ["--", "-kernel", "/usr/lib/ipxe/ipxe.lkrn", "-initrd", script]
    ways = {"own": ["--pxe-stack", "own"], "ROM": ["--pxe-stack", "ipxe"], "lkrn": ["--pxe-stack", "ipxe", *lkrn]}
    pcap = folder / "stack.pcap"
    for gen, part, limit in (("gen7", 5, 0.2), ("gen10", 5, 0.2), ("gen12", 6, 2.0), ("gen15", 6, 2.0)):
        iso = stack_tree(folder, gen, 'nfs.read_size="1024"')
        figures = {}
        for way, options in ways.items():
            gaps = []
            for _ in range(max(RUNS // 2, 1)):
                boot_stack(iso, pcap, options)
                gaps += guest_gaps(pcap, 1024)
            figures[way] = 1000 * statistics.median(gaps)
        value, base = figures["own"], figures["lkrn"]
        report(f"guest's time per READ, {gen}", value, "ms", f"ipxe.lkrn: {base:.3f} ms, ROM: {figures['ROM']:.3f} ms",
               f"{value / base:.3f}", f"<= {limit}, 1/{part}", value <= limit and value <= base / part)
    for gen in ("gen12", "gen15"):
        iso, wholes = stack_tree(folder, gen), {}
        for way, options in ways.items():
            whole = []
            for _ in range(max(RUNS // 2, 1)):
                boot_stack(iso, pcap, options)
                whole.append(read_seconds(pcap))
            wholes[way] = statistics.median(whole)
        report(f"all READs, 4 MB, as planned, {gen}", wholes["own"], "s",
               f"ipxe.lkrn: {wholes['lkrn']:.2f} s, ROM: {wholes['ROM']:.2f} s",
               f"{wholes['own'] / wholes['lkrn']:.3f}", "1/6", wholes["own"] <= wholes["lkrn"] / 6)


def bench_unpack(folder):
    """A packed ISO against xz itself, and the second run, which finds it in the cache."""
    words = [random.Random(i).randbytes(3 + i % 9) for i in range(20_000)]
    tree, image, out = folder / "tree", folder / "image.iso", folder / "out"
    write = {"boot/pxeboot": b"FreeBSD/x86 bootstrap loader",
             "data": b"".join(random.Random(1).choices(words, k=20_000_000))}
    for name, content in write.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", image, tree], check=True,
                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(["xz", "-1", "-T2", image], check=True)
    packed, stamp, fake = folder / "image.iso.xz", folder / "stamp", BUILD / "tests/bench/exec-stamp"
    environment = {**os.environ, "TMPDIR": str(folder), "XDG_CACHE_HOME": str(folder), "BENCH_STAMP": str(stamp)}

    def seconds(command, **popen):
        start = time.monotonic()
        subprocess.run(list(map(str, command)), check=True, env=environment, stdin=subprocess.DEVNULL, **popen)
        return time.monotonic() - start

    theirs, ours, again = [], [], []
    for _ in range(RUNS):
        with open(out, "wb") as file:
            theirs.append(seconds(["xz", "-dc", packed], stdout=file))
        ours.append(seconds([PXE_RUN, "inspect", "-q", "--no-cache", packed], stdout=subprocess.DEVNULL))
    value, base = median(ours), median(theirs)
    report("unpacking an ISO of 130 MB, .xz", value, "s", f"xz -dc: {base:.2f} s", f"{value / base:.2f}", "<= 1.10",
           value <= 1.1 * base)
    for _ in range(RUNS + 1):
        start = time.clock_gettime(time.CLOCK_MONOTONIC)
        subprocess.run([PXE_RUN, packed, "--accel", "tcg", "-q", "--qemu", fake], env=environment, check=False,
                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        again.append(1000 * (float(stamp.read_text()) - start))
    value = median(again[1:])
    report("exec to QEMU, the same, from the cache", value, "ms", f"the first time: {again[0]:.0f} ms",
           f"{value / again[0]:.3f}", "<= 20 ms", value <= 20)


def main():
    """Runs all."""
    print(f"{'figure':34} {'':>10}      {'baseline':40} {'ratio':>8}  {'limit':14}")
    subprocess.run(["ninja", "-C", BUILD, "tests/guest/demo.iso"], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="pxe-run-bench-") as folder:
        for bench in (bench_exec, bench_unpack, bench_start, bench_read, bench_stack):
            bench(Path(tempfile.mkdtemp(dir=folder)))


if __name__ == "__main__":
    main()
