/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a reply is what the client of a trace needs at this place: status, layout, and contents.
 */
#pragma once

#include "slirp-config/pcap.h"
#include "tests/lan/trace-model.h"

typedef struct {
    TraceModel *model;
    guint read_max;   /* bytes in a READ; as FSINFO said, or 0 */
    guint16 ports[2]; /* as GETPORT said: mount daemon, NFS; 0: not asked */
    guint right[CALL_KIND_COUNT];
    guint lookups_there;
    guint64 bytes_read;
    Pcap *capture; /* (nullable): closed before a failure ends the test */
    /* The packet or call that is being answered, for messages. */
    guint packet;
    const char *what;
} TraceCheck;

void trace_fail(TraceCheck *self, const char *where, const char *format, ...)
    G_GNUC_PRINTF(3, 4) G_GNUC_NORETURN;

/* What must be so; if not, the test ends and tells the trace, the packet and why. */
#define TRACE_WANT(check, condition, ...)                                                          \
    G_STMT_START                                                                                   \
    {                                                                                              \
        if (!(condition))                                                                          \
            trace_fail((check), G_STRLOC, __VA_ARGS__);                                            \
    }                                                                                              \
    G_STMT_END

void trace_check_put_call(TraceCheck *self, const TraceCall *call, Buf *out);
void trace_check_reply(TraceCheck *self, const TraceCall *call, const guint8 *reply, gsize len);
void trace_check_done(TraceCheck *self);
