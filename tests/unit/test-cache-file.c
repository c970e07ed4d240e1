/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/cache-file.c: what is kept, what goes, and who is not trusted. */
#include "base/autofd.h"
#include "images/cache-file.h"
#include "tests/lan/rows.h"
#include "tests/unit/support/tmp-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define KEY "00ff.test"

/* A cache of the test's own. Returns: (transfer full): the directory that it is in */
static TmpDir *
make_cache(void)
{
    TmpDir *dir = tmp_dir_new();
    g_setenv("XDG_CACHE_HOME", dir, TRUE);
    return dir;
}

static gboolean
keep(const char *key, const char *text, guint64 size)
{
    g_auto(CacheWriter) writer;

    if (!cache_file_begin(&writer))
        return FALSE;
    g_assert_cmpint(write(writer.fd, text, strlen(text)), ==, (gssize)strlen(text));
    if (size > 0)
        g_assert_cmpint(ftruncate(writer.fd, (off_t)size), ==, 0);
    return cache_file_commit(&writer, key);
}

static char *
kept(const char *key)
{
    char text[64];
    auto_fd fd = cache_file_open(key);

    if (fd < 0)
        return NULL;
    gssize n = read(fd, text, sizeof text);
    g_assert_cmpint(n, >=, 0);
    return g_strndup(text, (gsize)n);
}

static void
assert_kept(const char *key, const char *text)
{
    g_autofree char *found = kept(key);
    g_assert_cmpstr(found, ==, text);
}

static guint
count_names(const char *cache)
{
    g_autofree char *path = tmp_dir_path(cache, "pxe-run");
    GDir *dir = g_dir_open(path, 0, NULL);
    guint n = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir) != NULL)
        n++;
    g_dir_close(dir);
    return n;
}

static void
test_keep(void)
{
    g_autoptr(TmpDir) cache = make_cache();
    g_autofree char *path = tmp_dir_path(cache, "pxe-run");
    struct stat st;

    assert_kept(KEY, NULL);
    g_assert_true(keep(KEY, "one", 0));
    assert_kept(KEY, "one");
    g_assert_true(keep(KEY, "two", 0)); /* what is there stays: it is the same but in this test */
    assert_kept(KEY, "one");
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 0777, ==, 0700);
    g_assert_cmpuint(count_names(cache), ==, 1);
}

/* Nothing is seen before it is complete, and nothing stays of what never was. */
static void
test_half_written(void)
{
    g_autoptr(TmpDir) cache = make_cache();
    CacheWriter writer;

    g_assert_true(cache_file_begin(&writer));
    g_assert_cmpint(write(writer.fd, "half", 4), ==, 4);
    assert_kept(KEY, NULL);
    cache_file_clear(&writer);
    g_assert_cmpuint(count_names(cache), ==, 0);
}

/* The one that was not used for longest goes; who has it open reads on. */
static void
test_limit_bytes(void)
{
    g_autoptr(TmpDir) cache = make_cache();
    char text[3];

    g_assert_true(keep("a0", "one", CACHE_BYTES_MAX / 2));
    auto_fd open = cache_file_open("a0");
    g_assert_true(keep("b0", "two", CACHE_BYTES_MAX / 2));
    auto_fd used = cache_file_open("a0");
    g_assert_true(keep("c0", "three", 0)); /* more than the limit: "b0" was used before "a0" */
    g_assert_cmpuint(count_names(cache), ==, 2);
    assert_kept("b0", NULL);
    g_assert_true(keep("d0", "four", CACHE_BYTES_MAX));
    g_assert_cmpuint(count_names(cache), ==, 1);
    g_assert_false(keep("e0", "five", CACHE_BYTES_MAX + 1));
    g_assert_cmpuint(count_names(cache), ==, 1);
    g_assert_cmpint(read(open, text, sizeof text), ==, sizeof text);
    ROW_CMPMEM(text, sizeof text, "one", 3);
}

static void
test_limit_files(void)
{
    g_autoptr(TmpDir) cache = make_cache();
    char key[16];

    for (guint i = 0; i <= CACHE_FILES_MAX; i++) {
        (void)g_snprintf(key, sizeof key, "%08x", i);
        g_assert_true(keep(key, key, 0));
    }
    g_assert_cmpuint(count_names(cache), ==, CACHE_FILES_MAX);
    assert_kept("00000000", NULL);
    assert_kept("00000001", "00000001");
    assert_kept(key, key);
}

/* A killed writer's file goes; that of a living one, and what is not the cache's, stays. */
static void
test_left_over(void)
{
    g_autoptr(TmpDir) cache = make_cache();

    tmp_dir_mkdir(cache, "pxe-run");
    g_autofree char *dead = tmp_dir_file(cache, "pxe-run/new-dead", "x", 1);
    g_autofree char *alive = tmp_dir_file(cache, "pxe-run/new-alive", "x", 1);
    g_autofree char *foreign = tmp_dir_file(cache, "pxe-run/notes", "x", 1);
    auto_fd lock = open(alive, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(flock(lock, LOCK_EX), ==, 0);
    g_assert_true(keep(KEY, "one", 0));
    g_assert_false(g_file_test(dead, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(alive, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(foreign, G_FILE_TEST_EXISTS));
}

/* From here on no file system has files without a name. */
static void
forbid_o_tmpfile(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, O_TMPFILE),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, O_TMPFILE, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = { G_N_ELEMENTS(filter), filter };

    g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
    g_assert_cmpint(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), ==, 0);
}

/* A file system such as NFS: a name is needed, and does not stay. */
static void
test_no_o_tmpfile(void)
{
    g_autoptr(TmpDir) cache = make_cache();

    if (g_test_subprocess()) {
        CacheWriter writer;
        forbid_o_tmpfile();
        g_setenv("XDG_CACHE_HOME", g_getenv("TEST_CACHE"), TRUE);
        g_assert_true(keep(KEY, "one", 0));
        assert_kept(KEY, "one");
        g_assert_true(cache_file_begin(&writer));
        g_assert_cmpstr(writer.temporary, !=, "");
        (void)kill(getpid(), SIGKILL);
    }
    g_setenv("TEST_CACHE", cache, TRUE);
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_assert_false(g_test_trap_has_passed());
    g_assert_cmpuint(count_names(cache), ==, 2); /* it was killed while it wrote */
    assert_kept(KEY, "one");
    g_assert_true(keep("0a", "next", 0));
    g_assert_cmpuint(count_names(cache), ==, 2);
    assert_kept(KEY, "one");
}

/* Each is a cache that is not used, and no error. */
static void
test_no_cache(void)
{
    g_autoptr(TmpDir) cache = make_cache();
    g_autofree char *path = tmp_dir_path(cache, "pxe-run");
    g_autofree char *target = tmp_dir_path(cache, "elsewhere");

    tmp_dir_mkdir(cache, "elsewhere");
    tmp_dir_symlink(cache, "pxe-run", target);
    g_assert_false(keep(KEY, "one", 0));
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
    g_assert_cmpint(g_chmod(path, 0770), ==, 0); /* others may have written */
    g_assert_false(keep(KEY, "one", 0));
    g_assert_cmpint(g_chmod(path, 0755), ==, 0); /* they may have read: no more from now on */
    g_assert_true(keep(KEY, "one", 0));

    g_autofree char *file = tmp_dir_file(cache, "file", "x", 1);
    g_setenv("XDG_CACHE_HOME", file, TRUE);
    g_assert_false(keep(KEY, "one", 0));
    assert_kept(KEY, NULL);
    g_unsetenv("HOME");
    g_setenv("XDG_CACHE_HOME", "relative", TRUE);
    g_assert_false(keep(KEY, "one", 0));
    g_setenv("HOME", cache, TRUE);
    g_assert_true(keep(KEY, "one", 0));
    g_autofree char *kept_at = tmp_dir_path(cache, ".cache/pxe-run/" KEY);
    g_assert_true(g_file_test(kept_at, G_FILE_TEST_IS_REGULAR));
}

/* What lies in the cache and is not ours alone is not taken. */
static void
test_not_trusted(void)
{
    g_autoptr(TmpDir) cache = make_cache();

    g_assert_true(keep("aa", "one", 0));
    tmp_dir_symlink(cache, "pxe-run/bb", "aa");
    g_autofree char *shared = tmp_dir_file(cache, "pxe-run/cc", "x", 1);
    g_assert_cmpint(g_chmod(shared, 0666), ==, 0);
    g_autofree char *fifo = tmp_dir_path(cache, "pxe-run/dd");
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    assert_kept("aa", "one");
    assert_kept("bb", NULL);
    assert_kept("cc", NULL);
    assert_kept("dd", NULL); /* and nobody waits for a writer */
}

/* Many processes that keep, and have to remove: each sees all of a file, or nothing. */
static void
test_processes(void)
{
    g_autoptr(TmpDir) cache = make_cache();
    pid_t children[4];
    int status;

    for (guint c = 0; c < G_N_ELEMENTS(children); c++) {
        if ((children[c] = fork()) != 0)
            continue;
        for (guint i = 0; i < 50; i++) {
            char key[16];
            (void)g_snprintf(key, sizeof key, "%02x", i % 7);
            (void)keep(key, "text", CACHE_BYTES_MAX / 3);
            auto_fd fd = cache_file_open(key);
            struct stat st;
            if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_size != CACHE_BYTES_MAX / 3))
                _exit(1);
        }
        _exit(0);
    }
    for (guint c = 0; c < G_N_ELEMENTS(children); c++) {
        g_assert_cmpint(waitpid(children[c], &status, 0), ==, children[c]);
        g_assert_cmpint(status, ==, 0);
    }
    g_assert_true(keep("ff", "last", 0));
    g_assert_cmpuint(count_names(cache), <=, 4);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cache-file/keep", test_keep);
    g_test_add_func("/cache-file/half-written", test_half_written);
    g_test_add_func("/cache-file/limit-bytes", test_limit_bytes);
    g_test_add_func("/cache-file/limit-files", test_limit_files);
    g_test_add_func("/cache-file/left-over", test_left_over);
    g_test_add_func("/cache-file/no-o-tmpfile", test_no_o_tmpfile);
    g_test_add_func("/cache-file/no-cache", test_no_cache);
    g_test_add_func("/cache-file/not-trusted", test_not_trusted);
    g_test_add_func("/cache-file/processes", test_processes);
    return g_test_run();
}
