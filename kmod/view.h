/* SPDX-License-Identifier: GPL-2.0 */
/* view: sessions, hosts and destinations, as somebody asks for them. */
#ifndef _ERNAT_VIEW_H
#define _ERNAT_VIEW_H

#include <linux/netlink.h>
#include <net/genetlink.h>
#include "net.h"

struct ernat_session;

int ernat_view_start(struct netlink_callback *cb);
int ernat_view_dump(struct sk_buff *skb, struct netlink_callback *cb);
int ernat_view_done(struct netlink_callback *cb);

/* Puts a nest of ERNAT_SESSION_*. Under RCU. Return: 0 or -EMSGSIZE. */
int ernat_view_put_session(struct sk_buff *skb, struct ernat_net *en,
			   int type, const struct ernat_session *s);

/* Ends the sessions that a request is about; @count: how many. May sleep. */
int ernat_view_clear(struct ernat_net *en, struct genl_info *info, u64 *count);

#endif /* _ERNAT_VIEW_H */
