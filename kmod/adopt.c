// SPDX-License-Identifier: GPL-2.0
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "adopt.h"
#include "event.h"
#include "flow.h"
#include "member.h"
#include "pool.h"
#include "probe.h"
#include "session.h"
#include "trace.h"

#define BATCH		128	/* entries taken from the table at once */
#define MAX_DEVICES	64	/* ways in that are tried for one connection */

/* Entries of conntrack, each with a reference. */
struct batch {
	struct ernat_net *en;
	bool judge;
	struct ernat_adoption *result;
	unsigned int n;
	struct nf_conn *ct[BATCH];
};

/* Is it one that a packet of the kind that rules see has made? */
static bool is_candidate(const struct batch *b, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *orig;
	unsigned long status = READ_ONCE(ct->status);

	if (!net_eq(nf_ct_net(ct), b->en->net) || !(status & IPS_CONFIRMED) ||
	    status & (IPS_DYING | IPS_TEMPLATE))
		return false;
	if (!b->judge && !(status & IPS_SRC_NAT))
		return false;
	orig = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	if (orig->src.l3num != NFPROTO_IPV4 && orig->src.l3num != NFPROTO_IPV6)
		return false;
	switch (orig->dst.protonum) {
	case IPPROTO_ICMP:
		return orig->dst.u.icmp.type == ICMP_ECHO;
	case IPPROTO_ICMPV6:
		return orig->dst.u.icmp.type == ICMPV6_ECHO_REQUEST;
	default:
		return true;
	}
}

static u16 tuple_port(const struct nf_conntrack_tuple *t, bool src)
{
	if (!ernat_flow_has_ports(t->dst.protonum))
		return 0;
	return ntohs(src ? t->src.u.all : t->dst.u.all);
}

static u16 mapped_port(const struct nf_conntrack_tuple *reply)
{
	if (ernat_flow_is_icmp(reply->dst.protonum))
		return ntohs(reply->src.u.icmp.id);
	if (ernat_flow_has_ports(reply->dst.protonum))
		return ntohs(reply->dst.u.all);
	return ERNAT_PORTLESS;
}

/* The pool that its translation is from, or NULL. Under RCU. */
static const struct ernat_pool *mapped_pool(const struct ernat_ruleset *rs,
					    const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *reply;

	if (!(READ_ONCE(ct->status) & IPS_SRC_NAT))
		return NULL;
	reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	return ernat_member_pool(rs, reply->src.l3num, &reply->dst.u3);
}

static bool chain_has(const struct ernat_rule *rule,
		      const struct ernat_pool *pool)
{
	const struct ernat_pool *p;

	for (p = rule->pool; p; p = p->overflow)
		if (p == pool)
			return true;
	return false;
}

/* The decision and the connection */

enum verdict {
	VERDICT_KEEP,		/* no snat rule matches */
	VERDICT_ADOPT,		/* one does, and it is translated so */
	VERDICT_END,		/* one does, and it is not */
	VERDICT_IMPOSSIBLE,	/* no such packet could have come */
};

struct judgement {
	enum verdict verdict;
	const struct ernat_rule *rule;
	struct ernat_account *source;
};

static void probe_init(struct ernat_probe *x, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *orig, *reply;
	struct ernat_flow *flow = &x->flow;

	orig = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	memset(x, 0, sizeof(*x));
	flow->family = orig->src.l3num;
	flow->protocol = orig->dst.protonum;
	flow->saddr = orig->src.u3;
	flow->daddr = reply->src.u3;
	flow->sport = ernat_flow_is_icmp(flow->protocol) ?
		      ntohs(orig->src.u.icmp.id) : tuple_port(orig, true);
	flow->dport = tuple_port(reply, true);
}

/* As if a first packet came in by @in ("": by where its source is routed). */
static void judge_by(struct ernat_net *en, const struct ernat_ruleset *rs,
		     const struct nf_conn *ct, const struct ernat_pool *pool,
		     const char *in, u32 mark, struct judgement *j)
{
	const struct ernat_rule *rule;
	struct ernat_probe x;

	*j = (struct judgement) { .verdict = VERDICT_KEEP };
	probe_init(&x, ct);
	x.flow.mark = mark;
	strscpy(x.in, in, sizeof(x.in));
	if (ernat_probe_run(en, rs, &x, NULL) ||
	    x.skip == ERNAT_SKIP_UNROUTABLE) {
		j->verdict = VERDICT_IMPOSSIBLE;
	} else if (!x.skip && x.rule && x.rule->action == ERNAT_ACTION_SNAT) {
		rule = x.rule;
		j->rule = rule;
		j->source = ernat_rule_source(rule, &x.flow);
		j->verdict = pool && chain_has(rule, pool) ? VERDICT_ADOPT :
							     VERDICT_END;
	}
	ernat_probe_done(&x);
}

static u32 ct_mark(const struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	return READ_ONCE(ct->mark);
#else
	return 0;
#endif
}

/* Both marks that its packets may have had. Return: whether one says that it stays. */
static bool judge_marks(struct ernat_net *en, const struct ernat_ruleset *rs,
			const struct nf_conn *ct, const struct ernat_pool *pool,
			const char *in, struct judgement *j)
{
	struct judgement other;
	u32 mark = ct_mark(ct);

	judge_by(en, rs, ct, pool, in, 0, j);
	if (j->verdict == VERDICT_KEEP || j->verdict == VERDICT_ADOPT)
		return true;
	if (!mark)
		return false;
	judge_by(en, rs, ct, pool, in, mark, &other);
	if (other.verdict != VERDICT_IMPOSSIBLE)
		*j = other;
	return j->verdict != VERDICT_END && j->verdict != VERDICT_IMPOSSIBLE;
}

/* Does it matter by which device a packet comes in? */
static bool device_counts(const struct ernat_net *en,
			  const struct ernat_ruleset *rs)
{
	if (rs->needs_in)
		return true;
#ifdef CONFIG_IP_MULTIPLE_TABLES
	if (en->net->ipv4.fib_has_custom_rules)
		return true;
#endif
#ifdef CONFIG_IPV6_MULTIPLE_TABLES
	if (en->net->ipv6.fib6_has_custom_rules)
		return true;
#endif
	return false;
}

/* What IPsec takes is translated afterwards, if at all: nobody can tell here. */
static bool has_ipsec(const struct ernat_net *en)
{
#ifdef CONFIG_XFRM
	return en->net->xfrm.policy_count[XFRM_POLICY_OUT];
#else
	return false;
#endif
}

/*
 * Nobody has noted by which device it came in, nor the packets' mark. It ends only
 * if it is wrong whatever they were.
 */
static void judge(struct ernat_net *en, const struct ernat_ruleset *rs,
		  const struct nf_conn *ct, const struct ernat_pool *pool,
		  struct judgement *j)
{
	const struct judgement keep = { .verdict = VERDICT_KEEP };
	const struct net_device *dev;
	struct judgement other;
	unsigned int n = 0;

	if (judge_marks(en, rs, ct, pool, "", j))
		return;
	if (j->verdict != VERDICT_END || has_ipsec(en)) {
		*j = keep;
		return;
	}
	if (!device_counts(en, rs))
		return;
	for_each_netdev_rcu(en->net, dev) {
		if (!(dev->flags & IFF_UP) || dev->flags & IFF_LOOPBACK)
			continue;
		if (++n > MAX_DEVICES) {
			*j = keep;
			return;
		}
		if (judge_marks(en, rs, ct, pool, dev->name, &other)) {
			*j = other;
			return;
		}
	}
}

static void make_request(const struct nf_conn *ct,
			 struct ernat_pool_request *req)
{
	const struct nf_conntrack_tuple *orig, *reply;

	orig = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	*req = (struct ernat_pool_request) {
		.family = orig->src.l3num,
		.zone = nf_ct_zone_id(nf_ct_zone(ct), IP_CT_DIR_ORIGINAL),
		.host = orig->src.u3,
		.dest = {
			.addr = reply->src.u3,
			.port = tuple_port(reply, true),
			.protocol = orig->dst.protonum,
			.family = orig->src.l3num,
		},
	};
}

/* Under RCU. Return: whether it is a session now. */
static bool adopt(struct ernat_net *en, const struct ernat_pool *pool,
		  const struct ernat_rule *rule, struct ernat_account *source,
		  struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *reply;
	struct ernat_pool_request req;
	struct ernat_session *s;

	if (!rule)
		return false;
	s = ernat_session_alloc();
	if (!s)
		return false;
	make_request(ct, &req);
	reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	if (ernat_pool_claim_exact(en, pool, &req, &reply->dst.u3,
				   mapped_port(reply), &s->map))
		goto err_session;
	s->rule = rule->account;
	s->source = source;
	if (ernat_session_add(en, s, ct))
		goto err_claim;
	trace_ernat_session_new(s);
	ernat_count(en, ERNAT_STAT_ADOPTED);
	return true;

err_claim:
	ernat_pool_release(en, &s->map);
err_session:
	ernat_session_free(s);
	return false;
}

static bool end(struct ernat_net *en, struct nf_conn *ct)
{
	if (!nf_ct_kill(ct))
		return false;
	ernat_count(en, ERNAT_STAT_UNMAPPED);
	return true;
}

/* The session's own entry, or one that shares its mapping. */
static bool same_mapping(const struct nf_conn *a, const struct nf_conn *b)
{
	return nf_ct_tuple_equal(&a->tuplehash[IP_CT_DIR_REPLY].tuple,
				 &b->tuplehash[IP_CT_DIR_REPLY].tuple);
}

static void look_at(struct batch *b, struct nf_conn *ct)
{
	const struct ernat_ruleset *rs = rcu_dereference(b->en->ruleset);
	struct judgement j = { .verdict = VERDICT_KEEP };
	const struct ernat_session *s;
	const struct ernat_pool *pool;

	if (!rs)
		return;
	pool = mapped_pool(rs, ct);
	if (!pool && !b->judge)
		return;
	s = ernat_session_find(b->en, ct);
	if (s && same_mapping(ernat_session_ct(s), ct))
		return;
	/* What a helper expected was never asked about. */
	if (b->judge && !ct->master)
		judge(b->en, rs, ct, pool, &j);
	if (j.verdict == VERDICT_END) {
		b->result->ended += end(b->en, ct);
	} else if (pool) {
		if (j.verdict == VERDICT_KEEP)
			j.rule = pool->adopter;
		b->result->adopted += adopt(b->en, pool, j.rule, j.source, ct);
	}
}

/* The table */

/* From entry *@skip of a bucket on. Return: false when there is no such bucket. */
static bool take_bucket(struct batch *b, unsigned int bucket,
			unsigned int *skip)
{
	struct nf_conntrack_tuple_hash *h;
	struct hlist_nulls_node *n;
	unsigned int seen = 0;
	struct nf_conn *ct;
	spinlock_t *lock;	/* of the bucket */
	bool there;

	lock = &nf_conntrack_locks[bucket % CONNTRACK_LOCKS];
	local_bh_disable();
	nf_conntrack_lock(lock);
	there = bucket < nf_conntrack_htable_size;
	if (!there)
		goto out;
	hlist_nulls_for_each_entry(h, n, &nf_conntrack_hash[bucket], hnnode) {
		ct = nf_ct_tuplehash_to_ctrack(h);
		if (NF_CT_DIRECTION(h) != IP_CT_DIR_ORIGINAL ||
		    !is_candidate(b, ct) || seen++ < *skip)
			continue;
		if (b->n == BATCH) {
			*skip = seen - 1;
			goto out;
		}
		if (refcount_inc_not_zero(&ct->ct_general.use))
			b->ct[b->n++] = ct;
	}
	*skip = 0;
out:
	spin_unlock(lock);
	local_bh_enable();
	return there;
}

static void process(struct batch *b)
{
	unsigned int i;

	for (i = 0; i < b->n; i++) {
		/* As in the path of a packet, where all of this is at home. */
		local_bh_disable();
		rcu_read_lock();
		look_at(b, b->ct[i]);
		rcu_read_unlock();
		local_bh_enable();
		nf_ct_put(b->ct[i]);
		if (need_resched())
			cond_resched();
	}
	b->n = 0;
}

static void walk(struct batch *b)
{
	unsigned int bucket = 0, skip = 0;

	for (;;) {
		if (!take_bucket(b, bucket, &skip))
			break;
		if (!skip)
			bucket++;
		/* There is room for an ordinary bucket. */
		if (skip || b->n > BATCH / 2)
			process(b);
		if (!(bucket % 1024))
			cond_resched();
	}
	process(b);
}

void ernat_adopt(struct ernat_net *en, bool judge,
		 struct ernat_adoption *result)
{
	struct ernat_event ev = {
		.type = ERNAT_EVENT_TYPE_ADOPTED,
		.has_count = true,
	};
	struct batch *b;

	*result = (struct ernat_adoption) {};
	b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return;
	b->en = en;
	b->judge = judge;
	b->result = result;
	walk(b);
	kfree(b);
	if (!result->adopted && !result->ended)
		return;
	ev.count = result->adopted;
	ev.ended = result->ended;
	ernat_event_emit(en, &ev);
}
