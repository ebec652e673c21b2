/* SPDX-License-Identifier: GPL-2.0 */
/* filter: which sessions GET_SESSION lists, and how one is shown. */
#ifndef _ERNAT_FILTER_H
#define _ERNAT_FILTER_H

#include <linux/netlink.h>
#include <net/netlink.h>
#include <uapi/linux/ernat.h>

struct ernat_net;
struct ernat_session;

extern const struct nla_policy ernat_filter_policy[ERNAT_FILTER_MAX + 1];

int ernat_filter_start(struct netlink_callback *cb);
int ernat_filter_dump(struct sk_buff *skb, struct netlink_callback *cb);
int ernat_filter_done(struct netlink_callback *cb);

/* Puts a nest of ERNAT_SESSION_*. Under RCU. Return: 0 or -EMSGSIZE. */
int ernat_filter_put_session(struct sk_buff *skb, struct ernat_net *en,
			     int type, const struct ernat_session *s);

#endif /* _ERNAT_FILTER_H */
