#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks who may include whom: the layers of CONTRIBUTING.md, and the libraries that one file owns."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Each layer with those that it may use besides itself.
LAYERS = {
    "base": set(),
    "images": {"base"},
    "nfs": {"base", "images/vfs.h"},
    "slirp-config/net": {"base"},
    "slirp-config": {"base", "nfs", "images/vfs.h", "slirp-config/net"},
    "launcher": {"base", "nfs", "images", "slirp-config", "slirp-config/net"},
}

# Headers of libraries, and the only files that may include them.
OWNERS = {
    "slirp/libslirp.h": {"slirp-config/gateway.c"},
    "libisofs/libisofs.h": {"images/iso-scan.c", "images/iso-scan-child.c",
                            "images/iso-table-builder.c", "images/iso-writer.c"},
    "json-c/json.h": {"base/json.h"},
    "lzma.h": {"images/decoder-xz.c"},
    "zlib.h": {"images/kernel-file.c", "images/decoder-gzip.c", "images/gzip.c"},
    "glib-unix.h": {"launcher/console.c", "launcher/output.c", "launcher/qemu-process.c", "launcher/qmp.c",
                    "launcher/end-signals.c"},
}


def layer_of(path):
    """The layer that a path belongs to: the longest name that it starts with."""
    return max((name for name in LAYERS if str(path).startswith(name + "/")), key=len)


def allowed(layer, included):
    """Whether a file of @layer may include @included."""
    return (layer_of(included) == layer or included in LAYERS[layer]
            or layer_of(included) in LAYERS[layer])


def main():
    """Prints each offence; returns their number."""
    offences = 0
    for path in sorted(p for name in LAYERS for p in (ROOT / name).glob("*.[ch]")):
        name = str(path.relative_to(ROOT))
        for number, line in enumerate(path.read_text().splitlines(), 1):
            quoted = re.match(r'#include "([^"]+)"', line)
            angled = re.match(r"#include <([^>]+)>", line)
            why = None
            if quoted and quoted[1] != "launcher/config.h" and not (ROOT / quoted[1]).exists():
                why = "is no path from the root"
            elif quoted and not allowed(layer_of(name), quoted[1]):
                why = f"is no business of {layer_of(name)}/"
            elif angled and angled[1] in OWNERS and name not in OWNERS[angled[1]]:
                why = "belongs to " + ", ".join(sorted(OWNERS[angled[1]]))
            if why:
                offences += 1
                print(f"{name}:{number}: {(quoted or angled)[1]} {why}")
    return offences


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
