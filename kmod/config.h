/* SPDX-License-Identifier: GPL-2.0 */
/* config: the running ruleset, read back as ADD would take it. */
#ifndef _ERNAT_CONFIG_H
#define _ERNAT_CONFIG_H

#include <linux/netlink.h>

int ernat_config_start(struct netlink_callback *cb);
int ernat_config_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _ERNAT_CONFIG_H */
