// SPDX-License-Identifier: GPL-2.0
#include <linux/netdevice.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/sock.h>

#include "attr.h"
#include "compat.h"
#include "filter.h"
#include "flow.h"
#include "netlink.h"
#include "session.h"

/* Sessions looked at between two pauses. */
#define BATCH		1024
/* Room for any session, so that none has to be looked at twice. */
#define MAX_MESSAGE	768

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

/* A session as it is shown. */
struct view {
	u8 family;
	u8 protocol;
	u16 zone;
	u16 host_port;
	u16 mapped_port;
	u16 dest_port;
	union nf_inet_addr host;
	union nf_inet_addr mapped;
	union nf_inet_addr dest;
};

struct bounds {
	bool used;
	u8 family;
	struct ernat_span span;
};

/* Absent keys: "" and false. */
struct filter {
	char pool[ERNAT_NAME_MAX];
	char rule[ERNAT_NAME_MAX];
	char source[ERNAT_NAME_MAX];
	struct bounds host;
	struct bounds mapped;
	struct bounds dest;
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

struct dump {
	struct rhashtable_iter iter;
	struct filter filter;
	bool at_end;
};

static void look(struct view *v, const struct ernat_session *s)
{
	const struct nf_conntrack_tuple *orig, *reply;

	orig = &s->ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	reply = &s->ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	v->family = orig->src.l3num;
	v->protocol = orig->dst.protonum;
	v->zone = nf_ct_zone_id(nf_ct_zone(s->ct), IP_CT_DIR_ORIGINAL);
	v->host = orig->src.u3;
	v->mapped = reply->dst.u3;
	v->dest = reply->src.u3;
	v->host_port = 0;
	v->mapped_port = 0;
	v->dest_port = 0;
	if (ernat_flow_is_icmp(v->protocol)) {
		v->host_port = ntohs(orig->src.u.icmp.id);
		v->mapped_port = ntohs(reply->src.u.icmp.id);
	} else if (ernat_flow_has_ports(v->protocol)) {
		v->host_port = ntohs(orig->src.u.all);
		v->mapped_port = ntohs(reply->dst.u.all);
		v->dest_port = ntohs(reply->src.u.all);
	}
}

static int put_address(struct sk_buff *skb, int type, u8 family,
		       const union nf_inet_addr *addr)
{
	return nla_put(skb, type, family == NFPROTO_IPV6 ? 16 : 4, addr);
}

static int put_vrf(struct sk_buff *skb, struct ernat_net *en, u32 ifindex)
{
	const struct net_device *dev;

	dev = ifindex ? dev_get_by_index_rcu(en->net, ifindex) : NULL;
	return dev ? nla_put_string(skb, ERNAT_SESSION_VRF, dev->name) : 0;
}

static int put_view(struct sk_buff *skb, const struct view *v)
{
	if (nla_put_u8(skb, ERNAT_SESSION_PROTOCOL, v->protocol) ||
	    nla_put_u16(skb, ERNAT_SESSION_ZONE, v->zone) ||
	    put_address(skb, ERNAT_SESSION_HOST, v->family, &v->host) ||
	    nla_put_u16(skb, ERNAT_SESSION_HOST_PORT, v->host_port) ||
	    put_address(skb, ERNAT_SESSION_MAPPED, v->family, &v->mapped) ||
	    nla_put_u16(skb, ERNAT_SESSION_MAPPED_PORT, v->mapped_port) ||
	    put_address(skb, ERNAT_SESSION_DEST, v->family, &v->dest))
		return -EMSGSIZE;
	return nla_put_u16(skb, ERNAT_SESSION_DEST_PORT, v->dest_port);
}

int ernat_filter_put_session(struct sk_buff *skb, struct ernat_net *en,
			     int type, const struct ernat_session *s)
{
	u32 age = (u32)ktime_get_boottime_seconds() - s->created;
	struct nlattr *nest = nla_nest_start(skb, type);
	struct view v;

	look(&v, s);
	if (!nest ||
	    nla_put_string(skb, ERNAT_SESSION_POOL, s->addr->key.pool->name) ||
	    nla_put_string(skb, ERNAT_SESSION_RULE, s->rule->name) ||
	    (s->source &&
	     nla_put_string(skb, ERNAT_SESSION_SOURCE, s->source->name)) ||
	    put_view(skb, &v) ||
	    nla_put_u8(skb, ERNAT_SESSION_STATE, ernat_session_state(s)) ||
	    nla_put_u64_64bit(skb, ERNAT_SESSION_AGE, age, ERNAT_SESSION_PAD) ||
	    put_vrf(skb, en, s->vrf))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static bool in_bounds(const struct bounds *r, u8 family,
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

static bool has_name(const char *want, const struct ernat_account *a)
{
	return !*want || (a && !strcmp(want, a->name));
}

static bool passes(const struct filter *f, const struct ernat_session *s)
{
	struct view v;

	if (f->has_vrf && s->vrf != f->vrf)
		return false;
	if (!has_name(f->pool, s->addr->key.pool) ||
	    !has_name(f->rule, s->rule) || !has_name(f->source, s->source))
		return false;
	look(&v, s);
	if ((f->has_protocol && v.protocol != f->protocol) ||
	    (f->has_host_port && v.host_port != f->host_port) ||
	    (f->has_mapped_port && v.mapped_port != f->mapped_port) ||
	    (f->has_dest_port && v.dest_port != f->dest_port))
		return false;
	return in_bounds(&f->host, v.family, &v.host) &&
	       in_bounds(&f->mapped, v.family, &v.mapped) &&
	       in_bounds(&f->dest, v.family, &v.dest);
}

static int take_bounds(struct ernat_net *en, struct netlink_ext_ack *extack,
		       const struct nlattr *nest, struct bounds *r)
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
		    const struct nlattr *attr, struct filter *f)
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

static void take_numbers(struct nlattr *const *tb, struct filter *f)
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

static int take_filter(struct ernat_net *en, struct netlink_ext_ack *extack,
		       const struct nlattr *nest, struct filter *f)
{
	struct nlattr *tb[ERNAT_FILTER_MAX + 1];
	int err;

	err = ernat_attr_parse(en, extack, tb, ERNAT_FILTER_MAX, nest,
			       ernat_filter_policy, 0);
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

int ernat_filter_start(struct netlink_callback *cb)
{
	const struct nlattr *nest = ernat_dump_attrs(cb)[ERNAT_A_FILTER];
	struct ernat_net *en = ernat_net(sock_net(cb->skb->sk));
	struct dump *d;
	int err;

	d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d)
		return -ENOMEM;
	err = nest ? take_filter(en, cb->extack, nest, &d->filter) : 0;
	if (err) {
		kfree(d);
		return err;
	}
	rhashtable_walk_enter(&en->sessions, &d->iter);
	cb->args[0] = (long)d;
	cb->seq = 1;
	return 0;
}

int ernat_filter_done(struct netlink_callback *cb)
{
	struct dump *d = (struct dump *)cb->args[0];

	rhashtable_walk_exit(&d->iter);
	kfree(d);
	return 0;
}

static void put_message(struct sk_buff *skb, struct netlink_callback *cb,
			struct ernat_net *en, const struct ernat_session *s)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &ernat_genl_family, NLM_F_MULTI,
			  ERNAT_CMD_GET_SESSION);
	if (WARN_ON_ONCE(!hdr))
		return;
	genl_dump_check_consistent(cb, hdr);
	if (WARN_ON_ONCE(ernat_filter_put_session(skb, en, ERNAT_A_SESSION, s)))
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
}

/* Some sessions, under RCU. */
static void walk(struct sk_buff *skb, struct netlink_callback *cb,
		 struct ernat_net *en, struct dump *d)
{
	const struct ernat_session *s;
	unsigned int i;

	rhashtable_walk_start(&d->iter);
	for (i = 0; i < BATCH && skb_tailroom(skb) >= MAX_MESSAGE; i++) {
		s = rhashtable_walk_next(&d->iter);
		if (!s) {
			d->at_end = true;
			break;
		}
		if (IS_ERR(s))
			/* The table is being resized: some come twice. */
			cb->seq++;
		else if (passes(&d->filter, s))
			put_message(skb, cb, en, s);
	}
	rhashtable_walk_stop(&d->iter);
}

int ernat_filter_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ernat_net *en = ernat_net(sock_net(skb->sk));
	struct dump *d = (struct dump *)cb->args[0];

	while (!d->at_end && skb_tailroom(skb) >= MAX_MESSAGE) {
		walk(skb, cb, en, d);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return skb->len;
}
