/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words behind a name: "mode=0755", "optional". What tells of contents (size, digests) is known
 * and left alone, since the contents are another's; a word that nobody knows is a mistake of who
 * wrote it.
 */
#include "images/mtree-spec.h"

#include <string.h>

/* Users and groups of a fresh FreeBSD, by etc/master.passwd and etc/group. */
typedef struct {
    const char *name;
    guint32 id;
} NamedId;

static const NamedId users[] = {
    { "root", 0 },        { "toor", 0 },       { "daemon", 1 },   { "operator", 2 },
    { "bin", 3 },         { "tty", 4 },        { "kmem", 5 },     { "games", 7 },
    { "news", 8 },        { "man", 9 },        { "sshd", 22 },    { "smmsp", 25 },
    { "mailnull", 26 },   { "bind", 53 },      { "unbound", 59 }, { "proxy", 62 },
    { "_pflogd", 64 },    { "_dhcp", 65 },     { "uucp", 66 },    { "pop", 68 },
    { "auditdistd", 78 }, { "www", 80 },       { "ntpd", 123 },   { "_ypldap", 160 },
    { "hast", 845 },      { "nobody", 65534 }, { NULL, 0 },
};

static const NamedId groups[] = {
    { "wheel", 0 },      { "daemon", 1 },   { "kmem", 2 },     { "sys", 3 },
    { "tty", 4 },        { "operator", 5 }, { "mail", 6 },     { "bin", 7 },
    { "news", 8 },       { "man", 9 },      { "games", 13 },   { "ftp", 14 },
    { "staff", 20 },     { "sshd", 22 },    { "smmsp", 25 },   { "mailnull", 26 },
    { "guest", 31 },     { "video", 44 },   { "bind", 53 },    { "unbound", 59 },
    { "proxy", 62 },     { "authpf", 63 },  { "_pflogd", 64 }, { "_dhcp", 65 },
    { "uucp", 66 },      { "dialer", 68 },  { "network", 69 }, { "audit", 77 },
    { "www", 80 },       { "ntpd", 123 },   { "hast", 845 },   { "nogroup", 65533 },
    { "nobody", 65534 }, { NULL, 0 },
};

const char *const mtree_type_names[VFS_TYPE_COUNT] = {
    [VFS_REG] = "file",  [VFS_DIR] = "dir",   [VFS_LNK] = "link",    [VFS_CHR] = "char",
    [VFS_BLK] = "block", [VFS_FIFO] = "fifo", [VFS_SOCK] = "socket",
};

/* The bytes that one escape behind a backslash stands for; see vis(3). */
static const char *
unescape(const char *at, char *ret)
{
    static const char letters[] = "abfnrstv0\\# =";
    static const char bytes[] = "\a\b\f\n\r \t\v\0\\# =";
    const char *letter;

    if (at[0] >= '0' && at[0] <= '3' && at[1] >= '0' && at[1] <= '7' && at[2] >= '0' &&
        at[2] <= '7') {
        *ret = (char)((at[0] - '0') << 6 | (at[1] - '0') << 3 | (at[2] - '0'));
        return at + 3;
    }
    if (at[0] == 'M' && at[1] == '-' && at[2] != '\0') {
        *ret = (char)(at[2] | 0x80);
        return at + 3;
    }
    if (at[0] == 'M' && at[1] == '^' && at[2] != '\0') {
        *ret = at[2] == '?' ? (char)0xff : (char)((at[2] & 0x1f) | 0x80);
        return at + 3;
    }
    if (at[0] == '^' && at[1] != '\0') {
        *ret = at[1] == '?' ? 0x7f : (char)(at[1] & 0x1f);
        return at + 2;
    }
    letter = *at != '\0' ? strchr(letters, *at) : NULL;
    if (letter == NULL)
        return NULL;
    *ret = bytes[letter - letters];
    return at + 1;
}

/**
 * mtree_unvis:
 * @text: a word with the escapes of vis(3)
 *
 * Returns: (transfer full) (nullable): the bytes that it stands for; NULL where an escape is none,
 *   or stands for NUL
 **/
char *
mtree_unvis(const char *text)
{
    g_autofree char *bytes = g_malloc(strlen(text) + 1);
    gsize n = 0;

    while (*text != '\0') {
        bytes[n] = *text++;
        if (bytes[n] == '\\')
            text = unescape(text, &bytes[n]);
        if (text == NULL || bytes[n] == '\0')
            return NULL;
        n++;
    }
    bytes[n] = '\0';
    return g_steal_pointer(&bytes);
}

/* ---- values ---- */

static gboolean
parse_number(const char *text, guint base, guint64 max, guint32 *ret)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, base, 0, max, &number, NULL))
        return FALSE;
    *ret = (guint32)number;
    return TRUE;
}

static gboolean
parse_named(const char *text, const NamedId *table, guint32 *ret)
{
    for (; table->name != NULL; table++) {
        if (g_str_equal(table->name, text)) {
            *ret = table->id;
            return TRUE;
        }
    }
    return FALSE;
}

static const char *
set_type(MtreeEntry *entry, const char *value)
{
    for (guint i = 0; i < VFS_TYPE_COUNT; i++) {
        if (g_str_equal(mtree_type_names[i], value)) {
            entry->type = (VfsType)i;
            entry->has_type = TRUE;
            return NULL;
        }
    }
    return "type is file, dir, link, char, block, fifo or socket";
}

static const char *
set_mode(MtreeEntry *entry, const char *value)
{
    entry->has_mode = parse_number(value, 8, 07777, &entry->mode);
    return entry->has_mode ? NULL : "mode is an octal number up to 7777";
}

static const char *
set_uid(MtreeEntry *entry, const char *value)
{
    entry->has_uid = parse_number(value, 10, G_MAXUINT32, &entry->uid);
    return entry->has_uid ? NULL : "uid is a number";
}

static const char *
set_gid(MtreeEntry *entry, const char *value)
{
    entry->has_gid = parse_number(value, 10, G_MAXUINT32, &entry->gid);
    return entry->has_gid ? NULL : "gid is a number";
}

/* A number beside it, which bsdtar writes, is the better one. */
static const char *
set_uname(MtreeEntry *entry, const char *value)
{
    if (!entry->has_uid)
        entry->has_uid = parse_named(value, users, &entry->uid);
    return entry->has_uid ? NULL : "no user of a fresh FreeBSD: give uid=";
}

static const char *
set_gname(MtreeEntry *entry, const char *value)
{
    if (!entry->has_gid)
        entry->has_gid = parse_named(value, groups, &entry->gid);
    return entry->has_gid ? NULL : "no group of a fresh FreeBSD: give gid=";
}

/* "1186840963.0": behind the point are nanoseconds, as a number. */
static const char *
set_time(MtreeEntry *entry, const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, ".", 2);
    guint32 ns = 0;

    entry->has_time = parts[0] != NULL &&
                      g_ascii_string_to_signed(parts[0], 10, G_MININT32, G_MAXINT64 >> 16,
                                               &entry->mtime_s, NULL) &&
                      (parts[1] == NULL || parse_number(parts[1], 10, 999999999, &ns));
    entry->mtime_ns = ns;
    return entry->has_time ? NULL : "time is SECONDS or SECONDS.NANOSECONDS";
}

/* "0x503" as FreeBSD packs it [sys/types.h: makedev, before 12]; "freebsd,5,3"; "5,3". */
static const char *
set_device(MtreeEntry *entry, const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);
    guint n = g_strv_length(parts);
    guint32 packed;

    entry->has_device = FALSE;
    if (n == 1 && parse_number(g_str_has_prefix(value, "0x") ? value + 2 : value,
                               g_str_has_prefix(value, "0x") ? 16 : 10, G_MAXUINT32, &packed)) {
        entry->rdev_major = packed >> 8 & 0xff;
        entry->rdev_minor = packed & 0xffff00ff;
        entry->has_device = TRUE;
    } else if (n == 2 || n == 3) {
        entry->has_device = parse_number(parts[n - 2], 10, G_MAXUINT32, &entry->rdev_major) &&
                            parse_number(parts[n - 1], 10, G_MAXUINT32, &entry->rdev_minor);
    }
    return entry->has_device ? NULL : "device is a number, or FORMAT,MAJOR,MINOR";
}

static const char *
set_link(MtreeEntry *entry, const char *value)
{
    g_autofree char *target = mtree_unvis(value);

    if (target == NULL || *target == '\0' || strlen(target) >= VFS_PATH_MAX)
        return "link is no path";
    g_free(entry->link);
    entry->link = g_steal_pointer(&target);
    return NULL;
}

static const char *
leave_alone(MtreeEntry *entry, const char *value)
{
    (void)entry, (void)value;
    return NULL;
}

/* ---- keywords ---- */

static const struct {
    const char *name;
    const char *(*set)(MtreeEntry *entry, const char *value);
} keywords[] = {
    { "type", set_type },
    { "mode", set_mode },
    { "uid", set_uid },
    { "gid", set_gid },
    { "uname", set_uname },
    { "gname", set_gname },
    { "time", set_time },
    { "device", set_device },
    { "link", set_link },
    { "size", leave_alone },
    { "nlink", leave_alone },
    { "flags", leave_alone },
    { "cksum", leave_alone },
    { "md5", leave_alone },
    { "md5digest", leave_alone },
    { "rmd160", leave_alone },
    { "rmd160digest", leave_alone },
    { "ripemd160digest", leave_alone },
    { "sha1", leave_alone },
    { "sha1digest", leave_alone },
    { "sha256", leave_alone },
    { "sha256digest", leave_alone },
    { "sha384", leave_alone },
    { "sha384digest", leave_alone },
    { "sha512", leave_alone },
    { "sha512digest", leave_alone },
    { "contents", leave_alone },
    { "content", leave_alone },
    { "optional", leave_alone },
    { "nochange", leave_alone },
    { "ignore", leave_alone },
    { "tags", leave_alone },
    { "inode", leave_alone },
    { "resdevice", leave_alone },
    { "xattr", leave_alone },
};

/* Returns: whether @word is the keyword @name, alone or with a value */
static gboolean
is_keyword(const char *word, const char *name)
{
    gsize len = strlen(name);
    return strncmp(word, name, len) == 0 && (word[len] == '\0' || word[len] == '=');
}

/**
 * mtree_keyword_apply:
 * @word: "mode=0755"
 * @entry: what it is said of
 *
 * Returns: (nullable): what is wrong with it
 **/
const char *
mtree_keyword_apply(const char *word, MtreeEntry *entry)
{
    const char *sign = strchr(word, '=');

    for (gsize i = 0; i < G_N_ELEMENTS(keywords); i++) {
        if (!is_keyword(word, keywords[i].name))
            continue;
        if (sign == NULL && keywords[i].set != leave_alone)
            return "a value is missing";
        return keywords[i].set(entry, sign != NULL ? sign + 1 : "");
    }
    return "no such keyword";
}

/* As mtree_keyword_apply(), for a word of "/unset". */
const char *
mtree_keyword_forget(const char *word, MtreeEntry *entry)
{
    const struct {
        const char *name;
        gboolean *flag;
    } flags[] = {
        { "type", &entry->has_type }, { "mode", &entry->has_mode },
        { "uid", &entry->has_uid },   { "gid", &entry->has_gid },
        { "uname", &entry->has_uid }, { "gname", &entry->has_gid },
        { "time", &entry->has_time }, { "device", &entry->has_device },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (g_str_equal(word, flags[i].name) || g_str_equal(word, "all"))
            *flags[i].flag = FALSE;
    }
    return NULL;
}
