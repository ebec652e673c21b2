// SPDX-License-Identifier: GPL-2.0
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/jhash.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "flow.h"
#include "hook.h"
#include "route.h"
#include "session.h"
#include "trace.h"

#define SWEEP_BATCH	256	/* sessions looked at between two pauses */
#define SWEEP_FOREIGN	16384	/* foreign ports asked about in one sweep */

static struct kmem_cache *session_cache;

struct session_key {
	const struct nf_conntrack_tuple *tuple;
	u16 zone;
};

static u16 ct_zone(const struct nf_conn *ct)
{
	return nf_ct_zone_id(nf_ct_zone(ct), IP_CT_DIR_ORIGINAL);
}

static struct session_key ct_key(const struct nf_conn *ct)
{
	return (struct session_key) {
		.tuple = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple,
		.zone = ct_zone(ct),
	};
}

static u32 session_key_hash(const void *data, u32 len, u32 seed)
{
	const struct session_key *key = data;
	const struct nf_conntrack_tuple *t = key->tuple;
	const u32 words = (sizeof(t->src) + sizeof(t->dst.u3)) / sizeof(u32);

	return jhash2((const u32 *)t, words,
		      seed ^ ((__force u32)t->dst.u.all << 16) ^
		      t->dst.protonum ^ (key->zone << 8));
}

static u32 session_hash(const void *data, u32 len, u32 seed)
{
	const struct ernat_session *s = data;
	struct session_key key = ct_key(s->ct);

	return session_key_hash(&key, 0, seed);
}

static int session_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct session_key *key = arg->key;
	const struct ernat_session *s = obj;

	return key->zone != ct_zone(s->ct) ||
	       !nf_ct_tuple_equal(key->tuple, ct_key(s->ct).tuple);
}

static const struct rhashtable_params session_params = {
	.head_offset = offsetof(struct ernat_session, node),
	.hashfn = session_key_hash,
	.obj_hashfn = session_hash,
	.obj_cmpfn = session_cmp,
	.automatic_shrinking = true,
};

struct ernat_session *ernat_session_find(struct ernat_net *en,
					 const struct nf_conn *ct)
{
	struct session_key key = ct_key(ct);

	return rhashtable_lookup(&en->sessions, &key, session_params);
}

struct ernat_session *ernat_session_alloc(void)
{
	return kmem_cache_zalloc(session_cache, GFP_ATOMIC | __GFP_NOWARN);
}

void ernat_session_free(struct ernat_session *s)
{
	kmem_cache_free(session_cache, s);
}

static void session_free_rcu(struct rcu_head *head)
{
	struct ernat_session *s = container_of(head, struct ernat_session, rcu);

	nf_ct_put(s->ct);
	kmem_cache_free(session_cache, s);
}

int ernat_session_add(struct ernat_net *en, struct ernat_session *s,
		      struct nf_conn *ct)
{
	struct session_key key = ct_key(ct);
	struct ernat_session *old;

	s->ct = ct;
	s->created = ktime_get_boottime_seconds();
	nf_conntrack_get(&ct->ct_general);
	/* Accounts first: whoever finds the session may end it. */
	ernat_account_session_add(s->addr->key.pool);
	ernat_account_session_add(ernat_account_get(s->rule));
	if (s->source)
		ernat_account_session_add(ernat_account_get(s->source));
	ernat_count(en, ERNAT_STAT_CREATED);

	old = rhashtable_lookup_get_insert_key(&en->sessions, &key, &s->node,
					       session_params);
	if (!old)
		return 0;

	this_cpu_dec(en->stat[ERNAT_STAT_CREATED]);
	ernat_account_session_undo(s->addr->key.pool);
	ernat_account_session_undo(s->rule);
	ernat_account_put(s->rule);
	if (s->source) {
		ernat_account_session_undo(s->source);
		ernat_account_put(s->source);
	}
	nf_ct_put(ct);
	return IS_ERR(old) ? PTR_ERR(old) : -EEXIST;
}

/* What shares the mapping may be on its way to be confirmed. */
static bool shared_lately(const struct ernat_session *s)
{
	u32 shared = READ_ONCE(s->shared);

	return shared && (u32)ktime_get_boottime_seconds() - shared < 2;
}

/*
 * An unconfirmed entry is over when the last reference is ours; its timeout
 * means nothing yet. A confirmed one is over when it was taken out of the hash
 * (IPS_DYING); one that has merely timed out may still be there, see sweep_one().
 * A flowtable goes on translating for a while after that.
 */
bool ernat_session_let_go(const struct ernat_session *s)
{
	const struct nf_conn *ct = s->ct;
	unsigned long status = READ_ONCE(ct->status);

	if (!(status & IPS_CONFIRMED))
		return refcount_read(&ct->ct_general.use) == 1;
	if (!(status & IPS_DYING))
		return false;
	return !READ_ONCE(s->offloaded) ||
	       refcount_read(&ct->ct_general.use) == 1;
}

bool ernat_session_ended(const struct ernat_session *s)
{
	return ernat_session_let_go(s) && !shared_lately(s);
}

static u8 tcp_session_state(u8 state)
{
	static const u8 states[] = {
		[TCP_CONNTRACK_SYN_SENT] = ERNAT_SESSION_STATE_SYN_SENT,
		[TCP_CONNTRACK_SYN_RECV] = ERNAT_SESSION_STATE_SYN_RECV,
		[TCP_CONNTRACK_ESTABLISHED] = ERNAT_SESSION_STATE_ESTABLISHED,
		[TCP_CONNTRACK_FIN_WAIT] = ERNAT_SESSION_STATE_FIN_WAIT,
		[TCP_CONNTRACK_CLOSE_WAIT] = ERNAT_SESSION_STATE_CLOSE_WAIT,
		[TCP_CONNTRACK_LAST_ACK] = ERNAT_SESSION_STATE_LAST_ACK,
		[TCP_CONNTRACK_TIME_WAIT] = ERNAT_SESSION_STATE_TIME_WAIT,
		[TCP_CONNTRACK_CLOSE] = ERNAT_SESSION_STATE_CLOSE,
		[TCP_CONNTRACK_SYN_SENT2] = ERNAT_SESSION_STATE_SYN_SENT,
	};

	return state < ARRAY_SIZE(states) ? states[state] : 0;
}

u8 ernat_session_state(const struct ernat_session *s)
{
	const struct nf_conn *ct = s->ct;
	unsigned long status = READ_ONCE(ct->status);
	u8 state = 0;

	if (!(status & IPS_CONFIRMED))
		return ERNAT_SESSION_STATE_NEW;
	if (status & IPS_DYING || nf_ct_is_expired(ct))
		return ERNAT_SESSION_STATE_ENDED;
	if (nf_ct_protonum(ct) == IPPROTO_TCP)
		state = tcp_session_state(READ_ONCE(ct->proto.tcp.state));
	if (state)
		return state;
	if (status & IPS_ASSURED)
		return ERNAT_SESSION_STATE_ASSURED;
	return status & IPS_SEEN_REPLY ? ERNAT_SESSION_STATE_REPLIED :
					 ERNAT_SESSION_STATE_UNREPLIED;
}

bool ernat_session_end(struct ernat_net *en, struct ernat_session *s)
{
	struct ernat_mapping map = {
		.host = s->host, .addr = s->addr, .block = s->block,
		.port = s->port,
	};

	if (rhashtable_remove_fast(&en->sessions, &s->node, session_params))
		return false;
	trace_ernat_session_end(s);
	ernat_account_session_del(s->addr->key.pool);
	ernat_account_session_del(s->rule);
	if (s->source)
		ernat_account_session_del(s->source);
	ernat_pool_release(en, &map);
	ernat_account_put(s->rule);
	ernat_account_put(s->source);
	ernat_count(en, ERNAT_STAT_ENDED);
	if (!nf_ct_is_confirmed(s->ct))
		ernat_count(en, ERNAT_STAT_UNCONFIRMED);
	call_rcu(&s->rcu, session_free_rcu);
	return true;
}

/*
 * Two packets of one new flow can each have made an entry; both carry the
 * session's mapping, and the other one was confirmed. The session is its now.
 */
static bool session_follow(struct ernat_net *en, struct ernat_session *s)
{
	const struct nf_conntrack_tuple *mine, *theirs;
	struct nf_conntrack_tuple_hash *h;
	struct ernat_session *heir;
	struct nf_conn *ct;

	h = nf_conntrack_find_get(en->net, nf_ct_zone(s->ct),
				  ct_key(s->ct).tuple);
	if (!h)
		return false;
	ct = nf_ct_tuplehash_to_ctrack(h);
	mine = &s->ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	theirs = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	if (NF_CT_DIRECTION(h) != IP_CT_DIR_ORIGINAL ||
	    !nf_ct_tuple_equal(mine, theirs))
		goto err_ct;
	heir = ernat_session_alloc();
	if (!heir)
		goto err_ct;
	*heir = *s;
	heir->ct = ct;
	if (rhashtable_replace_fast(&en->sessions, &s->node, &heir->node,
				    session_params)) {
		ernat_session_free(heir);
		goto err_ct;
	}
	call_rcu(&s->rcu, session_free_rcu);
	return true;

err_ct:
	nf_ct_put(ct);
	return false;
}

static void sweep_one(struct ernat_net *en, struct ernat_session *s)
{
	unsigned long status = READ_ONCE(s->ct->status);

	if (status & (IPS_OFFLOAD | IPS_HW_OFFLOAD))
		WRITE_ONCE(s->offloaded, true);
	if (status & IPS_CONFIRMED) {
		/* The timeout is absolute from confirmation on. */
		smp_rmb();
		if (!(status & IPS_DYING) && nf_ct_is_expired(s->ct))
			nf_ct_kill(s->ct);
	}
	if (!ernat_session_ended(s))
		return;
	if (!session_follow(en, s))
		ernat_session_end(en, s);
}

/* Calls @fn for every session; sleeps in between. */
static void session_walk(struct ernat_net *en,
			 void (*fn)(struct ernat_net *en,
				    struct ernat_session *s))
{
	struct rhashtable_iter iter;
	struct ernat_session *s;
	unsigned int n = 0;

	rhashtable_walk_enter(&en->sessions, &iter);
	rhashtable_walk_start(&iter);
	while ((s = rhashtable_walk_next(&iter))) {
		if (IS_ERR(s))
			continue;	/* resized: begins anew */
		fn(en, s);
		if (++n % SWEEP_BATCH == 0) {
			rhashtable_walk_stop(&iter);
			cond_resched();
			rhashtable_walk_start(&iter);
		}
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

/* Does another's conntrack entry still have the slot? */
static bool foreign_held(void *data, const struct ernat_port_key *key, u16 port,
			 u16 zone)
{
	struct nf_conntrack_tuple tuple = {};
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_zone z;
	struct ernat_net *en = data;
	struct nf_conn *ct;
	bool held;

	ernat_session_reply_tuple(key, port, &tuple);
	nf_ct_zone_init(&z, zone, NF_CT_DEFAULT_ZONE_DIR, 0);
	h = nf_conntrack_find_get(en->net, &z, &tuple);
	if (!h)
		return false;
	ct = nf_ct_tuplehash_to_ctrack(h);
	held = !nf_ct_is_dying(ct);
	nf_ct_put(ct);
	return held;
}

void ernat_session_reply_tuple(const struct ernat_port_key *key, u16 port,
			       struct nf_conntrack_tuple *reply)
{
	reply->src.l3num = key->dest.family;
	reply->src.u3 = key->dest.addr;
	reply->dst.u3 = key->addr;
	reply->dst.protonum = key->dest.protocol;
	reply->dst.dir = IP_CT_DIR_REPLY;
	if (ernat_flow_is_icmp(key->dest.protocol)) {
		reply->src.u.icmp.id = htons(port);
		reply->dst.u.icmp.type = key->dest.protocol == IPPROTO_ICMP ?
			ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY;
	} else {
		reply->src.u.all = htons(key->dest.port);
		reply->dst.u.all = htons(port == ERNAT_PORTLESS ? 0 : port);
	}
}

/* Near its maximum conntrack waits for the entries that we still hold. */
static unsigned long sweep_delay(const struct ernat_net *en)
{
	u64 count = nf_conntrack_count(en->net);

	return count * 10 > (u64)nf_conntrack_max * 9 ? HZ / 10 : HZ;
}

static void sweep_work(struct work_struct *work)
{
	struct ernat_net *en = container_of(to_delayed_work(work),
					    struct ernat_net, sweep);
	u64 start = ktime_get_ns();

	session_walk(en, sweep_one);
	ernat_port_foreign_sweep(&en->ports, SWEEP_FOREIGN, foreign_held, en);
	ernat_count(en, ERNAT_STAT_SWEEPS);
	WRITE_ONCE(en->sweep_ns, ktime_get_ns() - start);
	queue_delayed_work(system_unbound_wq, &en->sweep, sweep_delay(en));
}

void ernat_session_sweep_start(struct ernat_net *en)
{
	queue_delayed_work(system_unbound_wq, &en->sweep, HZ);
}

static void end_one(struct ernat_net *en, struct ernat_session *s)
{
	ernat_session_end(en, s);
}

static void kill_one(struct ernat_net *en, struct ernat_session *s)
{
	/* One that is not confirmed yet cannot be deleted; it ends by itself. */
	if (nf_ct_is_confirmed(s->ct))
		nf_ct_kill(s->ct);
	ernat_session_end(en, s);
}

void ernat_session_end_all(struct ernat_net *en, bool kill)
{
	/* A walk can miss what a resize moved. */
	while (atomic_read(&en->sessions.nelems)) {
		session_walk(en, kill ? kill_one : end_one);
		cond_resched();
	}
}

/* Does the rule that made it still have its address, in pool or overflow? */
static bool session_stays(const struct ernat_ruleset *rs,
			  const struct ernat_session *s)
{
	const struct ernat_addr_key *key = &s->addr->key;
	const struct ernat_rule *rule;
	const struct ernat_pool *p;

	rule = ernat_ruleset_rule_of(rs, s->rule);
	for (p = rule ? rule->pool : NULL; p; p = p->overflow)
		if (ernat_pool_has(p, key->family, &key->addr))
			return true;
	return false;
}

static void drain_one(struct ernat_net *en, struct ernat_session *s)
{
	const struct ernat_ruleset *rs = rcu_dereference(en->ruleset);
	bool drained = !rs || !session_stays(rs, s);

	if (drained && !s->drained)
		ernat_count(en, ERNAT_STAT_DRAINED);
	WRITE_ONCE(s->drained, drained);
}

void ernat_session_drain(struct ernat_net *en)
{
	lockdep_assert_held(&en->lock);
	session_walk(en, drain_one);
}

int ernat_session_net_init(struct ernat_net *en)
{
	INIT_DELAYED_WORK(&en->sweep, sweep_work);
	return rhashtable_init(&en->sessions, &session_params);
}

void ernat_session_net_exit(struct ernat_net *en)
{
	cancel_delayed_work_sync(&en->sweep);
	ernat_session_end_all(en, false);
	rhashtable_destroy(&en->sessions);
}

int ernat_session_init(void)
{
	session_cache = KMEM_CACHE(ernat_session, 0);
	return session_cache ? 0 : -ENOMEM;
}

void ernat_session_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(session_cache);
}
