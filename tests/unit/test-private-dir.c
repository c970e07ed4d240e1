/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images/private-dir.c: both kinds, and that neither outlives who made it. */
#include "base/autofd.h"
#include "images/private-dir.h"
#include "tests/unit/support/tmp-dir.h"
#include "tests/unit/support/told.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void
fill(int dir)
{
    char name[16];
    auto_fd at = dup(dir);

    for (guint i = 0; i < 3000; i++) {
        (void)g_snprintf(name, sizeof name, "file%u", i);
        auto_fd fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        g_assert_cmpint(fd, >=, 0);
    }
    for (guint i = 0; i < 200; i++) {
        g_assert_cmpint(mkdirat(at, "deep", 0700), ==, 0);
        g_assert_cmpint(symlinkat("/etc", at, "link"), ==, 0);
        int next = openat(at, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_assert_cmpint(next, >=, 0);
        autofd_clear(&at);
        at = next;
    }
}

/* Points TMPDIR at a directory. GLib reads it once, so each test has a process of its own. */
static gboolean
in_own_process(const char *tmp)
{
    if (g_test_subprocess())
        return TRUE;
    g_setenv("TMPDIR", tmp, TRUE);
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    return FALSE;
}

/* What a test points TMPDIR at; in its own process there is one already. */
static TmpDir *
new_tmp(void)
{
    return g_test_subprocess() ? NULL : tmp_dir_new();
}

/* Where namespaces are allowed it has no name; elsewhere this is the other kind once more. */
static void
test_any(void)
{
    g_autoptr(TmpDir) tmp = new_tmp();

    if (in_own_process(tmp)) {
        g_autoptr(GError) error = NULL;
        g_auto(PrivateDir) dir = { .fd = -1 };
        g_assert_true(private_dir_open(&dir, PRIVATE_DIR_ANY, &error));
        g_assert_no_error(error);
        fill(dir.fd);
        if (dir.path == NULL)
            g_assert_cmpuint(tmp_dir_count_names(g_get_tmp_dir()), ==, 0);
        return;
    }
    g_test_trap_assert_passed();
    g_assert_cmpuint(tmp_dir_count_names(tmp), ==, 0);
}

static void
test_named(void)
{
    g_autoptr(TmpDir) tmp = new_tmp();

    if (in_own_process(tmp)) {
        g_autoptr(GError) error = NULL;
        PrivateDir dir;
        struct stat st;
        g_assert_true(private_dir_open(&dir, PRIVATE_DIR_NAMED, &error));
        g_assert_cmpuint(tmp_dir_count_names(g_get_tmp_dir()), ==, 1);
        g_assert_cmpint(stat(dir.path, &st), ==, 0);
        g_assert_cmpuint(st.st_mode & 0777, ==, 0700);
        fill(dir.fd);
        private_dir_clear(&dir);
        g_assert_cmpuint(tmp_dir_count_names(g_get_tmp_dir()), ==,
                         0); /* when that returns, not later */
        return;
    }
    g_test_trap_assert_passed();
}

/* Killed, with its whole process group, as a terminal or `timeout -s KILL` does. */
static void
test_killed(void)
{
    g_autoptr(TmpDir) tmp = new_tmp();
    int status;

    g_assert_cmpint(prctl(PR_SET_CHILD_SUBREAPER, 1), ==, 0); /* to see the guard end */
    if (in_own_process(tmp)) {
        PrivateDir dir;
        (void)setpgid(0, 0);
        g_assert_true(private_dir_open(&dir, PRIVATE_DIR_NAMED, NULL));
        fill(dir.fd);
        (void)kill(0, SIGINT);
        (void)kill(0, SIGKILL);
    }
    g_assert_false(g_test_trap_has_passed());
    while (waitpid(-1, &status, 0) > 0)
        continue;
    g_assert_cmpuint(tmp_dir_count_names(tmp), ==, 0);
}

static void
test_nowhere(void)
{
    if (in_own_process("/nonexistent/tmp")) {
        g_autoptr(GError) error = NULL;
        PrivateDir dir;
        g_assert_false(private_dir_open(&dir, PRIVATE_DIR_NAMED, &error));
        assert_told(error, PXE_RUN_ERROR_HOST,
                    "'/nonexistent/tmp': No such file or directory; set TMPDIR");
        return;
    }
    g_test_trap_assert_passed();
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/private-dir/any", test_any);
    g_test_add_func("/private-dir/named", test_named);
    g_test_add_func("/private-dir/killed", test_killed);
    g_test_add_func("/private-dir/nowhere", test_nowhere);
    return g_test_run();
}
