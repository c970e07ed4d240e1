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
#include "launcher/kvm-probe/kvm-probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define GUEST_SIZE 0x1000u
#define PROBE_PORT 0xf4 /* known to kvm-probe.S */
#define PROBE_BYTE 0x5a

/* What a probe can end with; sent by the child as one byte. */
typedef enum {
    PROBE_WORKS,
    PROBE_NO_DEVICE,
    PROBE_NO_VM,
    PROBE_NO_GUEST,
    PROBE_COUNT
} ProbeResult;

static const char *const probe_reasons[PROBE_COUNT] = {
    [PROBE_WORKS] = NULL,
    [PROBE_NO_DEVICE] = "/dev/kvm is missing or not yours to open",
    [PROBE_NO_VM] = "/dev/kvm makes no virtual machine",
    [PROBE_NO_GUEST] = "/dev/kvm does not run a guest",
};

/* Starts the guest at 0000:0000 in real mode. */
static gboolean
set_real_mode(int vcpu)
{
    struct kvm_sregs sregs;
    struct kvm_regs regs = { .rflags = 2 };

    if (ioctl(vcpu, KVM_GET_SREGS, &sregs) < 0)
        return FALSE;
    sregs.cs.base = 0;
    sregs.cs.selector = 0;
    return ioctl(vcpu, KVM_SET_SREGS, &sregs) >= 0 && ioctl(vcpu, KVM_SET_REGS, &regs) >= 0;
}

static gboolean
run_guest(int vcpu, struct kvm_run *run)
{
    gboolean wrote = FALSE;

    for (;;) {
        if (ioctl(vcpu, KVM_RUN, 0) < 0)
            return FALSE;
        if (run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_OUT &&
            run->io.port == PROBE_PORT)
            wrote = ((const guint8 *)run)[run->io.data_offset] == PROBE_BYTE;
        else
            return run->exit_reason == KVM_EXIT_HLT && wrote;
    }
}

static ProbeResult
probe(void)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0)
        return PROBE_NO_DEVICE;
    int vm = ioctl(kvm, KVM_CREATE_VM, 0);
    void *memory =
        mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (vm < 0 || memory == MAP_FAILED || run_size < (int)sizeof(struct kvm_run))
        return PROBE_NO_VM;
    memcpy(memory, kvm_probe, kvm_probe_size);
    struct kvm_userspace_memory_region region = {
        .memory_size = GUEST_SIZE,
        .userspace_addr = (guintptr)memory,
    };
    if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
        return PROBE_NO_VM;
    int vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
    if (vcpu < 0)
        return PROBE_NO_VM;
    void *run = mmap(NULL, (gsize)run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
    if (run == MAP_FAILED || !set_real_mode(vcpu) || !run_guest(vcpu, run))
        return PROBE_NO_GUEST;
    return PROBE_WORKS;
}

static void
end_child(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/**
 * accel_kvm_works:
 * @ret_why_not: (out): when FALSE is returned: the reason, for people
 *
 * Takes ACCEL_PROBE_MS at most.
 **/
gboolean
accel_kvm_works(const char **ret_why_not)
{
    ProbeResult result = PROBE_NO_GUEST;
    int pipe_fds[2];

    if (access("/dev/kvm", R_OK | W_OK) < 0) {
        *ret_why_not = probe_reasons[PROBE_NO_DEVICE];
        return FALSE;
    }
    *ret_why_not = probe_reasons[PROBE_NO_GUEST];
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return FALSE;
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        guint8 byte = (guint8)probe();
        ssize_t n = write(pipe_fds[1], &byte, 1);
        _exit(n == 1 ? 0 : 1);
    }
    (void)close(pipe_fds[1]);
    auto_fd answer = pipe_fds[0];
    if (pid < 0)
        return FALSE;
    struct pollfd wait = { .fd = answer, .events = POLLIN };
    guint8 byte;
    if (poll(&wait, 1, ACCEL_PROBE_MS) == 1 && read(answer, &byte, 1) == 1 && byte < PROBE_COUNT)
        result = (ProbeResult)byte;
    end_child(pid);
    *ret_why_not = probe_reasons[result];
    return result == PROBE_WORKS;
}
