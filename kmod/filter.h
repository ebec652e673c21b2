/* SPDX-License-Identifier: GPL-2.0 */
/* filter: which sessions, hosts or destinations a request is about. */
#ifndef _ERNAT_FILTER_H
#define _ERNAT_FILTER_H

#include <linux/netlink.h>
#include <net/netlink.h>
#include <uapi/linux/ernat.h>
#include "account.h"
#include "ip.h"
#include "net.h"

extern const struct nla_policy ernat_filter_policy[ERNAT_FILTER_MAX + 1];

/* Addresses of one family; absent: @used is false. */
struct ernat_filter_range {
	bool used;
	u8 family;
	struct ernat_span span;
};

/* What an absent key has: "" and false. */
struct ernat_filter {
	char pool[ERNAT_NAME_MAX];
	char rule[ERNAT_NAME_MAX];
	char source[ERNAT_NAME_MAX];
	struct ernat_filter_range host;
	struct ernat_filter_range mapped;
	struct ernat_filter_range dest;
	bool has_host_port;
	bool has_mapped_port;
	bool has_dest_port;
	bool has_protocol;
	bool has_vrf;
	u8 protocol;
	u16 host_port;
	u16 mapped_port;
	u16 dest_port;
	int vrf;
};

/**
 * ernat_filter_take - read a filter
 * @nest: ERNAT_FILTER_*
 * @keys: bit mask of those that what is asked for has; others are refused
 * @f: zeroed
 *
 * Return: 0, or -errno with a text.
 */
int ernat_filter_take(struct ernat_net *en, struct netlink_ext_ack *extack,
		      const struct nlattr *nest, u32 keys,
		      struct ernat_filter *f);

bool ernat_filter_has_addr(const struct ernat_filter_range *r, u8 family,
			   const union nf_inet_addr *addr);
bool ernat_filter_has_name(const char *want, const struct ernat_account *a);

#endif /* _ERNAT_FILTER_H */
