/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files: what was on the LAN is in them, in the format that other programs read. */
#include "base/error.h"
#include "slirp-config/pcap.h"
#include "tests/lan/frames.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tmp-dir.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

static void
host_input(gpointer host, const guint8 *frame, gsize len)
{
    (void)host, (void)frame, (void)len;
}

static const LanPortOps ops = { "host", host_input, NULL };

/* A number in host byte order at @at. */
static guint32
word(const char *bytes, gsize at)
{
    guint32 v;
    memcpy(&v, bytes + at, sizeof v);
    return v;
}

static GByteArray *
frame_of(gsize payload)
{
    GByteArray *frame = frame_eth(GATEWAY_MAC, GUEST_MAC, 0x88b5);
    g_byte_array_set_size(frame, (guint)(14 + payload));
    row_pattern(frame->data + 14, payload, 5);
    return frame;
}

static void
test_written(void)
{
    static const gsize payloads[] = { 0, 46, 1500, 65521, 65522, 70000 };
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *path = tmp_dir_path(dir, "lan.pcap");
    g_autoptr(GError) error = NULL;
    g_autoptr(Lan) lan = lan_new();
    LanPort *port = lan_attach(lan, &ops, NULL, NULL);
    gint64 before = g_get_real_time();

    Pcap *pcap = pcap_open(path, &error);
    g_assert_no_error(error);
    pcap_attach(pcap, lan);
    for (gsize i = 0; i < G_N_ELEMENTS(payloads); i++) {
        g_autoptr(GByteArray) frame = frame_of(payloads[i]);
        lan_input(port, frame->data, frame->len);
    }
    g_assert_true(pcap_close(pcap, &error));
    g_assert_no_error(error);

    g_autofree char *bytes = NULL;
    gsize len, at = 24;
    gint64 last_us = before;
    g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
    g_assert_cmphex(word(bytes, 0), ==, 0xa1b23c4d); /* nanoseconds */
    g_assert_cmphex(word(bytes, 4), ==, G_BYTE_ORDER == G_LITTLE_ENDIAN ? 0x00040002 : 0x00020004);
    g_assert_cmpuint(word(bytes, 16), >=, 65536); /* snaplen */
    g_assert_cmpuint(word(bytes, 20), ==, 1);     /* Ethernet */
    for (gsize i = 0; i < G_N_ELEMENTS(payloads); i++) {
        g_autoptr(GByteArray) frame = frame_of(payloads[i]);
        gsize kept = MIN(frame->len, 65536);
        gint64 time_us = (gint64)word(bytes, at) * 1000000 + word(bytes, at + 4) / 1000;
        g_assert_cmpuint(word(bytes, at + 4), <, 1000000000);
        g_assert_cmpint(time_us, >=, last_us);
        g_assert_cmpuint(word(bytes, at + 8), ==, kept);
        g_assert_cmpuint(word(bytes, at + 12), ==, frame->len);
        ROW_CMPMEM(bytes + at + 16, kept, frame->data, kept);
        last_us = time_us;
        at += 16 + kept;
    }
    g_assert_cmpuint(at, ==, len);
    g_assert_cmpint(last_us, <=, g_get_real_time());
}

/* A foreign program must read it. */
static void
test_tshark(void)
{
    g_autofree char *tshark = g_find_program_in_path("tshark");
    if (tshark == NULL) {
        g_test_skip("tshark is not installed");
        return;
    }
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *path = tmp_dir_path(dir, "lan.pcap");
    g_autoptr(GError) error = NULL;
    g_autoptr(Lan) lan = lan_new();
    LanPort *port = lan_attach(lan, &ops, NULL, NULL);
    const Ip4Route route = frame_to_gateway();
    g_autoptr(GByteArray) frame = frame_udp4(&route, 2070, 69, "\0\1pxeboot\0octet", 16);
    g_autofree char *out = NULL;

    Pcap *pcap = pcap_open(path, &error);
    pcap_attach(pcap, lan);
    lan_input(port, frame->data, frame->len);
    g_assert_true(pcap_close(pcap, &error));
    const char *argv[] = { tshark,
                           "-r",
                           path,
                           "-o",
                           "udp.check_checksum:TRUE",
                           "-T",
                           "fields",
                           "-e",
                           "tftp.source_file",
                           "-e",
                           "udp.checksum.status",
                           NULL };
    g_assert_true(g_spawn_sync(NULL, (char **)(gpointer)argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL,
                               NULL, NULL, &out, NULL, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(out, ==, "pxeboot\t1\n");
}

static void
test_cannot_open(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(pcap_open("/nonexistent/lan.pcap", &error));
    g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST);
    g_assert_nonnull(strstr(error->message, "'/nonexistent/lan.pcap'"));
}

static void
test_disk_full(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Lan) lan = lan_new();
    LanPort *port = lan_attach(lan, &ops, NULL, NULL);
    Pcap *pcap = pcap_open("/dev/full", &error);

    g_assert_nonnull(pcap);
    pcap_attach(pcap, lan);
    for (int i = 0; i < 100; i++) {
        g_autoptr(GByteArray) frame = frame_of(1500);
        lan_input(port, frame->data, frame->len);
    }
    g_assert_false(pcap_close(pcap, &error));
    g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST);
    g_assert_nonnull(strstr(error->message, "No space left"));
}

/* A write that failed in between is told at the end, with its own reason. */
static void
test_failed_once(void)
{
    g_autoptr(TmpDir) dir = tmp_dir_new();
    g_autofree char *path = tmp_dir_path(dir, "lan.pcap");
    g_autoptr(GError) error = NULL;
    g_autoptr(Lan) lan = lan_new();
    LanPort *port = lan_attach(lan, &ops, NULL, NULL);
    struct rlimit before, small;

    Pcap *pcap = pcap_open(path, &error);
    g_assert_no_error(error);
    pcap_attach(pcap, lan);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    small = before;
    small.rlim_cur = 10000;
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
    for (int i = 0; i < 20; i++) {
        g_autoptr(GByteArray) frame = frame_of(1500);
        lan_input(port, frame->data, frame->len);
    }
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    (void)signal(SIGXFSZ, old);
    errno = ENOENT;
    g_assert_false(pcap_close(pcap, &error));
    g_assert_error(error, PXE_RUN_ERROR, PXE_RUN_ERROR_HOST);
    g_assert_nonnull(strstr(error->message, g_strerror(EFBIG)));
}

static void
test_close_nothing(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(pcap_close(NULL, &error));
    g_assert_no_error(error);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pcap/written", test_written);
    g_test_add_func("/pcap/tshark", test_tshark);
    g_test_add_func("/pcap/cannot-open", test_cannot_open);
    g_test_add_func("/pcap/disk-full", test_disk_full);
    g_test_add_func("/pcap/failed-once", test_failed_once);
    g_test_add_func("/pcap/close-nothing", test_close_nothing);
    return g_test_run();
}
