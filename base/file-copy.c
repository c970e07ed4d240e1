/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file-copy.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define COPY_CHUNK (1u << 20)

/* From where both are. Returns: FALSE with errno */
static gboolean
copy_slowly(int from, int to)
{
    g_autofree char *chunk = g_malloc(COPY_CHUNK);
    ssize_t n;

    while ((n = read(from, chunk, COPY_CHUNK)) > 0) {
        for (ssize_t done = 0; done < n;) {
            ssize_t put = write(to, chunk + done, (gsize)(n - done));
            if (put < 0 && errno != EINTR)
                return FALSE;
            done += MAX(put, 0);
        }
    }
    return n == 0;
}

/**
 * file_copy:
 * @from: (transfer none): a file, copied from its beginning
 * @to: (transfer none): where to, from where it is
 *
 * Returns: FALSE on failure, with errno
 **/
gboolean
file_copy(int from, int to)
{
    ssize_t n;

    if (lseek(from, 0, SEEK_SET) < 0)
        return FALSE;
    do {
        n = sendfile(to, from, NULL, COPY_CHUNK);
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n == 0 || copy_slowly(from, to); /* from where it is */
}
