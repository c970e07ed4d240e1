# SPDX-License-Identifier: GPL-2.0-or-later
"""Has tshark, which knows nothing of us, take a capture of the LAN apart."""
import collections
import subprocess

# What is odd: malformed, bytes behind a message that RPC does not know, a warning. That TCP lost, repeated or
# reset something is no fault of a message, nor that TFTP says of a file that it is not there.
ODD = ("_ws.malformed or (rpc and data) or rpc.unknown_body or (_ws.expert.severity >= 0x600000 and "
       "not tcp.analysis.flags and not tcp.flags.reset == 1 and not tftp.opcode == 5)")

# A client's port may be one that wireshark knows by another name.
OPTIONS = ("-d", "tcp.port==111,rpc", "-d", "tcp.port==2049,rpc", "-d", "tcp.port==20048,rpc",
           "--disable-protocol", "msdp")


def fields(pcap, condition, *names):
    """Yields a tuple of these fields of each frame that fulfills @condition; several values are a list."""
    command = ["tshark", "-r", str(pcap), *OPTIONS, "-Y", condition, "-T", "fields"]
    for name in names:
        command += ["-e", name]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    for line in done.stdout.decode().splitlines():
        yield tuple(field.split(",") for field in line.split("\t"))


def trouble(pcap):
    """Yields what tshark finds wrong, as text."""
    for number, protocols, messages in fields(pcap, ODD, "frame.number", "frame.protocols",
                                              "_ws.expert.message"):
        yield f"frame {number[0]} ({protocols[0]}): {', '.join(messages) or 'bytes left over'}"


def statuses(pcap, version):
    """{procedure number: {status: how often}} of the replies of that NFS version."""
    result = collections.defaultdict(collections.Counter)
    condition = f"rpc.msgtyp == 1 and nfs.procedure_v{version}"
    status = {2: "nfs.status2", 3: "nfs.status3"}[version]
    for procedures, found in fields(pcap, condition, f"nfs.procedure_v{version}", status):
        for procedure, value in zip(procedures, found):
            result[int(procedure)][value] += 1
    return result
