/* SPDX-License-Identifier: GPL-2.0 */
/* usage: counters of pools, route sources and rules. */
#ifndef _ERNAT_USAGE_H
#define _ERNAT_USAGE_H

#include <linux/netlink.h>

int ernat_usage_start(struct netlink_callback *cb);
int ernat_usage_dump_pools(struct sk_buff *skb, struct netlink_callback *cb);
int ernat_usage_dump_sources(struct sk_buff *skb, struct netlink_callback *cb);
int ernat_usage_dump_rules(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* _ERNAT_USAGE_H */
