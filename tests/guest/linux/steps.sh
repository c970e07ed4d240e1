# SPDX-License-Identifier: GPL-2.0-or-later
# The steps of the test on a tree that is mounted read-write by NFS, so that the server must refuse.
NFS_PORT=2049
LARGE=/mnt/large # the file for what takes a while

mount_nfs() { mount -t nfs -o "nolock,$2" "$1" /mnt; }

# mount_as OPTIONS WORDS: mounts; each of the words must be among the options that the kernel uses then.
mount_as() {
    mount_nfs "$nfsroot" "$1" || fail "cannot mount with $1"
    options=$(awk '$2 == "/mnt" { print $4 }' /proc/mounts)
    for word in rw $2; do
        case ",$options," in
        *",$word,"*) ;;
        *) fail "mounted with $options, without $word" ;;
        esac
    done
    say "mounted $options"
}

step_mount3() { mount_as vers=3,proto=tcp "vers=3 proto=tcp mountproto=tcp"; }
# The kernel asks portmapper and mount daemon over UDP, in versions of its choice.
step_mount3_by_udp() { mount_as vers=3,proto=tcp,mountproto=udp "vers=3 mountproto=udp"; }
step_mount2() { mount_as vers=2,proto=tcp "vers=2 proto=tcp rsize=8192"; }
step_umount() { umount /mnt || fail "umount"; }

# Debian's kernels are built without NFS over UDP; should one be able to, more must be tested here.
step_no_udp() {
    mount_nfs "$nfsroot" vers=3,proto=udp 2>/dev/null && fail "this kernel mounts over UDP"
    say "this kernel mounts over TCP alone"
}

# All names, attributes and contents below /mnt, for the test to compare; the large directory apart.
below() { find . -path . -o -path ./many -prune -o "$@"; }
step_walk() {
    cd /mnt || fail "cd /mnt"
    below -type d -exec stat -c 'GUEST: dir %f %Y %n' {} +
    below ! -type d -exec stat -c 'GUEST: file %f %s %Y %n' {} +
    below -type l -exec sh -c 'echo "GUEST: link $(readlink "$1") $1"' sh {} \;
    below -type f -exec md5sum {} + | sed 's/^/GUEST: sum /'
    cd /
}
step_many_names() {
    cd /mnt/many || fail "cd /mnt/many"
    say "many-names $(printf '%s\n' * | md5sum | cut -d' ' -f1)"
    cd /
}
step_many() {
    say "many-sizes $(find /mnt/many -type f -exec stat -c '%s %n' {} + | sort -k 2 | md5sum | cut -d' ' -f1)"
    say "many-read $(cat /mnt/many/*00-* | md5sum | cut -d' ' -f1)"
}

# refused ERROR COMMAND…: the command must fail with that error. Those that ask a terminal have none.
refused() {
    wanted=$1
    shift
    error=$("$@" 2>&1 </dev/null) && fail "'$*' was not refused"
    case "$error" in
    *"$wanted"*) refusals=$((refusals + 1)) ;;
    *) fail "'$*': $error, not $wanted" ;;
    esac
}
EROFS='Read-only file system'
EACCES='Permission denied'

refused_in_any_version() {
    refused "$EROFS" touch new
    refused "$EROFS" mkdir new
    refused "$EROFS" mknod new p
    refused "$EROFS" mknod new c 1 3
    refused "$EROFS" ln -s target new
    refused "$EROFS" ln file new
    refused "$EROFS" mv file new
    refused "$EROFS" mv dir new
    refused "$EROFS" mv file other
    refused "$EROFS" rm -f file
    refused "$EROFS" rm -f link
    refused "$EROFS" rmdir dir
    refused "$EROFS" chmod 600 file
    refused "$EROFS" chmod 700 dir
    refused "$EROFS" chown 1:1 file
    refused "$EROFS" chown -h 1:1 link
    refused "$EROFS" touch -d '2000-01-01 00:00' file
    refused "$EROFS" touch -d '2000-01-01 00:00' dir
    # A file that is open is renamed in place of being removed.
    exec 3<file
    refused "$EROFS" rm -f file
    exec 3<&-
}
# Version 3 has ACCESS, by which the server says that it will not be written to: so open(2) fails already.
step_refused3() {
    refusals=0
    cd /mnt/refused || fail "cd /mnt/refused"
    refused_in_any_version
    refused "$EACCES" sh -c 'echo more >>file'
    refused "$EACCES" sh -c 'echo other >file'
    refused "$EACCES" truncate -s 0 file
    check_unchanged
}
step_refused2() {
    refusals=0
    cd /mnt/refused || fail "cd /mnt/refused"
    refused_in_any_version
    refused "$EROFS" truncate -s 0 file
    refused "$EROFS" dd if=/dev/zero of=file bs=4 count=1 conv=notrunc,fsync
    check_unchanged
}
check_unchanged() {
    [ "$(ls)" = "$(printf 'dir\nfile\nlink\nother')" ] || fail "what was refused was done: $(ls)"
    cd /
    say "refused $refusals kinds of writing"
}

# How often the mount has connected, and how long its connection was in the making.
connects() { awk '/ mounted on \/mnt / { found = 1 } found && /xprt:/ { print $5; exit }' /proc/self/mountstats; }
forget_pages() { echo 3 >/proc/sys/vm/drop_caches; }

# Resets the connection again and again while a file is read.
step_reset() {
    wanted=$(md5sum <$LARGE)
    forget_pages
    before=$(connects)
    resets=0
    md5sum <$LARGE >/tmp/sum &
    reader=$!
    while kill -0 $reader 2>/dev/null && [ $resets -lt 4 ]; do
        usleep 30000
        resets=$((resets + $(reset-tcp $NFS_PORT)))
    done
    wait $reader || fail "reading, with resets"
    [ "$wanted" = "$(cat /tmp/sum)" ] || fail "other bytes with resets: $(cat /tmp/sum)"
    [ $resets -gt 0 ] && [ "$(connects)" -gt "$before" ] || fail "$resets resets, $before connects"
    say "reset $resets times while reading, connected $(($(connects) - before)) times more"
}

# Opens more connections than the server keeps: ours, silent longest, is closed in the middle of a file.
step_evict() {
    wanted=$(md5sum <$LARGE)
    forget_pages
    before=$(connects)
    exec 3<$LARGE
    dd bs=64k count=8 <&3 >/tmp/copy 2>/dev/null || fail "dd"
    for i in $(seq 70); do
        sleep 1000 | nc "${nfsroot%%:*}" $NFS_PORT >/dev/null 2>&1 &
    done
    # The ones that connect last close the first of their own kind: 64 stay.
    tries=0
    while [ "$(netstat -tn | grep -c ":$NFS_PORT *ESTABLISHED")" -lt 64 ] && [ $tries -lt 50 ]; do
        usleep 100000
        tries=$((tries + 1))
    done
    cat <&3 >>/tmp/copy || fail "reading, when closed by the server"
    exec 3<&-
    [ "$wanted" = "$(md5sum </tmp/copy)" ] || fail "other bytes, when closed by the server"
    [ "$(connects)" -gt "$before" ] || fail "the server kept more connections than it should"
    killall sleep
    rm /tmp/copy
    say "closed by the server while reading, connected $(($(connects) - before)) times more"
}

# Uses the memory that a file will be cached in: the host gives the guest a page only when it is touched, which
# takes longer than to bring what goes there over the network.
touch_memory() {
    dd if=/dev/zero of=/tmp/touched bs=1M count=160 2>/tmp/error || fail "$(cat /tmp/error)"
    rm /tmp/touched
}

# timed WORDS COMMAND…: says how long the command took, of a file that is in nobody's cache here.
timed() {
    words=$1
    shift
    forget_pages
    before=$(seconds)
    "$@" 2>/tmp/error || fail "$*: $(cat /tmp/error)"
    say "seconds $words $(awk "BEGIN { print $(seconds) - $before }")"
}
step_time_nfs() {
    touch_memory
    for size in 32768 65536; do
        mount_nfs "$nfsroot" "vers=3,proto=tcp,rsize=$size" || fail "cannot mount with rsize=$size"
        timed "nfs $size" dd if=$LARGE of=/dev/null bs=64k
        timed "nfs $size uncached" dd if=$LARGE of=/dev/null bs=1M iflag=direct
        step_umount
    done
}
step_time_http() {
    touch_memory
    timed http wget -q -O /dev/null "$http"
}
