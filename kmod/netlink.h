/* SPDX-License-Identifier: GPL-2.0 */
/* netlink: what the world outside can ask for. */
#ifndef _ERNAT_NETLINK_H
#define _ERNAT_NETLINK_H

#include <net/genetlink.h>
#include "net.h"

extern struct genl_family ernat_genl_family;

/**
 * ernat_err - refuse a request, with a text
 * @en: namespace, which keeps the text
 * @extack: may be NULL
 * @attr: what is wrong; may be NULL
 * @err: -errno
 * @fmt: text; of what users sent, only names that were found valid
 *
 * Return: @err.
 */
__printf(5, 6)
int ernat_err(struct ernat_net *en, struct netlink_ext_ack *extack,
	      const struct nlattr *attr, int err, const char *fmt, ...);

/* Without the error. */
__printf(4, 0)
void ernat_verr(struct ernat_net *en, struct netlink_ext_ack *extack,
		const struct nlattr *attr, const char *fmt, va_list args);

int ernat_netlink_net_init(struct ernat_net *en);
void ernat_netlink_net_exit(struct ernat_net *en);
int ernat_netlink_init(void);
void ernat_netlink_exit(void);

#endif /* _ERNAT_NETLINK_H */
