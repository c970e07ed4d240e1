/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a run in front of the main loop; run.c tells their order and why. */
#include "base/autofd.h"
#include "base/error.h"
#include "images/firmware-files.h"
#include "images/ipxe-iso.h"
#include "launcher/accel.h"
#include "launcher/run-internal.h"
#include "launcher/terminal.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>

enum {
    END_NET,
    END_QMP,
    END_SERIAL,
    END_SCREEN
};

/* Opens the image or directory, and makes sure that there is something to boot. */
gboolean
step_medium(Run *self, GError **error)
{
    return medium_open(&self->medium, self->config, self->progress, error);
}

/* A terminal on which QEMU can draw. */
static gboolean
has_terminal(void)
{
    const char *term = g_getenv("TERM");

    return terminal_is_ours(STDIN_FILENO) && isatty(STDOUT_FILENO) && term != NULL &&
           *term != '\0' && !g_str_equal(term, "dumb");
}

/* What --display=auto is here. */
static DisplayMode
guess_display(const RunConfig *config)
{
    if (config->expect != NULL)
        return DISPLAY_NONE;
    if (g_getenv("WAYLAND_DISPLAY") != NULL || g_getenv("DISPLAY") != NULL)
        return DISPLAY_WINDOW;
    return config->console == CONSOLE_VGA && has_terminal() ? DISPLAY_TEXT : DISPLAY_NONE;
}

static gboolean
no_display(DisplayMode mode, GError **error)
{
    g_set_error(
        error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
        mode == DISPLAY_WINDOW
            ? "this QEMU opens no window: install the Debian package qemu-system-gui, or use "
              "--display text"
            : "this QEMU has no text display (curses): use --display window or none");
    return FALSE;
}

static gboolean
choose_display(Run *self, GError **error)
{
    static const char *const windows[] = { "gtk", "sdl", NULL };
    static const char *const terminals[] = { "curses", NULL };
    gboolean guess = self->config->display == DISPLAY_AUTO;
    DisplayMode mode = guess ? guess_display(self->config) : self->config->display;

    self->setup.display = "none";
    if (mode == DISPLAY_TEXT && !has_terminal()) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST,
                    "--display text: standard input and output are no terminal that QEMU can draw "
                    "on: use --display none");
        return FALSE;
    }
    if (mode != DISPLAY_WINDOW && mode != DISPLAY_TEXT)
        return TRUE;
    if (!qemu_has_display(self->qemu, mode == DISPLAY_WINDOW ? windows : terminals,
                          &self->setup.display))
        return guess || no_display(mode, error);
    self->window_guessed = guess && mode == DISPLAY_WINDOW;
    return TRUE;
}

static gboolean
choose_accel(Run *self, GError **error)
{
    const char *why_not = NULL;

    if (self->config->accel == ACCEL_TCG)
        return TRUE;
    self->setup.kvm = accel_kvm_works(&why_not);
    if (self->setup.kvm)
        return TRUE;
    if (self->config->accel == ACCEL_KVM) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "--accel kvm: %s", why_not);
        return FALSE;
    }
    self->no_kvm = why_not;
    return TRUE;
}

/* Finds QEMU and what it can do here. */
gboolean
step_host(Run *self, GError **error)
{
    const RunConfig *config = self->config;

    self->qemu = qemu_find(config->text.qemu != NULL ? config->text.qemu : QEMU_DEFAULT, error);
    if (self->qemu == NULL || !choose_accel(self, error) || !choose_display(self, error))
        return FALSE;
    self->setup.qemu = self->qemu;
    self->setup.bootfile = self->medium.bootfile;
    /* For kernels whose own keyboard the plan turns off; see boot-plan.c. Its controller makes QEMU
     * work a thousand times a second, so that others do without. */
    self->setup.usb_keyboard = self->medium.has_mfsroot && (config->pxe_stack == PXE_STACK_IPXE ||
                                                            config->nic->own_stack == NULL);
    /* QEMU knows its ROMs, and mends the PCI ids in them where they are those of another card. */
    if (config->boot == BOOT_ROM && config->text.firmware_path != NULL) {
        self->rom = firmware_find(config->nic->rom, config->text.firmware_path, "ipxe-qemu", error);
        self->setup.rom = self->rom;
        return self->rom != NULL;
    }
    return TRUE;
}

static void
run_inherit(Run *self, int source, int target)
{
    self->fds[self->n_fds++] = (QemuFd){ source, target };
}

static gboolean
make_socketpair(Run *self, guint end, int target, GError **error)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "cannot make a socket pair: %s",
                    g_strerror(errno));
        return FALSE;
    }
    self->ends[end] = pair[0];
    run_inherit(self, pair[1], target);
    return TRUE;
}

/* Makes all that QEMU inherits: sockets, the screen, the boot CD. */
gboolean
step_channels(Run *self, GError **error)
{
    if (!make_socketpair(self, END_NET, QEMU_FD_NET, error) ||
        !make_socketpair(self, END_QMP, QEMU_FD_QMP, error) ||
        !make_socketpair(self, END_SERIAL, QEMU_FD_SERIAL, error))
        return FALSE;
    int screen = memfd_create("screen", MFD_CLOEXEC);
    self->ends[END_SCREEN] = screen;
    if (screen < 0) {
        g_set_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST, "no memory for the screen: %s",
                    g_strerror(errno));
        return FALSE;
    }
    run_inherit(self, dup(screen), QEMU_FD_SCREEN);
    if (self->config->boot == BOOT_ROM)
        return TRUE;
    int cd = ipxe_iso_build(self->config->nic, self->config->text.firmware_path, error);
    if (cd < 0)
        return FALSE;
    run_inherit(self, cd, QEMU_FD_CD);
    return TRUE;
}

/* Puts the LAN together. */
gboolean
step_lan(Run *self, GError **error)
{
    const RunConfig *config = self->config;
    const GatewayConfig gateway = {
        .lan = config->lan,
        .bootfile = self->medium.bootfile,
        .outside = config->net == NET_USER,
    };
    guint64 key = 0;

    if (getrandom(&key, sizeof key, GRND_NONBLOCK) != (ssize_t)sizeof key)
        key = (guint64)g_get_real_time(); /* see nfs-handle.c: no secret */
    self->lan = lan_new();
    self->gateway = gateway_new(self->lan, &gateway, NULL, error);
    if (self->gateway == NULL)
        return FALSE;
    self->server = boot_server_new(self->lan, &config->lan, key);
    boot_server_linger(self->server, NULL);
    boot_server_set_observer(self->server, on_nfs_event, self);
    self->tcp = boot_tcp_new(self->gateway, self->server, &config->lan, NULL, error);
    if (self->tcp == NULL)
        return FALSE;
    self->watch = boot_watch_new(self->lan, on_boot_event, self);
    if (config->text.pcap != NULL) {
        self->pcap = pcap_open(config->text.pcap, error);
        if (self->pcap == NULL)
            return FALSE;
        pcap_attach(self->pcap, self->lan);
    }
    self->port = qemu_port_new(self->lan, autofd_steal(&self->ends[END_NET]), NULL);
    return TRUE;
}

/* Starts QEMU and connects to it. */
gboolean
step_spawn(Run *self, GError **error)
{
    static const ConsoleFuncs console_funcs = { on_serial, on_console_quit, on_console_failed };
    g_auto(GStrv) argv = qemu_argv_build(self->config, &self->setup);
    const QemuSpawn spawn = {
        .argv = argv,
        .fds = self->fds,
        .n_fds = self->n_fds,
        .terminal = g_str_equal(self->setup.display, "curses"),
    };

    if (spawn.terminal && isatty(STDERR_FILENO))
        boot_progress_hold(self->progress, TRUE); /* until QEMU has left it */

    self->process = qemu_process_spawn(&spawn, on_qemu_exit, self, error);
    if (self->process == NULL)
        return FALSE;
    if (self->no_kvm != NULL) {
        g_autofree char *message = g_strdup_printf("%s: the guest is emulated (tcg)", self->no_kvm);
        boot_progress_message(self->progress, "qemu", message, g_get_monotonic_time());
    }
    for (guint i = 0; i < self->n_fds; i++)
        autofd_clear(&self->fds[i].source);
    self->expect = expect_new(self->config->expect);
    self->qmp = qmp_new(autofd_steal(&self->ends[END_QMP]), on_qmp_event, self);
    self->screen =
        screen_new(autofd_steal(&self->ends[END_SCREEN]), QEMU_FD_SCREEN, on_screen, self);
    self->console = console_new(autofd_steal(&self->ends[END_SERIAL]), &console_funcs, self);
    return TRUE;
}

static void
tell_plan(Run *self)
{
    const Media *media = self->medium.media;
    g_autofree char *text =
        g_strdup_printf("%s%s, %s", media->release != NULL ? "FreeBSD " : "",
                        media->release != NULL ? media->release : self->medium.name,
                        media->arch != NULL ? media->arch : media->bootfile);

    boot_progress_message(self->progress, "medium", text, g_get_monotonic_time());
    if (media->freebsd && !self->medium.plan->own_stack) {
        g_autofree char *stack =
            g_strdup_printf("PXE stack: iPXE's (%s)", self->medium.plan->stack_why);
        boot_progress_message(self->progress, "pxe", stack, g_get_monotonic_time());
    }
    for (guint i = 0; i < self->medium.plan->warnings->len; i++)
        boot_progress_message(self->progress, "trouble",
                              g_ptr_array_index(self->medium.plan->warnings, i),
                              g_get_monotonic_time());
}

static void
tell_disk(Run *self)
{
    const RootTreeJob *job = &self->medium.root;

    if (job->packed_size == 0)
        return;
    g_autofree char *size = g_format_size_full(job->size, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *packed = g_format_size_full(job->packed_size, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *text =
        g_strdup_printf("memory disk %s, %s (%s compressed)%s", self->medium.plan->root.image, size,
                        packed, job->cached ? ", from the cache" : ", made now");
    boot_progress_message(self->progress, "root", text, g_get_monotonic_time());
}

/* Reads the whole medium, while the firmware starts, and tells the LAN what to serve. */
gboolean
step_plan(Run *self, GError **error)
{
    if (!medium_plan(&self->medium, self->config, error))
        return FALSE;
    tell_plan(self);
    if (!medium_finish(&self->medium, self->config, error))
        return FALSE;
    tell_disk(self);
    const BootPlan *plan = self->medium.plan;
    self->policy.root_path = plan->root_path;
    for (guint i = 0; i < plan->dhcp_settings->len && i < DHCP_VARIABLES_MAX; i++) {
        const PlanSetting *setting = g_ptr_array_index(plan->dhcp_settings, i);
        self->variables[i] = g_strdup_printf("%s=%s", setting->name, setting->value);
        self->policy.variables[i] = self->variables[i];
    }
    boot_server_set_tree(self->server, self->medium.tree);
    gateway_set_tree(self->gateway,
                     self->medium.tftp_tree != NULL ? self->medium.tftp_tree : self->medium.tree);
    gateway_set_policy(self->gateway, &self->policy);
    return TRUE;
}
