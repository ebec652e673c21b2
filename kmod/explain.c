// SPDX-License-Identifier: GPL-2.0
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "attr.h"
#include "explain.h"
#include "netlink.h"
#include "probe.h"
#include "route.h"
#include "session.h"
#include "view.h"

#define REPLY_SIZE	(16 * 1024)

const struct nla_policy ernat_flow_policy[ERNAT_FLOW_MAX + 1] = {
	[ERNAT_FLOW_FROM] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[ERNAT_FLOW_TO] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[ERNAT_FLOW_IN] = { .type = NLA_NUL_STRING, .len = ERNAT_DEV_MAX - 1 },
	[ERNAT_FLOW_PROTOCOL] = { .type = NLA_U8 },
	[ERNAT_FLOW_SPORT] = { .type = NLA_U16 },
	[ERNAT_FLOW_DPORT] = { .type = NLA_U16 },
	[ERNAT_FLOW_MARK] = { .type = NLA_U32 },
	[ERNAT_FLOW_TOS] = { .type = NLA_U8 },
};

static int take_addresses(struct ernat_net *en, struct netlink_ext_ack *extack,
			  struct nlattr **tb, const struct nlattr *nest,
			  struct ernat_flow *flow)
{
	struct ernat_ip ip;
	u8 family;
	int err;

	if (!tb[ERNAT_FLOW_FROM] || !tb[ERNAT_FLOW_TO])
		return ernat_err(en, extack, nest, -EINVAL,
				 "the packet's source and destination are needed");
	err = ernat_attr_address(en, extack, tb[ERNAT_FLOW_FROM], &family, &ip);
	if (err)
		return err;
	ernat_ip_to(ip, family, &flow->saddr);
	err = ernat_attr_address(en, extack, tb[ERNAT_FLOW_TO], &flow->family,
				 &ip);
	if (err)
		return err;
	ernat_ip_to(ip, flow->family, &flow->daddr);
	if (family != flow->family)
		return ernat_err(en, extack, tb[ERNAT_FLOW_TO], -EINVAL,
				 "a packet from IPv4 to IPv6 or back");
	return 0;
}

static int take_flow(struct ernat_net *en, struct netlink_ext_ack *extack,
		     const struct nlattr *nest, struct ernat_probe *x)
{
	struct ernat_flow *flow = &x->flow;
	struct nlattr *tb[ERNAT_FLOW_MAX + 1];
	int err;

	if (!nest)
		return ernat_err(en, extack, NULL, -EINVAL,
				 "no packet to explain");
	err = ernat_attr_parse(en, extack, tb, ERNAT_FLOW_MAX, nest,
			       ernat_flow_policy, 0);
	if (err)
		return err;
	err = take_addresses(en, extack, tb, nest, flow);
	if (err)
		return err;
	if (tb[ERNAT_FLOW_IN]) {
		err = ernat_attr_device(en, extack, tb[ERNAT_FLOW_IN], false);
		if (err)
			return err;
		strscpy(x->in, nla_data(tb[ERNAT_FLOW_IN]), sizeof(x->in));
	}
	flow->net = en->net;
	flow->protocol = tb[ERNAT_FLOW_PROTOCOL] ?
			 nla_get_u8(tb[ERNAT_FLOW_PROTOCOL]) : IPPROTO_TCP;
	if (tb[ERNAT_FLOW_SPORT])
		flow->sport = nla_get_u16(tb[ERNAT_FLOW_SPORT]);
	if (tb[ERNAT_FLOW_DPORT])
		flow->dport = nla_get_u16(tb[ERNAT_FLOW_DPORT]);
	if (tb[ERNAT_FLOW_MARK])
		flow->mark = nla_get_u32(tb[ERNAT_FLOW_MARK]);
	if (tb[ERNAT_FLOW_TOS])
		flow->tos = nla_get_u8(tb[ERNAT_FLOW_TOS]);
	return 0;
}

static int put_address(struct sk_buff *skb, int type, u8 family,
		       const union nf_inet_addr *addr)
{
	return nla_put(skb, type, family == NFPROTO_IPV6 ? 16 : 4, addr);
}

static int put_found(struct sk_buff *skb, u8 family, const struct ernat_route *r)
{
	if (put_address(skb, ERNAT_ROUTE_PREFIX, family, &r->prefix) ||
	    nla_put_u8(skb, ERNAT_ROUTE_PREFIX_LEN, r->prefix_len) ||
	    nla_put_u32(skb, ERNAT_ROUTE_TABLE, r->table) ||
	    nla_put_u8(skb, ERNAT_ROUTE_PROTOCOL, r->protocol) ||
	    nla_put_u32(skb, ERNAT_ROUTE_METRIC, r->metric))
		return -EMSGSIZE;
	return r->lookup ? nla_put_flag(skb, ERNAT_ROUTE_LOOKUP) : 0;
}

static int put_route(struct sk_buff *skb, int type, u8 family,
		     const struct ernat_route *r)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest)
		return -EMSGSIZE;
	if (r->looked_up && r->source &&
	    nla_put_string(skb, ERNAT_ROUTE_SOURCE, r->source->account->name))
		return -EMSGSIZE;
	if (r->known && put_found(skb, family, r))
		return -EMSGSIZE;
	if (r->realm && nla_put_u32(skb, ERNAT_ROUTE_REALM, r->realm))
		return -EMSGSIZE;
	if (r->dev && nla_put_string(skb, ERNAT_ROUTE_DEVICE, r->dev->name))
		return -EMSGSIZE;
	if (r->via_family &&
	    put_address(skb, ERNAT_ROUTE_VIA, r->via_family, &r->via))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_step(struct sk_buff *skb, const struct ernat_rule *rule, u8 key)
{
	struct nlattr *nest = nla_nest_start(skb, ERNAT_DECISION_STEP);

	if (!nest || nla_put_string(skb, ERNAT_STEP_RULE, rule->account->name) ||
	    nla_put_u8(skb, ERNAT_STEP_KEY, key))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* The rules up to the one that matched; of many, the last. */
static int put_steps(struct sk_buff *skb, const struct ernat_ruleset *rs,
		     struct ernat_probe *x)
{
	unsigned int end = x->rule ? x->rule->id + 1 : rs->n_rules;
	unsigned int i = end > ERNAT_MAX_STEPS ? end - ERNAT_MAX_STEPS : 0;
	int err = 0;

	if (x->skip)
		return 0;
	for (; i < end && !err; i++)
		err = put_step(skb, rs->rules[i],
			       ernat_rule_check(rs, rs->rules[i], &x->flow));
	return err;
}

static int put_rule(struct sk_buff *skb, const struct ernat_rule *r)
{
	if (nla_put_string(skb, ERNAT_DECISION_RULE, r->account->name) ||
	    nla_put_u8(skb, ERNAT_DECISION_ACTION, r->action))
		return -EMSGSIZE;
	if (r->pool &&
	    nla_put_string(skb, ERNAT_DECISION_POOL, r->pool->account->name))
		return -EMSGSIZE;
	if (!r->reply_mark.mask)
		return 0;
	return nla_put(skb, ERNAT_DECISION_REPLY_MARK, sizeof(r->reply_mark),
		       &r->reply_mark);
}

static int put_mapping(struct sk_buff *skb, const struct ernat_probe *x)
{
	if (!x->has_address)
		return 0;
	if (put_address(skb, ERNAT_DECISION_ADDRESS, x->flow.family,
			&x->address))
		return -EMSGSIZE;
	return x->paired ? nla_put_flag(skb, ERNAT_DECISION_PAIRED) : 0;
}

/* The tuple that such a packet's connection would have. */
static void make_tuple(const struct ernat_flow *flow,
		       struct nf_conntrack_tuple *tuple)
{
	memset(tuple, 0, sizeof(*tuple));
	tuple->src.l3num = flow->family;
	tuple->src.u3 = flow->saddr;
	tuple->dst.u3 = flow->daddr;
	tuple->dst.protonum = flow->protocol;
	tuple->dst.dir = IP_CT_DIR_ORIGINAL;
	tuple->src.u.all = htons(flow->sport);
	if (flow->protocol == IPPROTO_ICMP)
		tuple->dst.u.icmp.type = ICMP_ECHO;
	else if (flow->protocol == IPPROTO_ICMPV6)
		tuple->dst.u.icmp.type = ICMPV6_ECHO_REQUEST;
	else
		tuple->dst.u.all = htons(flow->dport);
}

static int put_live(struct sk_buff *skb, struct ernat_net *en,
		    const struct ernat_flow *flow)
{
	const struct nf_conntrack_tuple_hash *h;
	const struct ernat_session *s = NULL;
	struct nf_conntrack_tuple tuple;
	struct nf_conn *ct;
	int err = 0;

	make_tuple(flow, &tuple);
	h = nf_conntrack_find_get(en->net, &nf_ct_zone_dflt, &tuple);
	if (!h)
		return 0;
	ct = nf_ct_tuplehash_to_ctrack(h);
	if (NF_CT_DIRECTION(h) == IP_CT_DIR_ORIGINAL)
		s = ernat_session_find(en, ct);
	if (s)
		err = ernat_view_put_session(skb, en, ERNAT_DECISION_SESSION, s);
	nf_ct_put(ct);
	return err;
}

static int put_devices(struct sk_buff *skb, const struct ernat_probe *x)
{
	const struct net_device *in = x->flow.in;

	if (in || *x->in)
		if (nla_put_string(skb, ERNAT_DECISION_IN,
				   in ? in->name : x->in))
			return -EMSGSIZE;
	if (!x->flow.out)
		return 0;
	return nla_put_string(skb, ERNAT_DECISION_OUT, x->flow.out->name);
}

static int put_decision(struct sk_buff *skb, struct ernat_net *en,
			const struct ernat_ruleset *rs, struct ernat_probe *x)
{
	struct nlattr *nest = nla_nest_start(skb, ERNAT_A_DECISION);
	struct ernat_flow *flow = &x->flow;

	if (!nest || nla_put_u8(skb, ERNAT_DECISION_SKIP, x->skip) ||
	    put_devices(skb, x) || put_steps(skb, rs, x) ||
	    put_route(skb, ERNAT_DECISION_ROUTE, flow->family, &flow->to))
		return -EMSGSIZE;
	if (flow->back.looked_up &&
	    put_route(skb, ERNAT_DECISION_RETURN, flow->family, &flow->back))
		return -EMSGSIZE;
	if (x->rule && put_rule(skb, x->rule))
		return -EMSGSIZE;
	if (put_mapping(skb, x) || put_live(skb, en, flow))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int explain(struct sk_buff *skb, struct ernat_net *en,
		   struct ernat_probe *x, struct netlink_ext_ack *extack)
{
	const struct ernat_ruleset *rs;
	int err;

	rs = rcu_dereference(en->ruleset);
	if (!rs)
		return ernat_err(en, extack, NULL, -ENOENT,
				 "this namespace has no ruleset");
	err = ernat_probe_run(en, rs, x, extack);
	if (!err)
		err = put_decision(skb, en, rs, x);
	ernat_probe_done(x);
	return err;
}

int ernat_explain_do(struct sk_buff *request, struct genl_info *info)
{
	struct ernat_net *en = ernat_net(genl_info_net(info));
	struct ernat_probe *x;
	struct sk_buff *skb;
	int err = -ENOMEM;
	void *hdr;

	x = kzalloc(sizeof(*x), GFP_KERNEL_ACCOUNT);
	skb = nlmsg_new(REPLY_SIZE, GFP_KERNEL);
	if (!x || !skb)
		goto out;
	err = -EMSGSIZE;
	hdr = genlmsg_put_reply(skb, info, &ernat_genl_family, 0,
				ERNAT_CMD_EXPLAIN);
	if (!hdr)
		goto out;
	err = take_flow(en, info->extack, info->attrs[ERNAT_A_FLOW], x);
	if (err)
		goto out;
	rcu_read_lock();
	err = explain(skb, en, x, info->extack);
	rcu_read_unlock();
	if (err)
		goto out;
	genlmsg_end(skb, hdr);
	kfree(x);
	return genlmsg_reply(skb, info);
out:
	nlmsg_free(skb);
	kfree(x);
	return err;
}
