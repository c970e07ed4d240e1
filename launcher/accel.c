/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev/kvm can be there, open, and still run no boot program: in a container or a nested machine
 * QEMU starts and the guest is dead, at once or some milliseconds later. So a small guest
 * (kvm-probe.S) is run through the KVM calls; it must switch modes as boot programs do, write a
 * byte to a port, and halt. A child does it, since the call that runs a guest may never come back;
 * it takes a millisecond where KVM works.
 *
 * Source: Linux Documentation/virt/kvm/api.rst
 */
#include "launcher/accel.h"

#include "base/autofd.h"
#include "launcher/child.h"
#include "launcher/kvm-probe/kvm-probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define GUEST_SIZE 0x1000u
#define PROBE_PORT 0xf4 /* known to kvm-probe.S */
#define PROBE_BYTE 0x5a
#define EXITS_MAX  16 /* of the guest; it needs two */

G_STATIC_ASSERT(ACCEL_PROBE_MS + ACCEL_END_MS < 300);

static const char *const reasons[] = {
    [ACCEL_WORKS] = NULL,
    [ACCEL_NO_DEVICE] = "/dev/kvm is missing or not yours to open",
    [ACCEL_NO_VM] = "/dev/kvm makes no virtual machine",
    [ACCEL_NO_GUEST] = "/dev/kvm does not run a guest",
};
G_STATIC_ASSERT(G_N_ELEMENTS(reasons) == ACCEL_RESULT_COUNT);

/* Starts the guest at 0000:0000 in real mode. */
static gboolean
set_real_mode(int vcpu, AccelIoctl call)
{
    struct kvm_sregs sregs = { 0 };
    struct kvm_regs regs = { .rflags = 2 };

    if (call(vcpu, KVM_GET_SREGS, (guintptr)&sregs) < 0)
        return FALSE;
    sregs.cs.base = 0;
    sregs.cs.selector = 0;
    return call(vcpu, KVM_SET_SREGS, (guintptr)&sregs) >= 0 &&
           call(vcpu, KVM_SET_REGS, (guintptr)&regs) >= 0;
}

static gboolean
run_guest(int vcpu, const struct kvm_run *run, gsize run_size, AccelIoctl call)
{
    gboolean wrote = FALSE;

    for (guint i = 0; i < EXITS_MAX; i++) {
        if (call(vcpu, KVM_RUN, 0) < 0)
            return FALSE;
        if (run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_OUT &&
            run->io.port == PROBE_PORT && run->io.data_offset < run_size)
            wrote = ((const guint8 *)run)[run->io.data_offset] == PROBE_BYTE;
        else
            return run->exit_reason == KVM_EXIT_HLT && wrote;
    }
    return FALSE;
}

static AccelResult
run_on_vcpu(int vcpu, int run_size, AccelIoctl call)
{
    const void *run = mmap(NULL, (gsize)run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);

    if (run == MAP_FAILED || !set_real_mode(vcpu, call) ||
        !run_guest(vcpu, run, (gsize)run_size, call))
        return ACCEL_NO_GUEST;
    return ACCEL_WORKS;
}

/**
 * accel_try:
 * @kvm: (transfer none): open /dev/kvm
 * @call: ioctl(2), or what a test has in its place
 *
 * May never return. Frees nothing: it is for a process that ends then.
 **/
AccelResult
accel_try(int kvm, AccelIoctl call)
{
    int vm = call(kvm, KVM_CREATE_VM, 0);
    void *memory =
        mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int run_size = call(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (vm < 0 || memory == MAP_FAILED || run_size < (int)sizeof(struct kvm_run))
        return ACCEL_NO_VM;
    memcpy(memory, kvm_probe, kvm_probe_size);
    struct kvm_userspace_memory_region region = {
        .memory_size = GUEST_SIZE,
        .userspace_addr = (guintptr)memory,
    };
    if (call(vm, KVM_SET_USER_MEMORY_REGION, (guintptr)&region) < 0)
        return ACCEL_NO_VM;
    int vcpu = call(vm, KVM_CREATE_VCPU, 0);
    return vcpu < 0 ? ACCEL_NO_VM : run_on_vcpu(vcpu, run_size, call);
}

static int
real_ioctl(int fd, gulong request, guintptr arg)
{
    return ioctl(fd, request, arg);
}

static AccelResult
try_kvm(void)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

    return kvm < 0 ? ACCEL_NO_DEVICE : accel_try(kvm, real_ioctl);
}

/**
 * accel_in_child:
 * @func: is run in a child; whatever it does, this takes less than 300 ms
 *
 * Returns: its result; ACCEL_NO_GUEST when there is none in time
 **/
AccelResult
accel_in_child(AccelResult (*func)(void))
{
    int pipe_fds[2];
    guint8 byte;

    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return ACCEL_NO_GUEST;
    gint parent = (gint)getpid();
    pid_t pid = fork();
    if (pid == 0) {
        child_die_with_parent(GINT_TO_POINTER(parent));
        byte = (guint8)func();
        _exit(write(pipe_fds[1], &byte, 1) == 1 ? 0 : 1);
    }
    (void)close(pipe_fds[1]);
    auto_fd answer = pipe_fds[0];
    if (pid < 0)
        return ACCEL_NO_GUEST;
    struct pollfd wait = { .fd = answer, .events = POLLIN };
    gboolean answered = poll(&wait, 1, ACCEL_PROBE_MS) == 1 && read(answer, &byte, 1) == 1;
    (void)child_end(pid, ACCEL_END_MS);
    return answered && byte < ACCEL_RESULT_COUNT ? (AccelResult)byte : ACCEL_NO_GUEST;
}

/**
 * accel_kvm_works:
 * @ret_why_not: (out): when FALSE is returned: the reason, for people
 *
 * Takes less than 300 ms.
 **/
gboolean
accel_kvm_works(const char **ret_why_not)
{
    AccelResult result =
        access("/dev/kvm", R_OK | W_OK) < 0 ? ACCEL_NO_DEVICE : accel_in_child(try_kvm);

    *ret_why_not = reasons[result];
    return result == ACCEL_WORKS;
}
