#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds, inputs from described messages: make-seeds.py [DIRECTORY].

The same files in every run: corpus/TARGET/seed-NAME. What fuzzing found lies beside them.
"""
import sys
from pathlib import Path

import image_seeds
import launcher_seeds
import medium_seeds
import network_seeds


def main():
    """Writes all seeds below the directory given, or beside this file."""
    top = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "corpus"
    for module in (image_seeds, launcher_seeds, medium_seeds, network_seeds):
        for target, seeds in module.SEEDS.items():
            (top / target).mkdir(parents=True, exist_ok=True)
            for name, content in seeds().items():
                (top / target / f"seed-{name}").write_bytes(content)


if __name__ == "__main__":
    main()
