#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the program's options, commands, NICs and exit statuses with the manual page and the completion."""
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("run", "inspect", "ipxe-iso", "serve", "mfsroot", "layout")


def help_text(command):
    """What `pxe-run COMMAND --help` prints."""
    return subprocess.run([os.environ["PXE_RUN"], command, "--help"], capture_output=True,
                          text=True, check=True).stdout


def options_in(text):
    """The long options in a --help text."""
    return set(re.findall(r"^  (?:-\w, )?--([\w-]+)", text, re.M))


def main():
    """Prints each difference; returns whether there is one."""
    wrong = []
    texts = {command: help_text(command) for command in COMMANDS}
    options = set().union(*map(options_in, texts.values())) | {"help"}
    page = (ROOT / "docs/pxe-run.1").read_text()
    completion = (ROOT / "docs/pxe-run.bash-completion").read_text()
    in_page = set(re.findall(r"^\.It (?:Fl \w , )?Fl -([\w-]+)", page, re.M))
    in_completion = set(re.findall(r"--([a-z][\w-]*)", re.search(r"options='([^']*)'", completion)[1]))
    for name, documented in (("manual page", in_page), ("completion", in_completion)):
        wrong += [f"--{o} is not in the {name}" for o in sorted(options - documented)]
        wrong += [f"--{o} is only in the {name}" for o in sorted(documented - options)]
    for command in COMMANDS:
        if f".It Cm {command}" not in page or command not in completion:
            wrong.append(f"the command {command} is not everywhere")
    nics = re.findall(r'^    \{ "(\w+)",', (ROOT / "images/nic-table.c").read_text(), re.M)
    for nic in nics:
        if nic not in page or nic not in completion:
            wrong.append(f"the NIC {nic} is not everywhere")
    for status in re.findall(r"^ +(\d+)  ", texts["run"], re.M):
        if int(status) < 128 and not re.search(rf"^\.It {status}$", page, re.M):
            wrong.append(f"exit status {status} is not in the manual page")
        if int(status) < 128 and not re.search(rf"^\| {status} \|", (ROOT / "README.md").read_text(), re.M):
            wrong.append(f"exit status {status} is not in the README")
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
