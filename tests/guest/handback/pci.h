/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a PXE stack might change on the PCI bus. */
#pragma once

/* Prints where the network cards' registers are, and what lies below the first megabyte. */
void pci_print(void);
