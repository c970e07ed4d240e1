/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree is served as it is, with the user's files over it, but without what a boot plan puts
 * there: whoever asks here may be no FreeBSD. Portmapper, mount daemon and NFS share one port,
 * since a call names its program.
 */
#include "launcher/serve.h"

#include "base/autofd.h"
#include "base/error.h"
#include "base/json.h"
#include "images/image-file.h"
#include "launcher/end-signals.h"
#include "launcher/serve-sockets.h"
#include "launcher/unpack-watch.h"
#include "nfs/nfs-server.h"
#include "slirp-config/rpc-datagrams.h"
#include "slirp-config/rpc-streams.h"

#include <stdio.h>
#include <sys/random.h>

typedef struct {
    const RunConfig *config;
    GMainLoop *loop;
    Vfs *tree;
    NfsServer nfs;
    ServeSockets sockets;
    RpcDatagrams *udp;
    RpcStreams *tcp, *local;
    EndSignals signals;
    int ended_by; /* a signal */
} Serve;

static Vfs *
open_image(const RunConfig *config, BootProgress *progress, GError **error)
{
    static const char *const nothing[] = { NULL };
    UnpackWatch unpacking = { .progress = progress, .path = config->iso };
    const UnpackWish wish = { unpack_watch_tell, &unpacking, config->text.no_cache };

    ImageFile *image = image_file_open(config->iso, nothing, &wish, error);
    unpack_watch_end(&unpacking, image != NULL);
    return image != NULL ? image_file_to_vfs(image, error) : NULL;
}

static gboolean
serve_open_tree(Serve *self, BootProgress *progress, GError **error)
{
    const RunConfig *config = self->config;
    guint64 key = 0;
    Vfs *given;

    self->tree = config->root != NULL ? vfs_dir_new(config->root, error)
                                      : open_image(config, progress, error);
    if (self->tree != NULL)
        self->tree = boot_changes_over_medium(&config->changes, self->tree, &given, error);
    if (self->tree == NULL)
        return FALSE;
    if (getrandom(&key, sizeof key, GRND_NONBLOCK) != (ssize_t)sizeof key)
        key = (guint64)g_get_real_time(); /* see nfs-handle.c: no secret */
    nfs_server_init(&self->nfs, self->tree, key);
    self->nfs.tcp = TRUE;
    return TRUE;
}

static gboolean
serve_open_sockets(Serve *self, GError **error)
{
    const RunConfig *config = self->config;

    if (config->text.socket != NULL) {
        int fd = serve_unix_socket_open(config->text.socket, error);
        if (fd < 0)
            return FALSE;
        self->local = rpc_streams_new(&self->nfs.rpc, NULL);
        rpc_streams_listen(self->local, fd);
    }
    if (!serve_sockets_open(&self->sockets, config->address, (guint16)config->port, error))
        return FALSE;
    for (gsize i = 0; i < NFS_DAEMON_COUNT; i++)
        self->nfs.ports[i] = self->sockets.port;
    self->udp = rpc_datagrams_new(&self->nfs.rpc, autofd_steal(&self->sockets.udp), NULL);
    self->tcp = rpc_streams_new(&self->nfs.rpc, NULL);
    rpc_streams_listen(self->tcp, autofd_steal(&self->sockets.tcp));
    return TRUE;
}

static void
print_json(const Serve *self, const char *address)
{
    g_autoptr(JsonObject) root = json_object_new_object();

    json_add_int(root, "format", 1);
    json_add_string(root, "address", address);
    json_add_int(root, "port", self->sockets.port);
    json_add_string(root, "socket", self->config->text.socket);
    (void)puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void
print_text(const Serve *self, const char *address)
{
    const RunConfig *config = self->config;
    gboolean six = g_inet_address_get_family(config->address) == G_SOCKET_FAMILY_IPV6;
    g_autofree char *host = six ? g_strdup_printf("[%s]", address) : g_strdup(address);
    guint port = self->sockets.port;

    (void)printf("%s on %s port %u, UDP and TCP: portmapper, mount, NFSv2, NFSv3\n",
                 config->root != NULL ? config->root : config->iso, address, port);
    if (config->text.socket != NULL)
        (void)printf("and on the Unix socket %s\n", config->text.socket);
    (void)printf("  nfs-ls -R 'nfs://%s/?nfsport=%u&mountport=%u&version=3'\n", host, port, port);
    (void)printf("  mount -t nfs -o ro,nolock,vers=3,tcp,port=%u,mountport=%u,mountproto=tcp "
                 "%s:/ /mnt\n",
                 port, port, host);
    (void)printf(g_inet_address_get_is_loopback(config->address)
                     ? "Only this host can reach it; --address NUMBER opens it. Ctrl-C ends it.\n"
                     : "Whoever can reach that address can read all of it. Ctrl-C ends it.\n");
}

static void
serve_tell(const Serve *self)
{
    g_autofree char *address = g_inet_address_to_string(self->config->address);

    if (self->config->text.json)
        print_json(self, address);
    else
        print_text(self, address);
    (void)fflush(stdout);
}

static void
serve_end(int signal_number, gpointer data)
{
    Serve *self = data;

    self->ended_by = signal_number;
    g_main_loop_quit(self->loop);
}

static void
serve_clear(Serve *self)
{
    end_signals_clear(&self->signals);
    if (self->local != NULL)
        (void)unlink(self->config->text.socket);
    rpc_streams_free(self->local);
    rpc_streams_free(self->tcp);
    rpc_datagrams_free(self->udp);
    serve_sockets_clear(&self->sockets);
    vfs_free(self->tree);
    g_main_loop_unref(self->loop);
}

/**
 * serve:
 * @config: (transfer none): a valid configuration
 * @progress: (transfer none): see medium_open()
 * @error: PXE_RUN_ERROR_MEDIUM, PXE_RUN_ERROR_HOST
 *
 * Serves until a signal comes.
 *
 * Returns: the exit status
 **/
int
serve(const RunConfig *config, BootProgress *progress, GError **error)
{
    Serve self = {
        .config = config,
        .loop = g_main_loop_new(NULL, FALSE),
        .sockets = { -1, -1, 0 },
    };

    gboolean ok = serve_open_tree(&self, progress, error) && serve_open_sockets(&self, error);
    if (ok) {
        end_signals_watch(&self.signals, serve_end, &self);
        serve_tell(&self);
        g_main_loop_run(self.loop);
    }
    serve_clear(&self);
    return ok ? EXIT_SIGNAL(self.ended_by) : PXE_RUN_ERROR_INTERNAL;
}
