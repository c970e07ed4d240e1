# SPDX-License-Identifier: GPL-2.0-or-later
# What the guest's programs share: words for the serial line, which the test reads.
say() { echo "GUEST: $*"; }

# The last word. The machine is not turned off: the test ends it.
fail() {
    say "FAIL $*"
    exec sleep 1000
}
pass() {
    say PASS
    exec sleep 1000
}

seconds() { cut -d' ' -f1 /proc/uptime; }
