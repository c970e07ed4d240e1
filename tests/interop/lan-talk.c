/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Talks to the LAN with a client of our own, and writes it all down: lan-talk FILE makes a capture
 * in which every kind of client asks for an address, files go by TFTP, and every procedure of every
 * RPC program is called, in good and in bad ways. wire.py lets tshark judge the answers.
 */
#include "slirp-config/pcap.h"
#include "tests/lan/lan-client.h"

#include <stdio.h>
#include <stdlib.h>

#define PORTMAP 100000
#define NFS     100003
#define MOUNT   100005

/* sattr3 that changes nothing; sattr that changes nothing. RFC 1813 §2.6, RFC 1094 §2.3.6 */
#define SATTR3 "#0 #0 #0 #0 #0 #0"
#define SATTR2 "#-1 #-1 #-1 #-1 #-1 #-1 #-1 #-1"

/*
 * A call. Arguments are words with a space between: @PATH is the handle of an object, ~ one that is
 * stale, 'TEXT a string or opaque, #N a number of 32 bits, %N one of 64.
 */
typedef struct {
    guint32 prog, vers, proc;
    const char *args;
} Call;

static const Call calls[] = {
    { PORTMAP, 2, 0, "" },
    { PORTMAP, 2, 1, "#100003 #3 #17 #2049" },
    { PORTMAP, 2, 2, "#100003 #3 #17 #2049" },
    { PORTMAP, 2, 3, "#100003 #3 #17 #0" },
    { PORTMAP, 2, 3, "#100003 #2 #17 #0" },
    { PORTMAP, 2, 3, "#100005 #1 #17 #0" },
    { PORTMAP, 2, 3, "#100005 #3 #17 #0" },
    { PORTMAP, 2, 3, "#100021 #4 #17 #0" },
    { PORTMAP, 2, 4, "" },
    { PORTMAP, 2, 5, "#100003 #3 #0 '" },
    { PORTMAP, 4, 0, "" },
    { 100021, 4, 0, "" },
    { NFS, 4, 0, "" },

    { MOUNT, 1, 0, "" },
    { MOUNT, 1, 1, "'/" },
    { MOUNT, 1, 1, "'/boot" },
    { MOUNT, 1, 1, "'/nowhere" },
    { MOUNT, 1, 2, "" },
    { MOUNT, 1, 3, "'/" },
    { MOUNT, 1, 4, "" },
    { MOUNT, 1, 5, "" },
    { MOUNT, 3, 0, "" },
    { MOUNT, 3, 1, "'/" },
    { MOUNT, 3, 1, "'/boot/loader.rc" },
    { MOUNT, 3, 1, "'/nowhere" },
    { MOUNT, 3, 2, "" },
    { MOUNT, 3, 3, "'/" },
    { MOUNT, 3, 4, "" },
    { MOUNT, 3, 5, "" },
    { MOUNT, 3, 6, "" },

    { NFS, 2, 0, "" },
    { NFS, 2, 1, "@/" },
    { NFS, 2, 1, "@/boot/kernel/kernel" },
    { NFS, 2, 1, "@/link" },
    { NFS, 2, 1, "~" },
    { NFS, 2, 2, "@/one " SATTR2 },
    { NFS, 2, 3, "" },
    { NFS, 2, 4, "@/boot 'loader.rc" },
    { NFS, 2, 4, "@/boot 'absent" },
    { NFS, 2, 4, "@/one 'x" },
    { NFS, 2, 5, "@/link" },
    { NFS, 2, 5, "@/link-1024" },
    { NFS, 2, 5, "@/one" },
    { NFS, 2, 6, "@/boot/kernel/kernel #0 #1024 #0" },
    { NFS, 2, 6, "@/boot/kernel/kernel #99999 #1024 #0" },
    { NFS, 2, 6, "@/boot/kernel/kernel #8192 #8192 #0" },
    { NFS, 2, 6, "@/empty #0 #512 #0" },
    { NFS, 2, 6, "@/boot #0 #1024 #0" },
    { NFS, 2, 8, "@/one #0 #0 #4 'text" },
    { NFS, 2, 9, "@/ 'new " SATTR2 },
    { NFS, 2, 10, "@/ 'one" },
    { NFS, 2, 11, "@/ 'one @/boot 'two" },
    { NFS, 2, 12, "@/one @/boot 'two" },
    { NFS, 2, 13, "@/ 'new 'target " SATTR2 },
    { NFS, 2, 14, "@/ 'new " SATTR2 },
    { NFS, 2, 15, "@/ 'boot" },
    { NFS, 2, 16, "@/ #0 #1024" },
    { NFS, 2, 16, "@/many #0 #4096" },
    { NFS, 2, 17, "@/" },

    { NFS, 3, 0, "" },
    { NFS, 3, 1, "@/" },
    { NFS, 3, 1, "@/boot/kernel/kernel" },
    { NFS, 3, 1, "@/link" },
    { NFS, 3, 1, "~" },
    { NFS, 3, 2, "@/one " SATTR3 " #0" },
    { NFS, 3, 3, "@/boot 'loader.rc" },
    { NFS, 3, 3, "@/boot 'absent" },
    { NFS, 3, 3, "@/boot '.." },
    { NFS, 3, 3, "@/one 'x" },
    { NFS, 3, 3, "~ 'x" },
    { NFS, 3, 4, "@/boot #63" },
    { NFS, 3, 4, "@/one #63" },
    { NFS, 3, 4, "@/script #63" },
    { NFS, 3, 5, "@/link" },
    { NFS, 3, 5, "@/link-1025" },
    { NFS, 3, 5, "@/one" },
    { NFS, 3, 6, "@/boot/kernel/kernel %0 #1344" },
    { NFS, 3, 6, "@/boot/kernel/kernel %99999 #1024" },
    { NFS, 3, 6, "@/boot/kernel/kernel %100000 #1024" },
    { NFS, 3, 6, "@/boot/kernel/kernel %8192 #8192" },
    { NFS, 3, 6, "@/boot/kernel/kernel %0 #32768" },
    { NFS, 3, 6, "@/empty %0 #512" },
    { NFS, 3, 6, "@/boot %0 #1024" },
    { NFS, 3, 6, "~ %0 #1024" },
    { NFS, 3, 7, "@/one %0 #4 #2 'text" },
    { NFS, 3, 8, "@/ 'new #0 " SATTR3 },
    { NFS, 3, 9, "@/ 'new " SATTR3 },
    { NFS, 3, 10, "@/ 'new " SATTR3 " 'target" },
    { NFS, 3, 11, "@/ 'new #7 " SATTR3 },
    { NFS, 3, 12, "@/ 'one" },
    { NFS, 3, 13, "@/ 'boot" },
    { NFS, 3, 14, "@/ 'one @/boot 'two" },
    { NFS, 3, 14, "~ 'one @/boot 'two" },
    { NFS, 3, 15, "@/one @/boot 'two" },
    { NFS, 3, 16, "@/ %0 %0 #1024" },
    { NFS, 3, 16, "@/many %0 %0 #8192" },
    { NFS, 3, 16, "@/one %0 %0 #1024" },
    { NFS, 3, 17, "@/ %0 %0 #512 #4096" },
    { NFS, 3, 17, "@/many %0 %0 #8192 #32768" },
    { NFS, 3, 18, "@/" },
    { NFS, 3, 19, "@/" },
    { NFS, 3, 20, "@/boot" },
    { NFS, 3, 20, "~" },
    { NFS, 3, 21, "@/one %0 #0" },
    { NFS, 3, 22, "" },
};

/* Credentials: none, a loader's, a kernel's. RFC 5531 §8.2, appendix A */
static const guint32 no_credential[] = { 0, 0 };
static const guint32 loader_credential[] = { 1, 20, 0, 0, 0, 0, 0 };
static const guint32 kernel_credential[] = {
    1, 36, 0x12345678, 7, 0x66726565, 0x62736400, 0, 0, 2, 0, 5,
};

static const struct {
    const guint32 *words;
    gsize n;
} credentials[] = {
    { no_credential, G_N_ELEMENTS(no_credential) },
    { loader_credential, G_N_ELEMENTS(loader_credential) },
    { kernel_credential, G_N_ELEMENTS(kernel_credential) },
};

static NfsHandle
handle_of(LanClient *client, const char *path)
{
    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    LanObject object;

    g_assert_cmpuint(lan_client_walk(client, directory, &object), ==, 0);
    /* Not a walk to the end: links must not be followed. */
    if (!g_str_equal(path, "/")) {
        LanObject parent = object;
        g_assert_cmpuint(lan_client_lookup(client, &parent.handle, name, &object), ==, 0);
    }
    return object.handle;
}

static void
put_argument(LanClient *client, Buf *out, const char *word)
{
    NfsHandle handle;

    switch (*word) {
    case '@':
    case '~':
        handle = handle_of(client, *word == '@' ? word + 1 : "/");
        handle.bytes[10] ^= *word == '@' ? 0 : 0x40;
        nfs_rig_put_handle(out, client->nfs_vers, &handle);
        break;
    case '\'':
        nfs_rig_put_string(out, word + 1);
        break;
    case '#':
        buf_be32(out, (guint32)strtol(word + 1, NULL, 10));
        break;
    default:
        buf_be64(out, g_ascii_strtoull(word + 1, NULL, 10));
        break;
    }
}

static guint16
port_of(guint32 prog)
{
    return prog == MOUNT ? MOUNTD_PORT : prog == PORTMAP ? PMAP_PORT : NFS_PORT;
}

/* Makes a call that must be answered, whatever the answer is. */
static void
talk(LanClient *client, const Call *call, guint i)
{
    g_auto(GStrv) words = g_strsplit(call->args, " ", -1);
    guint8 args_bytes[1024], message_bytes[2048];
    Buf args = buf_of(args_bytes, sizeof args_bytes, 0);
    Buf message = buf_of(message_bytes, sizeof message_bytes, 0);
    g_auto(LanDatagram) reply = { 0 };

    client->nfs_vers = call->vers == 2 || call->vers == 1 ? 2 : 3;
    client->nfs_port = client->mount_port = 0;
    for (char **word = words; *word != NULL && **word != '\0'; word++)
        put_argument(client, &args, *word);
    const guint32 head[] = { ++client->rpc_xid, 0, 2, call->prog, call->vers, call->proc };
    for (gsize k = 0; k < G_N_ELEMENTS(head); k++)
        buf_be32(&message, head[k]);
    for (gsize k = 0; k < credentials[i % 3].n; k++)
        buf_be32(&message, credentials[i % 3].words[k]);
    buf_be64(&message, 0); /* no verifier */
    buf_bytes(&message, buf_data(&args), buf_len(&args));
    g_assert_true(buf_ok(&args) && buf_ok(&message));
    lan_client_send_udp(client, client->house->config.server, client->rpc_port, port_of(call->prog),
                        buf_data(&message), buf_len(&message));
    if (!lan_client_receive(client, client->rpc_port, &reply))
        g_error("no answer to program %u version %u procedure %u", call->prog, call->vers,
                call->proc);
}

static void
talk_dhcp(LanClient *client)
{
    static const DhcpClient kinds[] = { DHCP_CLIENT_OTHER, DHCP_CLIENT_IPXE, DHCP_CLIENT_LOADER_UDP,
                                        DHCP_CLIENT_LOADER };
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        lan_client_start(client, kinds[i], 3);
        client->dhcp_xid++;
        g_assert_true(lan_client_dhcp(client));
    }
}

static void
talk_tftp(LanClient *client)
{
    static const LanTftp plain = { 0 }, options = { .blksize = 1432, .tsize = TRUE };
    static const char *const names[] = { LAN_HOUSE_BOOTFILE, "boot/absent" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_auto(LanTftpResult) a = lan_client_tftp(client, names[i], &plain);
        g_auto(LanTftpResult) b = lan_client_tftp(client, names[i], &options);
        g_assert_cmpint(a.error, ==, b.error);
    }
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    LanHouse house;

    Pcap *pcap = argc == 2 ? pcap_open(argv[1], &error) : NULL;
    if (pcap == NULL) {
        (void)fprintf(stderr, "lan-talk: %s\n", error != NULL ? error->message : "give a FILE");
        return 1;
    }
    Vfs *tree = nfs_rig_tree();
    nfs_rig_add_file(tree, LAN_HOUSE_BOOTFILE, 20000, 0444);
    lan_house_init(&house, tree);
    pcap_attach(pcap, house.lan);
    LanClient *client = lan_client_new(&house);
    talk_dhcp(client);
    talk_tftp(client);
    for (guint i = 0; i < G_N_ELEMENTS(calls); i++)
        talk(client, &calls[i], i);
    for (client->nfs_vers = 2; client->nfs_vers <= 3; client->nfs_vers++)
        g_free(lan_client_list(client, "/many"));
    lan_house_clear(&house);
    lan_client_free(client);
    if (!pcap_close(pcap, &error))
        g_error("%s", error->message);
    return 0;
}
