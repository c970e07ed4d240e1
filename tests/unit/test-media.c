/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/media.c: releases, labels and loaders by their words, and whole media by their shape. */
#include "images/media.h"
#include "tests/lan/rows.h"

/* ---- releases ---- */

typedef struct {
    const char *name;
    const char *text;
    const char *release; /* NULL: none in it */
    guint major, minor;
} ReleaseRow;

static const ReleaseRow release_rows[] = {
    { "kernel-2.2.8", "FreeBSD 2.2.8-RELEASE #0: Mon Nov 30 06:34:08 GMT 1998", "2.2.8-RELEASE", 2,
      2 },
    { "kernel-5.2.1", "FreeBSD 5.2.1-RELEASE #0: Mon Feb 23", "5.2.1-RELEASE", 5, 2 },
    { "cdrom.inf-7.0", "CD_VERSION = 7.0-RELEASE\n", "7.0-RELEASE", 7, 0 },
    { "cdrom.inf-8.2", "CD_VERSION = 8.2-RELEASE\nCD_VOLUME = 1\n", "8.2-RELEASE", 8, 2 },
    { "kernel-7.0-current", "FreeBSD 7.0-CURRENT-200608 #0: Sun Aug 6", "7.0-CURRENT", 7, 0 },
    { "kernel-8.0-beta", "FreeBSD 8.0-BETA3 #0: Sat Aug 22", "8.0-BETA3", 8, 0 },
    { "kernel-9.3", "FreeBSD 9.3-RELEASE #0 r268512: Thu Jul 10", "9.3-RELEASE", 9, 3 },
    { "freebsd-version-10.2", "USERLAND_VERSION=\"10.2-RELEASE-p3\"\n", "10.2-RELEASE-p3", 10, 2 },
    { "kernel-11.0-rc", "FreeBSD 11.0-RC2 #0 r304729", "11.0-RC2", 11, 0 },
    { "kernel-12.1-stable", "FreeBSD 12.1-STABLE r355000 GENERIC", "12.1-STABLE", 12, 1 },
    { "kernel-14-current", "FreeBSD 14.0-CURRENT #0 main-n256", "14.0-CURRENT", 14, 0 },
    { "kernel-15.0", "FreeBSD 15.0-RELEASE releng/15.0-n280995-7aedc8de6446 GENERIC",
      "15.0-RELEASE", 15, 0 },
    { "prerelease", "15.0-PRERELEASE", "15.0-PRERELEASE", 15, 0 },
    { "alpha", "15.0-ALPHA4", "15.0-ALPHA4", 15, 0 },
    { "label-in-lower-case", "13.2-release_amd64_cd", "13.2-release", 13, 2 },
    { "two-digit-patch", "9.1-RELEASE-p24", "9.1-RELEASE-p24", 9, 1 },
    { "patch-without-number", "9.1-RELEASE-p", "9.1-RELEASE", 9, 1 },
    { "file-name", "FreeBSD-10.2-RELEASE-amd64", "10.2-RELEASE", 10, 2 },
    { "behind-other-numbers", "gcc 4.2.1, r286666, 10.2-RELEASE", "10.2-RELEASE", 10, 2 },
    { "the-first-one-counts", "8.0-RELEASE 9.0-RELEASE", "8.0-RELEASE", 8, 0 },
    { "empty", "", NULL, 0, 0 },
    { "no-branch", "FreeBSD 10.2", NULL, 0, 0 },
    { "no-branch-behind-the-dash", "10.2-", NULL, 0, 0 },
    { "unknown-branch", "10.2-SNAP", NULL, 0, 0 },
    { "no-minor", "10-RELEASE", NULL, 0, 0 },
    { "minor-is-no-number", "10.x-RELEASE", NULL, 0, 0 },
    { "no-minor-behind-the-dot", "10.-RELEASE", NULL, 0, 0 },
    { "older-than-the-loader", "1.1.5.1-RELEASE", NULL, 0, 0 },
    { "three-digits", "100.0-RELEASE", NULL, 0, 0 },
    { "an-address", "192.168.64.1-RELEASE", NULL, 0, 0 },
    { "too-many-digits", "99999999999999999999999.2-RELEASE", NULL, 0, 0 },
    { "too-many-digits-of-minor", "10.99999999999999999999999-RELEASE", NULL, 0, 0 },
    { "part-of-a-word", "r10.2-RELEASE", NULL, 0, 0 },
};

static void
test_release(gconstpointer data)
{
    const ReleaseRow *row = data;
    char *release = NULL;
    guint major = 0, minor = 0;

    g_assert_cmpint(media_release_parse(row->text, &release, &major, &minor), ==,
                    row->release != NULL);
    g_assert_cmpstr(release, ==, row->release);
    g_assert_cmpuint(major, ==, row->major);
    g_assert_cmpuint(minor, ==, row->minor);
    g_free(release);
}

/* Each prefix is another release or none; the memory ends where it does. */
static void
test_release_prefix(void)
{
    static const char text[] = "FreeBSD 10.2.1-RELEASE-p13";

    for (gsize len = 0; len < sizeof text; len++) {
        g_autofree char *prefix = g_strndup(text, len);
        g_autofree char *release = NULL;
        guint major, minor;
        if (media_release_parse(prefix, &release, &major, &minor))
            g_assert_true(g_str_has_prefix(text + 8, release));
        else
            g_assert_cmpuint(len, <, strlen("FreeBSD 10.2.1-RELEASE"));
    }
}

/* ---- loaders ---- */

#define BTX(major, minor)                                                                          \
    "\xeb\x0e"                                                                                     \
    "BTX" major minor
#define WORDS     "FreeBSD/i386 bootstrap loader, Revision 1.1\0"
#define UDP_WORDS WORDS "pxe_open: server path: %s\n\0"

typedef struct {
    const char *name;
    const char *bytes;
    gsize len;
    MediaLoader loader;
} LoaderRow;

#define LOADER(bytes) bytes, sizeof bytes - 1

static const LoaderRow loader_rows[] = {
    { "7.0", LOADER("\0\0" BTX("\1", "\1") UDP_WORDS), { LOADER_NFS2, { 1, 1, 0 }, FALSE, FALSE } },
    { "8.0-in-real-mode",
      LOADER(BTX("\1", "\2") UDP_WORDS),
      { LOADER_NFS2, { 1, 2, 0 }, FALSE, FALSE } },
    { "8.3",
      LOADER(BTX("\1", "\2") UDP_WORDS "boot.nfsroot.nfshandlelen"),
      { LOADER_NFS3, { 1, 2, 0 }, FALSE, FALSE } },
    { "10.4-knows-a-read-size",
      LOADER(BTX("\1", "\2") UDP_WORDS "boot.nfsroot.nfshandlelen\0nfs.read_size"),
      { LOADER_NFS3, { 1, 2, 0 }, TRUE, FALSE } },
    { "12-with-forth",
      LOADER(BTX("\1", "\2") WORDS "boot.nfsroot.nfshandlelen\0nfs.read_size"),
      { LOADER_UNDI, { 1, 2, 0 }, TRUE, FALSE } },
    { "15-with-lua",
      LOADER(BTX("\1", "\2") WORDS
             "boot.nfsroot.nfshandlelen\0nfs.read_size\0/boot/lua/loader.lua"),
      { LOADER_UNDI, { 1, 2, 0 }, TRUE, TRUE } },
    { "told-by-btx-alone",
      LOADER("BTX loader 1.00  BTX version is \0pxe_open: server path"),
      { LOADER_NFS2, { 0, 0, 0 }, FALSE, FALSE } },
    { "no-btx-header", LOADER(UDP_WORDS), { LOADER_NFS2, { 0, 0, 0 }, FALSE, FALSE } },
    { "btx-header-cut-off",
      LOADER(UDP_WORDS "\xeb\x0e"
                       "BTX\1"),
      { LOADER_NFS2, { 0, 0, 0 }, FALSE, FALSE } },
    { "pxelinux",
      LOADER("\x66\x9c\x66\x60\0PXELINUX 6.04\0"),
      { LOADER_UNKNOWN, { 0, 0, 0 }, 0, 0 } },
    { "words-without-a-loader",
      LOADER("pxe_open: server path, nfs.read_size, loader.lua"),
      { LOADER_UNKNOWN, { 0, 0, 0 }, FALSE, FALSE } },
    { "empty", LOADER(""), { LOADER_UNKNOWN, { 0, 0, 0 }, FALSE, FALSE } },
};

static void
test_loader(gconstpointer data)
{
    const LoaderRow *row = data;
    g_autofree guint8 *exact = g_memdup2(row->bytes, row->len);
    MediaLoader got = media_loader_parse(exact, row->len);

    g_assert_cmpint(got.generation, ==, row->loader.generation);
    g_assert_cmpuint(got.btx.major, ==, row->loader.btx.major);
    g_assert_cmpuint(got.btx.minor, ==, row->loader.btx.minor);
    g_assert_cmpint(got.knows_nfs_read_size, ==, row->loader.knows_nfs_read_size);
    g_assert_cmpint(got.lua, ==, row->loader.lua);
    for (gsize len = 0; len < row->len; len++) {
        g_autofree guint8 *prefix = g_memdup2(row->bytes, len);
        got = media_loader_parse(prefix, len);
        g_assert_cmpint(got.generation, <, LOADER_COUNT);
    }
}

static void
test_names(void)
{
    for (guint i = 0; i < LOADER_COUNT; i++)
        g_assert_cmpuint(strlen(loader_generation_name((LoaderGeneration)i)), >, 0);
    g_assert_cmpstr(media_root_name(MEDIA_ROOT_NONE), ==, "none");
    g_assert_cmpstr(media_root_name(MEDIA_ROOT_MFSROOT), ==, "mfsroot");
    g_assert_cmpstr(media_root_name(MEDIA_ROOT_LIVE), ==, "live");
}

/* ---- media ---- */

#define ELF_I386  "\177ELF\1\1\1\11\0\0\0\0\0\0\0\0\2\0\3\0"
#define ELF_AMD64 "\177ELF\2\1\1\11\0\0\0\0\0\0\0\0\2\0\76\0"

/* What a file may hold; a letter in a row's tree. */
static const struct {
    char letter;
    const char *bytes;
    gsize len;
} contents[] = {
    { '7', LOADER(BTX("\1", "\1") UDP_WORDS) },
    { 'L', LOADER(BTX("\1", "\2") WORDS) },
    { 'x', LOADER("x") },
    { 'i', LOADER(ELF_I386 "@(#)FreeBSD 7.0-RELEASE #0\n") },
    { 'a', LOADER(ELF_AMD64 "@(#)FreeBSD 9.0-RELEASE #0\n") },
    { 'n', LOADER(ELF_AMD64 "no version") },
    { 'c', LOADER("CD_VERSION = 8.0-RELEASE\n") },
    { 'v', LOADER("#!/bin/sh\nUSERLAND_VERSION=\"10.2-RELEASE\"\n") },
};

/* A tree from words: "path:letter"; "path>target" is a link; "path/" a directory. */
static Vfs *
tree_of(const char *words)
{
    g_auto(GStrv) list = g_strsplit(words, " ", -1);
    Vfs *vfs = vfs_mem_new();

    for (char **word = list; *word != NULL && **word != '\0'; word++) {
        char *mark = strpbrk(*word, ":>");
        int r = -1;
        if (mark == NULL) {
            r = vfs_mem_add_dir(vfs, *word, 0755);
        } else if (*mark == '>') {
            *mark = '\0';
            r = vfs_mem_add_symlink(vfs, *word, mark + 1);
        } else {
            *mark = '\0';
            for (gsize i = 0; i < G_N_ELEMENTS(contents); i++) {
                if (contents[i].letter != mark[1])
                    continue;
                g_autoptr(GBytes) bytes = g_bytes_new_static(contents[i].bytes, contents[i].len);
                r = vfs_mem_add_file(vfs, *word, bytes, 0444);
            }
        }
        g_assert_cmpint(r, ==, 0);
    }
    return vfs;
}

typedef struct {
    const char *name;
    const char *tree;
    const char *label, *bootfile; /* (nullable): what media_detect() is given */
    /* What it finds: "bootfile release/source arch kernel root mfsroot", "-" for nothing. */
    const char *found;
} MediaRow;

static const MediaRow media_rows[] = {
    { "8.0-bootonly-by-its-cdrom.inf",
      "/boot/pxeboot:7 /boot/kernel/kernel:i /boot/mfsroot.gz:x /boot/loader.conf:x /cdrom.inf:c",
      "FreeBSD_bootonly", NULL,
      "boot/pxeboot 8.0-RELEASE//cdrom.inf i386 /boot/kernel/kernel mfsroot /boot/mfsroot.gz" },
    { "mfsroot-that-is-not-packed", "/boot/pxeboot:7 /boot/kernel/kernel:i /boot/mfsroot:x", NULL,
      NULL, "boot/pxeboot 7.0-RELEASE/kernel i386 /boot/kernel/kernel mfsroot /boot/mfsroot" },
    { "packed-mfsroot-first", "/boot/pxeboot:7 /boot/mfsroot:x /boot/mfsroot.gz:x", NULL, NULL,
      "boot/pxeboot -/- - - mfsroot /boot/mfsroot.gz" },
    { "4.x-shape", "/boot/pxeboot:7 /kernel:i /mfsroot.gz:x", NULL, NULL,
      "boot/pxeboot 7.0-RELEASE/kernel i386 /kernel mfsroot /mfsroot.gz" },
    { "9.0-live", "/boot/pxeboot:L /boot/kernel/kernel:a /sbin/init:x", "FREEBSD_INSTALL", NULL,
      "boot/pxeboot 9.0-RELEASE/kernel amd64 /boot/kernel/kernel live -" },
    { "10.2-live", "/boot/pxeboot:L /boot/kernel/kernel:n /sbin/init:x /bin/freebsd-version:v",
      "10_1_RELEASE_AMD64_BO", NULL,
      "boot/pxeboot 10.2-RELEASE//bin/freebsd-version amd64 /boot/kernel/kernel live -" },
    { "label-before-the-kernel", "/boot/pxeboot:L /boot/kernel/kernel:a /sbin/init:x",
      "13_2_RELEASE_AMD64_CD", NULL,
      "boot/pxeboot 13.2-RELEASE/volume label amd64 /boot/kernel/kernel live -" },
    { "rescue-init", "/boot/pxeboot:L /boot/kernel/kernel:n /rescue/init:x", NULL, NULL,
      "boot/pxeboot -/- amd64 /boot/kernel/kernel live -" },
    { "mfsroot-wins-over-init",
      "/boot/pxeboot:7 /boot/kernel/kernel:i /boot/mfsroot.gz:x "
      "/sbin/init:x",
      NULL, NULL,
      "boot/pxeboot 7.0-RELEASE/kernel i386 /boot/kernel/kernel mfsroot /boot/mfsroot.gz" },
    { "packed-kernel-by-name", "/boot/pxeboot:L /boot/kernel/kernel.gz:a", NULL, NULL,
      "boot/pxeboot 9.0-RELEASE/kernel amd64 /boot/kernel/kernel.gz none -" },
    { "loader-alone", "/boot/pxeboot:L", NULL, NULL, "boot/pxeboot -/- - - none -" },
    { "kernel-is-a-directory", "/boot/pxeboot:L /boot/kernel/kernel/", NULL, NULL,
      "boot/pxeboot -/- - - none -" },
    { "through-links",
      "/boot/pxeboot>loaders/pxe /boot/loaders/pxe:L /boot/kernel>GENERIC /boot/GENERIC/kernel:a "
      "/sbin>/rescue /rescue/init:x",
      NULL, NULL, "boot/pxeboot 9.0-RELEASE/kernel amd64 /boot/kernel/kernel live -" },
    { "nothing", "/README:x", "10_2_RELEASE_AMD64_BO", NULL, "- -/- - - none -" },
    { "empty", "", NULL, NULL, "- -/- - - none -" },
    { "another-boot-program", "/pxelinux.0:x /boot/kernel/kernel:a /sbin/init:x",
      "10_2_RELEASE_AMD64_BO", NULL, "pxelinux.0 -/- - - none -" },
    { "another-one-last", "/lpxelinux.0:x", NULL, NULL, "lpxelinux.0 -/- - - none -" },
    { "freebsd-first", "/pxelinux.0:x /boot/pxeboot:L", NULL, NULL, "boot/pxeboot -/- - - none -" },
    { "pxeboot-of-somebody-else", "/boot/pxeboot:x /boot/kernel/kernel:a", NULL, NULL,
      "boot/pxeboot -/- - - none -" },
    { "pxeboot-is-a-directory", "/boot/pxeboot/ /pxelinux.0:x", NULL, NULL,
      "pxelinux.0 -/- - - none -" },
    { "wanted", "/boot/pxeboot:7 /boot/other:L", NULL, "boot/other", "boot/other -/- - - none -" },
    { "wanted-with-slashes", "/boot/pxeboot:7 /boot/other:L", NULL, "//boot/other",
      "boot/other -/- - - none -" },
    { "wanted-and-missing", "/boot/pxeboot:7", NULL, "boot/other", "- -/- - - none -" },
    { "wanted-is-a-directory", "/boot/pxeboot:7", NULL, "boot", "- -/- - - none -" },
};

static const char *
or_dash(const char *text)
{
    return text != NULL ? text : "-";
}

static void
test_media(gconstpointer data)
{
    const MediaRow *row = data;
    g_autoptr(Vfs) vfs = tree_of(row->tree);
    g_autoptr(Media) media = media_detect(vfs, row->label, row->bootfile);
    g_autofree char *found =
        g_strdup_printf("%s %s/%s %s %s %s %s", or_dash(media->bootfile), or_dash(media->release),
                        or_dash(media->source), or_dash(media->arch), or_dash(media->kernel),
                        media_root_name(media->root), or_dash(media->mfsroot));

    g_assert_cmpstr(found, ==, row->found);
    g_assert_cmpstr(media->volume_id, ==, row->label);
    g_assert_cmpint(media->freebsd, ==, media->loader.generation != LOADER_UNKNOWN);
    g_assert_cmpint(media->major != 0, ==, media->release != NULL);
}

typedef struct {
    const char *name;
    const char *label;
    const char *release; /* (nullable) */
} LabelRow;

static const LabelRow label_rows[] = {
    { "10.2-bootonly", "10_2_RELEASE_AMD64_BO", "10.2-RELEASE" },
    { "13.2-disc1", "13_2_RELEASE_I386_CD", "13.2-RELEASE" },
    { "15.0", "15_0_RELEASE_AMD64_BO", "15.0-RELEASE" },
    { "9.0", "9_0_RELEASE", "9.0-RELEASE" },
    { "release-candidate", "12_0_RC1_AMD64_CD", "12.0-RC1" },
    { "beta", "14_1_BETA2_AMD64_BO", "14.1-BETA2" },
    { "current", "15_0_CURRENT_AMD64_DVD", "15.0-CURRENT" },
    { "stable", "13_2_STABLE_AMD64_BO", "13.2-STABLE" },
    { "install", "FreeBSD_Install", NULL },
    { "install-9.x", "FREEBSD_INSTALL", NULL },
    { "bootonly-7.0", "FreeBSD_bootonly", NULL },
    { "major-alone", "10", NULL },
    { "no-minor", "10_", NULL },
    { "no-branch", "10_2", NULL },
    { "branch-missing", "10_2_", NULL },
    { "letters-for-minor", "10_RELEASE_AMD64", NULL },
    { "underscores", "___", NULL },
    { "empty", "", NULL },
};

static void
test_label(gconstpointer data)
{
    const LabelRow *row = data;
    g_autoptr(Vfs) vfs = tree_of("/boot/pxeboot:L");
    g_autoptr(Media) media = media_detect(vfs, row->label, NULL);

    g_assert_cmpstr(media->release, ==, row->release);
    g_assert_cmpstr(media->source, ==, row->release != NULL ? "volume label" : NULL);
}

/* Files that are too large to be what they should be are left alone. */
static void
test_too_large(void)
{
    g_autoptr(Vfs) vfs = tree_of("/boot/kernel/kernel:a");
    g_autofree char *text = g_malloc0(2 << 20);

    memcpy(text, WORDS, sizeof WORDS);
    g_autoptr(GBytes) loader = g_bytes_new_static(text, (1 << 20) + 1);
    g_assert_cmpint(vfs_mem_add_file(vfs, "/boot/pxeboot", loader, 0444), ==, 0);
    g_autoptr(Media) media = media_detect(vfs, NULL, NULL);
    g_assert_cmpstr(media->bootfile, ==, "boot/pxeboot");
    g_assert_false(media->freebsd);
    /* One byte less, and a /cdrom.inf that is too large for the text that it is. */
    g_autoptr(Vfs) other = tree_of("/boot/kernel/kernel:a");
    g_autoptr(GBytes) fits = g_bytes_new_static(text, 1 << 20);
    g_autofree char *inf = g_strnfill((64 << 10) + 1, '\n');
    memcpy(inf, "CD_VERSION = 8.0-RELEASE", 24);
    g_autoptr(GBytes) inf_bytes = g_bytes_new_static(inf, strlen(inf));
    g_assert_cmpint(vfs_mem_add_file(other, "/boot/pxeboot", fits, 0444), ==, 0);
    g_assert_cmpint(vfs_mem_add_file(other, "/cdrom.inf", inf_bytes, 0444), ==, 0);
    g_autoptr(Media) found = media_detect(other, NULL, NULL);
    g_assert_true(found->freebsd);
    g_assert_cmpstr(found->release, ==, "9.0-RELEASE");
}

/* The list that the scan is asked for and the index of its parts. */
static void
test_probe_paths(void)
{
    g_assert_cmpstr(media_probe_paths[0], ==, "/boot/pxeboot");
    for (guint i = 0; media_probe_paths[i] != NULL; i++) {
        g_assert_cmpint(media_probe_paths[i][0], ==, '/');
        g_assert_cmpint(strstr(media_probe_paths[i], "mfsroot") != NULL, ==,
                        i >= MEDIA_PROBE_MFSROOT);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ROWS_ADD("/media/release", release_rows, test_release);
    g_test_add_func("/media/release-prefix", test_release_prefix);
    ROWS_ADD("/media/loader", loader_rows, test_loader);
    g_test_add_func("/media/names", test_names);
    ROWS_ADD("/media/detect", media_rows, test_media);
    ROWS_ADD("/media/label", label_rows, test_label);
    g_test_add_func("/media/too-large", test_too_large);
    g_test_add_func("/media/probe-paths", test_probe_paths);
    return g_test_run();
}
