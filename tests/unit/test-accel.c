/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher/accel.c: KVMs of every kind, played by a test; only one that runs the guest is trusted.
 */
#include "launcher/accel.h"
#include "launcher/kvm-probe/kvm-probe.h"
#include "tests/lan/rows.h"

#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_SIZE  0x3000
#define EXITS_MAX 20

/* What the guest leaves KVM with: KVM_RUN's exits, one after the other. */
typedef struct {
    guint32 reason;
    guint8 direction;
    guint16 port;
    guint32 offset; /* of the byte */
    guint8 byte;
} Exit;

typedef struct {
    const char *name;
    gulong fails; /* the call that does, or 0 */
    Exit exits[4];
    AccelResult result;
} KvmRow;

#define OUT(byte)                                                                                  \
    {                                                                                              \
        KVM_EXIT_IO, KVM_EXIT_IO_OUT, 0xf4, 0x1000, byte                                           \
    }
#define HALT                                                                                       \
    {                                                                                              \
        .reason = KVM_EXIT_HLT                                                                     \
    }

static const KvmRow kvm_rows[] = {
    { "works", 0, { OUT(0x5a), HALT }, ACCEL_WORKS },
    { "makes-no-machine", KVM_CREATE_VM, { OUT(0x5a), HALT }, ACCEL_NO_VM },
    { "has-no-size", KVM_GET_VCPU_MMAP_SIZE, { OUT(0x5a), HALT }, ACCEL_NO_VM },
    { "takes-no-memory", KVM_SET_USER_MEMORY_REGION, { OUT(0x5a), HALT }, ACCEL_NO_VM },
    { "makes-no-processor", KVM_CREATE_VCPU, { OUT(0x5a), HALT }, ACCEL_NO_VM },
    { "tells-no-registers", KVM_GET_SREGS, { OUT(0x5a), HALT }, ACCEL_NO_GUEST },
    { "takes-no-segments", KVM_SET_SREGS, { OUT(0x5a), HALT }, ACCEL_NO_GUEST },
    { "takes-no-registers", KVM_SET_REGS, { OUT(0x5a), HALT }, ACCEL_NO_GUEST },
    { "does-not-run", KVM_RUN, { OUT(0x5a), HALT }, ACCEL_NO_GUEST },
    { "halts-at-once", 0, { HALT }, ACCEL_NO_GUEST },
    { "writes-something-else", 0, { OUT(0x5b), HALT }, ACCEL_NO_GUEST },
    { "writes-and-thinks-again", 0, { OUT(0x5a), OUT(0), HALT }, ACCEL_NO_GUEST },
    { "writes-elsewhere",
      0,
      { { KVM_EXIT_IO, KVM_EXIT_IO_OUT, 0xf5, 0x1000, 0x5a }, HALT },
      ACCEL_NO_GUEST },
    { "reads", 0, { { KVM_EXIT_IO, KVM_EXIT_IO_IN, 0xf4, 0x1000, 0x5a }, HALT }, ACCEL_NO_GUEST },
    { "byte-that-is-not-there",
      0,
      { { KVM_EXIT_IO, KVM_EXIT_IO_OUT, 0xf4, 0xfffffff0, 0x5a }, HALT },
      ACCEL_NO_GUEST },
    { "resets", 0, { OUT(0x5a), { .reason = KVM_EXIT_SHUTDOWN } }, ACCEL_NO_GUEST },
    { "internal-error", 0, { { .reason = KVM_EXIT_INTERNAL_ERROR } }, ACCEL_NO_GUEST },
    { "error-after-the-byte",
      0,
      { OUT(0x5a), { .reason = KVM_EXIT_INTERNAL_ERROR } },
      ACCEL_NO_GUEST },
    { "entry-fails", 0, { { .reason = KVM_EXIT_FAIL_ENTRY } }, ACCEL_NO_GUEST },
    { "memory-that-is-not-there", 0, { { .reason = KVM_EXIT_MMIO } }, ACCEL_NO_GUEST },
    { "writes-for-ever", 0, { OUT(0x5a), OUT(0x5a), OUT(0x5a), OUT(0x5a) }, ACCEL_NO_GUEST },
};

/* The KVM that plays now; a child's copy of it, since it is called without a pointer. */
static struct {
    const KvmRow *row;
    struct kvm_run *run;
    guint next;
} kvm;

static int
make_vcpu(void)
{
    int fd = memfd_create("vcpu", MFD_CLOEXEC);
    void *run;

    g_assert_cmpint(ftruncate(fd, RUN_SIZE), ==, 0);
    run = mmap(NULL, RUN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    g_assert_true(run != MAP_FAILED);
    kvm.run = run;
    return fd;
}

static int
run_vcpu(void)
{
    const Exit *next = &kvm.row->exits[MIN(kvm.next, G_N_ELEMENTS(kvm.row->exits) - 1)];

    g_assert_cmpuint(kvm.next++, <, EXITS_MAX);
    kvm.run->exit_reason = next->reason;
    kvm.run->io.direction = next->direction;
    kvm.run->io.port = next->port;
    kvm.run->io.data_offset = next->offset;
    if (next->offset < RUN_SIZE)
        ((guint8 *)kvm.run)[next->offset] = next->byte;
    return 0;
}

/* The guest's memory holds the probe, at its beginning. */
static void
check_memory(const struct kvm_userspace_memory_region *region)
{
    g_assert_cmpuint(region->guest_phys_addr, ==, 0);
    ROW_CMPMEM((const guint8 *)(guintptr)region->userspace_addr, (gsize)kvm_probe_size, kvm_probe,
               (gsize)kvm_probe_size);
}

static int
fake_ioctl(int fd, gulong request, guintptr arg)
{
    (void)fd;
    if (request == kvm.row->fails) {
        errno = EINVAL;
        return -1;
    }
    switch (request) {
    case KVM_GET_VCPU_MMAP_SIZE:
        return RUN_SIZE;
    case KVM_SET_USER_MEMORY_REGION:
        check_memory((const void *)arg);
        return 0;
    case KVM_CREATE_VCPU:
        return make_vcpu();
    case KVM_RUN:
        return run_vcpu();
    default:
        return 0;
    }
}

static AccelResult
try_fake(void)
{
    return accel_try(-1, fake_ioctl);
}

static void
test_kvm(gconstpointer data)
{
    kvm.row = data;
    kvm.next = 0;
    g_assert_cmpint(accel_in_child(try_fake), ==, kvm.row->result);
    g_assert_cmpint(try_fake(), ==, kvm.row->result);
}

static AccelResult
hang(void)
{
    while (pause() != 0)
        ;
    return ACCEL_WORKS;
}

static AccelResult
spin(void)
{
    volatile guint i = 1;

    while (i != 0)
        ;
    return ACCEL_WORKS;
}

static AccelResult
hang_deaf(void)
{
    sigset_t all;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
    return hang();
}

static AccelResult
crash(void)
{
    (void)kill(getpid(), SIGKILL);
    return ACCEL_WORKS;
}

static AccelResult
stop(void)
{
    (void)kill(getpid(), SIGSTOP);
    return ACCEL_WORKS;
}

static AccelResult
answer_nonsense(void)
{
    return (AccelResult)200;
}

static AccelResult
leave(void)
{
    _exit(0);
}

typedef struct {
    const char *name;
    AccelResult (*func)(void);
} ChildRow;

static const ChildRow child_rows[] = {
    { "hangs", hang },    { "spins", spin },      { "hangs-and-is-deaf", hang_deaf },
    { "crashes", crash }, { "is-stopped", stop }, { "answers-nonsense", answer_nonsense },
    { "leaves", leave },
};

/* The limits add up to less than 300 ms; what more is allowed here is a loaded machine's. */
static void
test_child(gconstpointer data)
{
    const ChildRow *row = data;

    gint64 begin_us = g_get_monotonic_time();
    g_assert_cmpint(accel_in_child(row->func), ==, ACCEL_NO_GUEST);
    g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 2 * G_USEC_PER_SEC);
    while (waitpid(-1, NULL, 0) > 0)
        ; /* on a loaded machine one may be left that was killed, but none that lives */
}

/* Whatever this machine has: an answer comes in time, and a reason if it is no. */
static void
test_here(void)
{
    const char *why_not = "";

    gint64 begin_us = g_get_monotonic_time();
    gboolean works = accel_kvm_works(&why_not);
    g_assert_cmpint(g_get_monotonic_time() - begin_us, <, 2 * G_USEC_PER_SEC);
    if (works) {
        g_assert_null(why_not);
    } else {
        g_assert_nonnull(why_not);
        g_assert_true(g_str_has_prefix(why_not, "/dev/kvm "));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/accel/kvm", kvm_rows, test_kvm);
    ROWS_ADD("/accel/child", child_rows, test_child);
    g_test_add_func("/accel/here", test_here);
    return g_test_run();
}
