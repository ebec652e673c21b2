// SPDX-License-Identifier: GPL-2.0
#include <linux/netdevice.h>

#include "attr.h"
#include "filter.h"
#include "netlink.h"

#define NAME	{ .type = NLA_NUL_STRING, .len = ERNAT_NAME_MAX - 1 }

const struct nla_policy ernat_filter_policy[ERNAT_FILTER_MAX + 1] = {
	[ERNAT_FILTER_POOL] = NAME,
	[ERNAT_FILTER_RULE] = NAME,
	[ERNAT_FILTER_SOURCE] = NAME,
	[ERNAT_FILTER_HOST] = NLA_POLICY_NESTED(ernat_range_policy),
	[ERNAT_FILTER_HOST_PORT] = { .type = NLA_U16 },
	[ERNAT_FILTER_MAPPED] = NLA_POLICY_NESTED(ernat_range_policy),
	[ERNAT_FILTER_MAPPED_PORT] = { .type = NLA_U16 },
	[ERNAT_FILTER_DEST] = NLA_POLICY_NESTED(ernat_range_policy),
	[ERNAT_FILTER_DEST_PORT] = { .type = NLA_U16 },
	[ERNAT_FILTER_PROTOCOL] = { .type = NLA_U8 },
	[ERNAT_FILTER_VRF] = { .type = NLA_NUL_STRING,
			       .len = ERNAT_DEV_MAX - 1 },
};

bool ernat_filter_has_addr(const struct ernat_filter_range *r, u8 family,
			   const union nf_inet_addr *addr)
{
	struct ernat_ip ip;

	if (!r->used)
		return true;
	if (r->family != family)
		return false;
	ip = ernat_ip_from(addr, family);
	return ernat_ip_cmp(ip, r->span.first) >= 0 &&
	       ernat_ip_cmp(ip, r->span.last) <= 0;
}

bool ernat_filter_has_name(const char *want, const struct ernat_account *a)
{
	return !*want || (a && !strcmp(want, a->name));
}

static int take_bounds(struct ernat_net *en, struct netlink_ext_ack *extack,
		       const struct nlattr *nest, struct ernat_filter_range *r)
{
	struct nlattr *tb[ERNAT_RANGE_MAX + 1];
	int err;

	if (!nest)
		return 0;
	err = ernat_attr_parse(en, extack, tb, ERNAT_RANGE_MAX, nest,
			       ernat_range_policy, 0);
	if (err)
		return err;
	if (tb[ERNAT_RANGE_EXCEPT] || tb[ERNAT_RANGE_STATE] ||
	    tb[ERNAT_RANGE_ROUTER])
		return ernat_err(en, extack, nest, -EINVAL,
				 "a filter takes the first and last address alone");
	r->used = true;
	return ernat_attr_span(en, extack, tb, nest, &r->family, &r->span);
}

static int take_vrf(struct ernat_net *en, struct netlink_ext_ack *extack,
		    const struct nlattr *attr, struct ernat_filter *f)
{
	const struct net_device *dev;
	int err;

	if (!attr)
		return 0;
	err = ernat_attr_device(en, extack, attr, false);
	if (err)
		return err;
	rcu_read_lock();
	dev = dev_get_by_name_rcu(en->net, nla_data(attr));
	if (dev)
		f->vrf = dev->ifindex;
	rcu_read_unlock();
	if (!dev)
		return ernat_err(en, extack, attr, -ENODEV,
				 "no device \"%s\"", (char *)nla_data(attr));
	f->has_vrf = true;
	return 0;
}

static int take_name(struct ernat_net *en, struct netlink_ext_ack *extack,
		     const struct nlattr *attr, char *name)
{
	return attr ? ernat_attr_name(en, extack, attr, name) : 0;
}

static void take_numbers(struct nlattr *const *tb, struct ernat_filter *f)
{
	f->has_protocol = tb[ERNAT_FILTER_PROTOCOL];
	if (f->has_protocol)
		f->protocol = nla_get_u8(tb[ERNAT_FILTER_PROTOCOL]);
	f->has_host_port = tb[ERNAT_FILTER_HOST_PORT];
	if (f->has_host_port)
		f->host_port = nla_get_u16(tb[ERNAT_FILTER_HOST_PORT]);
	f->has_mapped_port = tb[ERNAT_FILTER_MAPPED_PORT];
	if (f->has_mapped_port)
		f->mapped_port = nla_get_u16(tb[ERNAT_FILTER_MAPPED_PORT]);
	f->has_dest_port = tb[ERNAT_FILTER_DEST_PORT];
	if (f->has_dest_port)
		f->dest_port = nla_get_u16(tb[ERNAT_FILTER_DEST_PORT]);
}

/* Keys that what is asked for does not have. */
static int check_keys(struct ernat_net *en, struct netlink_ext_ack *extack,
		      struct nlattr *const *tb, u32 keys)
{
	unsigned int i;

	for (i = 1; i <= ERNAT_FILTER_MAX; i++)
		if (tb[i] && !(keys & BIT(i)))
			return ernat_err(en, extack, tb[i], -EOPNOTSUPP,
					 "it has no such key to filter by");
	return 0;
}

int ernat_filter_take(struct ernat_net *en, struct netlink_ext_ack *extack,
		      const struct nlattr *nest, u32 keys,
		      struct ernat_filter *f)
{
	struct nlattr *tb[ERNAT_FILTER_MAX + 1];
	int err;

	err = ernat_attr_parse(en, extack, tb, ERNAT_FILTER_MAX, nest,
			       ernat_filter_policy, 0);
	if (!err)
		err = check_keys(en, extack, tb, keys);
	if (!err)
		err = take_name(en, extack, tb[ERNAT_FILTER_POOL], f->pool);
	if (!err)
		err = take_name(en, extack, tb[ERNAT_FILTER_RULE], f->rule);
	if (!err)
		err = take_name(en, extack, tb[ERNAT_FILTER_SOURCE],
				f->source);
	if (!err)
		err = take_bounds(en, extack, tb[ERNAT_FILTER_HOST], &f->host);
	if (!err)
		err = take_bounds(en, extack, tb[ERNAT_FILTER_MAPPED],
				  &f->mapped);
	if (!err)
		err = take_bounds(en, extack, tb[ERNAT_FILTER_DEST], &f->dest);
	if (!err)
		err = take_vrf(en, extack, tb[ERNAT_FILTER_VRF], f);
	if (!err)
		take_numbers(tb, f);
	return err;
}
