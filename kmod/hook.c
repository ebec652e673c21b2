// SPDX-License-Identifier: GPL-2.0
#include <linux/icmpv6.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/icmp.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_nat.h>

#include "event.h"
#include "flow.h"
#include "hook.h"
#include "session.h"
#include "sweep.h"
#include "trace.h"

/* Bits of ernat_net.hooks */
#define HOOK_NAT	BIT(0)
#define HOOK_MARK	BIT(1)

/* Closed connections that one new one may end in search of a port. */
#define CLAIM_RECLAIMS	8

/* A mapping for a connection */

struct claim {
	struct nf_conn *ct;
	const struct ernat_rule *rule;
	const struct ernat_flow *flow;
	struct ernat_pool_request req;
};

/* Is the answer's tuple in conntrack already? Takes its bucket locks. */
static bool claim_taken(void *data, const union nf_inet_addr *addr, u16 port)
{
	const struct claim *c = data;
	struct nf_conntrack_tuple reply;

	reply = c->ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	reply.dst.u3 = *addr;
	if (ernat_flow_is_icmp(c->req.dest.protocol))
		reply.src.u.icmp.id = htons(port);
	else if (c->req.has_ports)
		reply.dst.u.all = htons(port);
	return nf_conntrack_tuple_taken(&reply, c->ct);
}

static void claim_init(struct claim *c, struct nf_conn *ct,
		       const struct ernat_rule *rule,
		       const struct ernat_flow *flow)
{
	*c = (struct claim) {
		.ct = ct, .rule = rule, .flow = flow,
		.req = {
			.family = flow->family,
			.has_ports = ernat_flow_has_ports(flow->protocol) ||
				     ernat_flow_is_icmp(flow->protocol),
			.zone = nf_ct_zone_id(nf_ct_zone(ct),
					      IP_CT_DIR_ORIGINAL),
			.host = flow->saddr,
			.dest = {
				.addr = flow->daddr,
				.port = flow->dport,
				.protocol = flow->protocol,
				.family = flow->family,
			},
			.taken = claim_taken,
		},
	};
	c->req.data = c;
}

/* One pool; with @reclaim, where a closed connection gives way. */
static int claim_pool(struct ernat_net *en, struct claim *c,
		      const struct ernat_pool *pool, bool reclaim,
		      struct ernat_mapping *map)
{
	unsigned int tries;
	int err;

	if (!reclaim)
		return ernat_pool_claim(en, pool, &c->req, map);
	for (tries = 0; tries < CLAIM_RECLAIMS; tries++) {
		if (!ernat_session_reclaim(en, pool, &c->req.dest, c->ct))
			break;
		err = ernat_pool_claim(en, pool, &c->req, map);
		if (err != -ENOSPC)
			return err;
	}
	return -ENOSPC;
}

/* The pool of the rule, then what it overflows into. */
static int claim_chain(struct ernat_net *en, struct claim *c, bool reclaim,
		       struct ernat_mapping *map,
		       const struct ernat_pool **failed)
{
	const struct ernat_pool *first = c->rule->pool, *pool;
	int err = -EADDRNOTAVAIL, e;

	*failed = first;
	for (pool = first; pool; pool = pool->overflow) {
		e = claim_pool(en, c, pool, reclaim, map);
		if (!e) {
			if (pool != first)
				atomic64_inc(&first->account->overflowed);
			return 0;
		}
		*failed = pool;
		if (e != -ENOSPC && e != -EADDRNOTAVAIL)
			return e;
		if (err != -ENOSPC)
			err = e;
	}
	return err;
}

/* Those that had nothing, before the one that had or, NULL, of all. */
static void count_exhausted(const struct claim *c,
			    const struct ernat_account *before)
{
	const struct ernat_pool *pool = c->rule->pool;

	for (; pool && pool->account != before; pool = pool->overflow)
		if (pool->n_addrs[ernat_family_index(c->req.family)])
			atomic64_inc(&pool->account->exhausted);
}

/* Closed connections give way when the last of the pools has nothing. */
static int claim(struct ernat_net *en, struct claim *c,
		 struct ernat_mapping *map, const struct ernat_pool **failed)
{
	int err = claim_chain(en, c, false, map, failed);

	if (err == -ENOSPC)
		err = claim_chain(en, c, true, map, failed);
	if (!err)
		count_exhausted(c, map->addr->key.pool);
	else if (err == -ENOSPC)
		count_exhausted(c, NULL);
	else
		count_exhausted(c, (*failed)->account);
	return err;
}

static enum ernat_reason claim_reason(int err)
{
	switch (err) {
	case -ENOSPC:
		return ERNAT_REASON_EXHAUSTED;
	case -EADDRNOTAVAIL:
		return ERNAT_REASON_NO_ADDRESS;
	case -EDQUOT:
		return ERNAT_REASON_HOST_LIMIT;
	case -ENOMEM:
		return ERNAT_REASON_NO_MEMORY;
	default:
		return ERNAT_REASON_NAT;
	}
}

/* Administratively prohibited; the kernel limits the rate of such errors. */
static void reject(struct ernat_net *en, struct sk_buff *skb, u8 family,
		   const struct nf_hook_state *state)
{
	struct net_device *dev = skb->dev;

	/* It was set to the way out already; the answer goes back. */
	if (state->in)
		skb->dev = (struct net_device *)state->in;
	if (family == NFPROTO_IPV6)
		icmpv6_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADM_PROHIBITED, 0);
	else
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, 0);
	skb->dev = dev;
	ernat_count(en, ERNAT_STAT_REJECTED);
}

static unsigned int fail(struct ernat_net *en, const struct claim *c,
			 const struct ernat_pool *pool, struct sk_buff *skb,
			 const struct nf_hook_state *state, int err)
{
	static const enum ernat_stat stats[] = {
		[ERNAT_REASON_EXHAUSTED] = ERNAT_STAT_DROP_EXHAUSTED,
		[ERNAT_REASON_NO_ADDRESS] = ERNAT_STAT_DROP_NO_ADDRESS,
		[ERNAT_REASON_HOST_LIMIT] = ERNAT_STAT_DROP_HOST_LIMIT,
		[ERNAT_REASON_NO_MEMORY] = ERNAT_STAT_DROP_NO_MEMORY,
		[ERNAT_REASON_NAT] = ERNAT_STAT_DROP_NAT,
	};
	const struct ernat_pool_request *req = &c->req;
	enum ernat_reason reason = claim_reason(err);
	struct ernat_host_key host;

	atomic64_inc(&c->rule->account->failed);
	ernat_count(en, stats[reason]);
	if (err == -EDQUOT)
		atomic64_inc(&pool->account->host_limited);
	trace_ernat_failure(pool->account->name, c->rule->account->name, req,
			    err);
	ernat_host_key(pool, req->family, req->zone, &req->host, &host);
	ernat_host_failed(en, &host, &req->dest, reason);
	ernat_event_failure(en, pool->account, c->rule->account, reason,
			    &req->host, req->zone, &req->dest);
	if (c->rule->pool->exhausted == ERNAT_EXHAUSTED_REJECT)
		reject(en, skb, req->family, state);
	return NF_DROP;
}

/* Exactly this address and port; nf_nat takes them without a search. */
static int set_mapping(struct nf_conn *ct, const struct claim *c,
		       const union nf_inet_addr *addr, u16 port)
{
	const struct nf_conntrack_tuple *reply;
	struct nf_nat_range2 range = {
		.flags = NF_NAT_RANGE_MAP_IPS,
		.min_addr = *addr,
		.max_addr = *addr,
	};

	if (c->req.has_ports) {
		/* FULLY: no walk over what the client has mapped before. */
		range.flags |= NF_NAT_RANGE_PROTO_SPECIFIED |
			       NF_NAT_RANGE_PROTO_RANDOM_FULLY;
		range.min_proto.all = htons(port);
		range.max_proto.all = htons(port);
	}
	if (nf_nat_setup_info(ct, &range, NF_NAT_MANIP_SRC) != NF_ACCEPT)
		return -EINVAL;
	reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	if (!nf_inet_addr_cmp(&reply->dst.u3, addr))
		return -EINVAL;
	if (ernat_flow_is_icmp(c->req.dest.protocol))
		return ntohs(reply->src.u.icmp.id) == port ? 0 : -EINVAL;
	return !c->req.has_ports || ntohs(reply->dst.u.all) == port ? 0 :
								      -EINVAL;
}

static void set_reply_mark(struct ernat_net *en, struct nf_conn *ct,
			   const struct ernat_rule *rule)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	const struct ernat_mark *m = &rule->reply_mark;

	if (!m->mask)
		return;
	WRITE_ONCE(ct->mark, (READ_ONCE(ct->mark) & ~m->mask) | m->value);
	ernat_count(en, ERNAT_STAT_REPLY_MARKED);
#endif
}

/*
 * A session whose entry is gone lives on by those that share it: not for ever, by
 * one packet after the other, once the ruleset wants something else.
 */
static bool may_share(const struct claim *c, const struct ernat_session *s)
{
	const struct ernat_port_key *key;

	key = ernat_port_block_key(s->map.hold.block);
	if (memcmp(&key->dest, &c->req.dest, sizeof(key->dest)))
		return false;
	return !ernat_session_let_go(s) ||
	       (!test_bit(ERNAT_SESSION_FLAG_DRAINED, &s->flags) &&
		s->rule == c->rule->account);
}

/*
 * A packet of the same flow was here before, on another CPU or as a copy, and
 * made an entry of its own. Both have to carry one mapping.
 */
static bool share(struct ernat_net *en, const struct claim *c,
		  struct ernat_session *s)
{
	const struct ernat_port_block *block = s->map.hold.block;
	const u16 port = s->map.hold.port;

	if (ernat_session_ended(s)) {
		ernat_session_end(en, s);
		return false;
	}
	if (!may_share(c, s))
		return false;
	WRITE_ONCE(s->shared, ktime_get_boottime_seconds());
	if (set_mapping(c->ct, c, &ernat_port_block_key(block)->addr, port))
		return false;
	/* Somebody may have ended it without having seen the stamp. */
	smp_mb();
	s = ernat_session_find(en, c->ct);
	if (!s || s->map.hold.block != block || s->map.hold.port != port)
		return false;
	set_reply_mark(en, c->ct, c->rule);
	ernat_count(en, ERNAT_STAT_SHARED);
	return true;
}

/*
 * Ends a session whose mapping nf_nat did not take. If a packet has shared it
 * meanwhile, that one may live on with it: the sweep will see.
 */
static void give_up(struct ernat_net *en, struct ernat_session *s)
{
	if (!READ_ONCE(s->shared))
		ernat_session_end(en, s);
}

/*
 * A session for the connection, with a mapping that nobody else has. On failure
 * nothing is held, or the session will be ended by whoever finds it.
 */
static int create(struct ernat_net *en, struct claim *c,
		  const struct ernat_pool **failed)
{
	struct ernat_session *s;
	union nf_inet_addr addr;
	u16 port;
	int err;

	*failed = c->rule->pool;
	s = ernat_session_alloc();
	if (!s)
		return -ENOMEM;
	err = claim(en, c, &s->map, failed);
	if (err)
		goto err_session;
	s->rule = c->rule->account;
	s->source = ernat_rule_source(c->rule, c->flow);
	s->vrf = c->flow->in_vrf ? c->flow->in_vrf->ifindex : 0;
	addr = s->map.addr->key.addr;
	port = s->map.hold.port;
	err = ernat_session_add(en, s, c->ct);
	if (err)
		goto err_claim;
	/* It is known from here on: whatever fails, it has to be ended. */
	trace_ernat_session_new(s);
	if (set_mapping(c->ct, c, &addr, port)) {
		give_up(en, s);
		return -EINVAL;
	}
	set_reply_mark(en, c->ct, c->rule);
	return 0;

err_claim:
	ernat_pool_release(en, &s->map);
err_session:
	ernat_session_free(s);
	return err;
}

static unsigned int snat(struct ernat_net *en, const struct ernat_rule *rule,
			 struct nf_conn *ct, const struct ernat_flow *flow,
			 const struct nf_hook_state *state)
{
	const struct ernat_pool *pool;
	struct ernat_session *s;
	struct claim c;
	int err;

	claim_init(&c, ct, rule, flow);
	s = ernat_session_find(en, ct);
	if (s && share(en, &c, s))
		return NF_ACCEPT;
	if (nf_nat_initialized(ct, NF_NAT_MANIP_SRC))
		return fail(en, &c, rule->pool, flow->skb, state, -EINVAL);
	err = create(en, &c, &pool);
	if (!err)
		return NF_ACCEPT;

	if (err == -EEXIST) {
		s = ernat_session_find(en, ct);
		if (s && share(en, &c, s))
			return NF_ACCEPT;
	}
	return fail(en, &c, pool, flow->skb, state, err);
}

static void count_decision(const struct ernat_rule *rule,
			   const struct ernat_flow *flow)
{
	struct ernat_account *source = ernat_rule_source(rule, flow);

	atomic64_inc(&rule->account->hits);
	if (source)
		atomic64_inc(&source->hits);
}

/* Forwarded by a bridge; one that came in by a bridge and is routed is not. */
static bool is_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	return nf_bridge_get_physoutdev(skb);
#else
	return false;
#endif
}

/* First packet of a connection that nobody has mapped yet. */
static unsigned int nat_hook(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	struct ernat_net *en = ernat_net(state->net);
	const struct ernat_ruleset *rs = rcu_dereference(en->ruleset);
	struct ernat_flow flow = { .net = state->net, .skb = skb };
	const struct ernat_rule *rule;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct;
	u8 skip;

	ct = nf_ct_get(skb, &ctinfo);
	if (!rs || !ct || nf_ct_is_confirmed(ct) || is_bridged(skb))
		return NF_ACCEPT;
	ernat_flow_from_packet(&flow, ct, state);
	skip = ernat_flow_skip(rs, &flow);
	if (skip) {
		if (skip == ERNAT_SKIP_OWN)
			ernat_count(en, ERNAT_STAT_OWN);
		return NF_ACCEPT;
	}

	rule = ernat_ruleset_match(rs, &flow);
	if (!rule) {
		ernat_count(en, flow.own ? ERNAT_STAT_OWN :
					   ERNAT_STAT_UNMATCHED);
		return NF_ACCEPT;
	}
	count_decision(rule, &flow);
	switch (rule->action) {
	case ERNAT_ACTION_SNAT:
		return snat(en, rule, ct, &flow, state);
	case ERNAT_ACTION_EXEMPT:
		/* Bound as it is, so that no later NAT rule translates. */
		ernat_count(en, ERNAT_STAT_EXEMPT);
		return nf_nat_alloc_null_binding(ct, state->hook);
	default:
		ernat_count(en, ERNAT_STAT_DROP_RULE);
		return NF_DROP;
	}
}

/* What the router sends itself was routed before it had its mark. */
static unsigned int reroute(struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	int err;

	if (state->pf == NFPROTO_IPV6)
		err = ip6_route_me_harder(state->net, state->sk, skb);
	else
		err = ip_route_me_harder(state->net, state->sk, skb,
					 RTN_UNSPEC);
	return err ? NF_DROP_ERR(err) : NF_ACCEPT;
}

/* Gives packets of the reply direction the mark that their rule wants. */
static unsigned int mark_hook(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	struct ernat_net *en = ernat_net(state->net);
	const struct ernat_ruleset *rs = rcu_dereference(en->ruleset);
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct;
	u32 mark;

	ct = nf_ct_get(skb, &ctinfo);
	if (!rs || !ct || CTINFO2DIR(ctinfo) != IP_CT_DIR_REPLY)
		return NF_ACCEPT;
	mark = READ_ONCE(ct->mark) & rs->reply_mask;
	if (!mark || mark == (skb->mark & rs->reply_mask))
		return NF_ACCEPT;
	skb->mark = (skb->mark & ~rs->reply_mask) | mark;
	if (state->hook == NF_INET_LOCAL_OUT)
		return reroute(skb, state);
#endif
	return NF_ACCEPT;
}

static const struct nf_hook_ops nat_ops[] = {
	{
		.hook = nat_hook,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_NAT_SRC - 1,
	},
	{
		.hook = nat_hook,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP6_PRI_NAT_SRC - 1,
	},
};

static const struct nf_hook_ops mark_ops[] = {
	{
		.hook = mark_hook,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_MANGLE,
	},
	{
		.hook = mark_hook,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_MANGLE,
	},
	{
		.hook = mark_hook,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP6_PRI_MANGLE,
	},
	{
		.hook = mark_hook,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP6_PRI_MANGLE,
	},
};

static int nat_register(struct ernat_net *en)
{
	struct net *net = en->net;
	int err;

	memcpy(en->nat_ops, nat_ops, sizeof(nat_ops));
	err = nf_ct_netns_get(net, NFPROTO_INET);
	if (err)
		return err;
	err = nf_nat_ipv4_register_fn(net, &en->nat_ops[0]);
	if (err)
		goto err_ct;
	err = nf_nat_ipv6_register_fn(net, &en->nat_ops[1]);
	if (err)
		goto err_ipv4;
	return 0;

err_ipv4:
	nf_nat_ipv4_unregister_fn(net, &en->nat_ops[0]);
err_ct:
	nf_ct_netns_put(net, NFPROTO_INET);
	return err;
}

static void nat_unregister(struct ernat_net *en)
{
	nf_nat_ipv6_unregister_fn(en->net, &en->nat_ops[1]);
	nf_nat_ipv4_unregister_fn(en->net, &en->nat_ops[0]);
	nf_ct_netns_put(en->net, NFPROTO_INET);
}

int ernat_hook_update(struct ernat_net *en, const struct ernat_ruleset *rs)
{
	unsigned long want = 0, add, del;
	int err = 0;

	lockdep_assert_held(&en->lock);
	if (rs)
		want |= HOOK_NAT;
	if (rs && rs->reply_mask)
		want |= HOOK_MARK;
	add = want & ~en->hooks;
	del = en->hooks & ~want;

	/* First what can fail. */
	if (add & HOOK_MARK)
		err = nf_register_net_hooks(en->net, mark_ops,
					    ARRAY_SIZE(mark_ops));
	if (err)
		return err;
	if (add & HOOK_NAT)
		err = nat_register(en);
	if (err) {
		if (add & HOOK_MARK)
			nf_unregister_net_hooks(en->net, mark_ops,
						ARRAY_SIZE(mark_ops));
		return err;
	}
	if (del & HOOK_MARK)
		nf_unregister_net_hooks(en->net, mark_ops,
					ARRAY_SIZE(mark_ops));
	if (del & HOOK_NAT)
		nat_unregister(en);
	en->hooks = want;
	if (add & HOOK_NAT)
		ernat_sweep_start(en);
	return 0;
}
