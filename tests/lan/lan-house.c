/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/lan/lan-house.h"

static void
on_boot_event(const BootEvent *event, gpointer data)
{
    ((LanHouse *)data)->events[event->kind]++;
}

static void
on_nfs_event(const NfsEvent *event, gpointer data)
{
    LanHouse *self = data;
    if (event->kind == NFS_EVENT_MOUNT)
        self->mounts++;
    else
        self->bytes_read += event->count;
}

/* As lan_house_init(), with a setup of the caller's. */
void
lan_house_init_with(LanHouse *self, Vfs *tree, const LanHouseSetup *setup)
{
    g_autoptr(GError) error = NULL;

    *self = (LanHouse){
        .context = g_main_context_new(),
        .tree = tree,
        .config = setup->lan,
        .policy = { setup->root_path, { LAN_HOUSE_VARIABLE } },
    };
    const GatewayConfig gateway = {
        .lan = setup->lan,
        .bootfile = setup->bootfile,
        .outside = setup->outside,
    };
    self->lan = lan_new();
    self->gateway = gateway_new(self->lan, &gateway, self->context, &error);
    g_assert_no_error(error);
    self->server = boot_server_new(self->lan, &self->config, LAN_HOUSE_KEY);
    self->watch = boot_watch_new(self->lan, on_boot_event, self);
    gateway_set_tree(self->gateway, tree);
    gateway_set_policy(self->gateway, &self->policy);
    boot_server_set_tree(self->server, tree);
    boot_server_set_observer(self->server, on_nfs_event, self);
    self->tcp = boot_tcp_new(self->gateway, self->server, &self->config, self->context, &error);
    g_assert_no_error(error);
}

/* Returns: the setup of a run without options */
LanHouseSetup
lan_house_default(void)
{
    LanHouseSetup setup = { .bootfile = LAN_HOUSE_BOOTFILE, .root_path = LAN_HOUSE_ROOT };

    g_assert_true(lan_config_parse(LAN_DEFAULT_NETWORK, &setup.lan, NULL));
    return setup;
}

/* @tree: (transfer full): what TFTP and NFS offer */
void
lan_house_init(LanHouse *self, Vfs *tree)
{
    LanHouseSetup setup = lan_house_default();
    lan_house_init_with(self, tree, &setup);
}

void
lan_house_clear(LanHouse *self)
{
    if (self->lan == NULL)
        return;
    gateway_free(self->gateway);
    boot_tcp_free(self->tcp);
    boot_server_free(self->server);
    lan_free(self->lan);
    boot_watch_free(self->watch);
    vfs_free(self->tree);
    g_main_context_unref(self->context);
}

/* Lets libslirp do what it has put off. */
void
lan_house_pump(LanHouse *self)
{
    (void)g_main_context_iteration(self->context, FALSE);
}
