#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's own network boot, unmodified: PXELINUX by TFTP, then its installer up to the first screen.

The package's menu is in a graphics mode, where there is no text to read; so the tree here has a
configuration of its own in front of the package's PXELINUX, kernel and initrd.
"""
import shutil
from pathlib import Path

from harness import main, run, test, tmpdir, write_tree

IMAGES = Path("/usr/lib/debian-installer/images/12/amd64/text")
FILES = IMAGES / "debian-installer/amd64"


@test
def the_packages_menu_is_reached():
    """The whole tree as it is: dozens of TFTP requests through symbolic links, up to its menu's files."""
    with tmpdir() as d:
        run("--root", IMAGES, "--pcap", d / "x.pcap", "--timeout", "25", "--log", "tftp:info"
            ).expect(6, "RRQ 'pxelinux.0'", "RRQ 'pxelinux.cfg/default'", "menu.cfg", "vesamenu.c32",
                     "RRQ 'debian-installer/amd64/boot-screens/splash.png'")


@test
def installer_shows_its_first_screen():
    with tmpdir() as d:
        for name in ("pxelinux.0", "boot-screens/ldlinux.c32", "linux", "initrd.gz"):
            target = d / Path(name).name
            shutil.copyfile(FILES / name, target)
        write_tree(d, {"pxelinux.cfg/default":
                       "DEFAULT install\nPROMPT 0\nLABEL install\nKERNEL linux\n"
                       "APPEND initrd=initrd.gz vga=normal nomodeset fb=false priority=low\n"})
        run("--root", d, "--memory", "1G", "--expect", "Choose language|Select a language|installer main menu",
            "--timeout", "280", timeout=300).expect(0, "expected")


if __name__ == "__main__":
    main()
