// SPDX-License-Identifier: GPL-2.0
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/jhash.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "event.h"
#include "flow.h"
#include "reclaim.h"
#include "route.h"
#include "session.h"
#include "trace.h"

#define BATCH		256	/* sessions looked at between two pauses */
#define CLOCK_SHIFT	26

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
	struct session_key key = ct_key(ernat_session_ct(s));

	return session_key_hash(&key, 0, seed);
}

static int session_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct session_key *key = arg->key;
	const struct nf_conn *ct = ernat_session_ct(obj);

	return key->zone != ct_zone(ct) ||
	       !nf_ct_tuple_equal(key->tuple, ct_key(ct).tuple);
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
	struct ernat_session *s;

	s = container_of(head, struct ernat_session, map.hold.rcu);

	nf_ct_put(s->ct);
	kmem_cache_free(session_cache, s);
}

/* In units of 67 ms, which take 9 years to come round. */
static u32 session_clock(void)
{
	return ktime_get_coarse_boottime_ns() >> CLOCK_SHIFT;
}

u64 ernat_session_age_ns(const struct ernat_session *s)
{
	return (u64)(session_clock() - s->map.hold.since) << CLOCK_SHIFT;
}

int ernat_session_add(struct ernat_net *en, struct ernat_session *s,
		      struct nf_conn *ct)
{
	struct session_key key = ct_key(ct);
	struct ernat_session *old;

	s->ct = ct;
	s->map.hold.since = session_clock();
	nf_conntrack_get(&ct->ct_general);
	/* Accounts first: whoever finds the session may end it. */
	ernat_account_session_add(ernat_session_pool(s));
	ernat_account_session_add(ernat_account_get(s->rule));
	if (s->source)
		ernat_account_session_add(ernat_account_get(s->source));
	ernat_count(en, ERNAT_STAT_CREATED);

	old = rhashtable_lookup_get_insert_key(&en->sessions, &key, &s->node,
					       session_params);
	if (!old) {
		set_bit(ERNAT_SESSION_FLAG_ADDED, &s->flags);
		return 0;
	}

	this_cpu_dec(en->stat[ERNAT_STAT_CREATED]);
	ernat_account_session_undo(ernat_session_pool(s));
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
	const struct nf_conn *ct = ernat_session_ct(s);
	unsigned long status = READ_ONCE(ct->status);

	if (!(status & IPS_CONFIRMED))
		return refcount_read(&ct->ct_general.use) == 1;
	if (!(status & IPS_DYING))
		return false;
	return !test_bit(ERNAT_SESSION_FLAG_OFFLOADED, &s->flags) ||
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
	const struct nf_conn *ct = ernat_session_ct(s);
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

/* Under RCU. */
static bool is_logged(const struct ernat_session *s)
{
	const struct ernat_pool *pool;

	pool = rcu_dereference(ernat_session_pool(s)->pool);
	return pool && pool->log_sessions;
}

/* What its pool's log has to say of it. Under RCU. */
static void announce(struct ernat_net *en, struct ernat_session *s)
{
	if (is_logged(s) &&
	    !test_bit(ERNAT_SESSION_FLAG_ANNOUNCED, &s->flags) &&
	    nf_ct_is_confirmed(ernat_session_ct(s)))
		ernat_event_session_created(en, s);
}

static void announce_end(struct ernat_net *en, struct ernat_session *s)
{
	rcu_read_lock();
	announce(en, s);
	if (is_logged(s) || test_bit(ERNAT_SESSION_FLAG_ANNOUNCED, &s->flags))
		ernat_event_session_ended(en, s);
	rcu_read_unlock();
}

bool ernat_session_end(struct ernat_net *en, struct ernat_session *s)
{
	struct ernat_account *pool = ernat_session_pool(s);

	if (rhashtable_remove_fast(&en->sessions, &s->node, session_params))
		return false;
	trace_ernat_session_end(s);
	announce_end(en, s);
	ernat_account_session_del(pool);
	ernat_account_session_del(s->rule);
	if (s->source)
		ernat_account_session_del(s->source);
	ernat_pool_release(en, &s->map);
	ernat_account_put(s->rule);
	ernat_account_put(s->source);
	ernat_count(en, ERNAT_STAT_ENDED);
	if (!nf_ct_is_confirmed(ernat_session_ct(s)))
		ernat_count(en, ERNAT_STAT_UNCONFIRMED);
	call_rcu(&s->map.hold.rcu, session_free_rcu);
	return true;
}

bool ernat_session_kill(struct ernat_net *en, struct ernat_session *s)
{
	struct nf_conn *ct = ernat_session_ct(s);

	/* One that is not confirmed yet cannot be deleted; it ends by itself. */
	if (nf_ct_is_confirmed(ct))
		nf_ct_kill(ct);
	return ernat_session_end(en, s);
}

/* Giving way */

static bool is_closing(const struct nf_conn *ct)
{
	u8 state;

	if (nf_ct_protonum(ct) != IPPROTO_TCP)
		return false;
	state = READ_ONCE(ct->proto.tcp.state);
	return state == TCP_CONNTRACK_TIME_WAIT || state == TCP_CONNTRACK_CLOSE;
}

/* Does a flowtable of the hardware still translate it? */
static bool is_in_hardware(const struct ernat_session *s,
			   const struct nf_conn *ct)
{
	/* One reference is conntrack's, one is ours. */
	return test_bit(ERNAT_SESSION_FLAG_OFFLOADED, &s->flags) &&
	       refcount_read(&ct->ct_general.use) > 2;
}

/* As in nf_nat's search: the server is to see that this SYN is a new one. */
static enum ernat_reclaim_answer
may_give_way(struct ernat_port_holder *holder, void *data)
{
	const unsigned long never = IPS_FIXED_TIMEOUT | IPS_OFFLOAD |
				    IPS_HW_OFFLOAD;
	const struct nf_conn *new = data, *ct;
	const struct ernat_session *s;
	unsigned long status;

	s = container_of(holder, struct ernat_session, map.hold);
	/* Whoever has not added it yet may free it. */
	if (!test_bit(ERNAT_SESSION_FLAG_ADDED, &s->flags))
		return ERNAT_RECLAIM_NO;
	if (ernat_session_ended(s))
		return ERNAT_RECLAIM_YES;
	ct = ernat_session_ct(s);
	status = READ_ONCE(ct->status);
	if (!(status & IPS_CONFIRMED) || !is_closing(ct))
		return ERNAT_RECLAIM_NO;
	if (status & never || !(status & IPS_SRC_NAT) || is_in_hardware(s, ct))
		return ERNAT_RECLAIM_NOT_NOW;
	return (s32)(READ_ONCE(new->proto.tcp.seen[0].td_end) -
		     READ_ONCE(ct->proto.tcp.seen[0].td_end)) > 0 ?
	       ERNAT_RECLAIM_YES : ERNAT_RECLAIM_NOT_NOW;
}

bool ernat_session_reclaim(struct ernat_net *en, const struct ernat_pool *pool,
			   const struct ernat_dest_key *dest,
			   const struct nf_conn *ct)
{
	struct ernat_port_holder *holder;
	struct ernat_session *s;

	if (dest->protocol != IPPROTO_TCP ||
	    ct->proto.tcp.state != TCP_CONNTRACK_SYN_SENT)
		return false;
	holder = ernat_reclaim_find(&en->ports, dest, pool->account,
				    pool->ports, may_give_way, (void *)ct);
	if (!holder)
		return false;
	s = container_of(holder, struct ernat_session, map.hold);
	/* Others may be at it; then there was a port for each of them. */
	if (ernat_session_kill(en, s)) {
		atomic64_inc(&pool->account->reclaimed);
		ernat_count(en, ERNAT_STAT_RECLAIMED);
	}
	return true;
}

/* What the sweep does */

struct old_ct {
	struct rcu_head rcu;
	struct nf_conn *ct;
};

static void old_ct_free_rcu(struct rcu_head *head)
{
	struct old_ct *old = container_of(head, struct old_ct, rcu);

	nf_ct_put(old->ct);
	kfree(old);
}

/*
 * Two packets of one new flow can each have made an entry; both carry the
 * session's mapping, and the other one was confirmed. The session is its now.
 * Under RCU: should the session end meanwhile, its memory is still there, and
 * each entry loses one reference, by whichever callback.
 */
static bool session_follow(struct ernat_net *en, struct ernat_session *s)
{
	struct nf_conn *mine = ernat_session_ct(s), *theirs;
	struct nf_conntrack_tuple_hash *h;
	struct old_ct *old;

	if (nf_ct_is_confirmed(mine))
		return false;
	h = nf_conntrack_find_get(en->net, nf_ct_zone(mine),
				  ct_key(mine).tuple);
	if (!h)
		return false;
	theirs = nf_ct_tuplehash_to_ctrack(h);
	old = kmalloc(sizeof(*old), GFP_ATOMIC | __GFP_NOWARN);
	if (!old || NF_CT_DIRECTION(h) != IP_CT_DIR_ORIGINAL ||
	    !nf_ct_tuple_equal(&mine->tuplehash[IP_CT_DIR_REPLY].tuple,
			       &theirs->tuplehash[IP_CT_DIR_REPLY].tuple)) {
		kfree(old);
		nf_ct_put(theirs);
		return false;
	}
	old->ct = mine;
	WRITE_ONCE(s->ct, theirs);
	call_rcu(&old->rcu, old_ct_free_rcu);
	return true;
}

void ernat_session_look(struct ernat_net *en, struct ernat_session *s)
{
	struct nf_conn *ct = ernat_session_ct(s);
	unsigned long status = READ_ONCE(ct->status);

	if (status & (IPS_OFFLOAD | IPS_HW_OFFLOAD))
		set_bit(ERNAT_SESSION_FLAG_OFFLOADED, &s->flags);
	if (status & IPS_CONFIRMED) {
		/* The timeout is absolute from confirmation on. */
		smp_rmb();
		if (!(status & IPS_DYING) && nf_ct_is_expired(ct))
			nf_ct_kill(ct);
	}
	if (!ernat_session_ended(s)) {
		announce(en, s);
		if (READ_ONCE(s->map.hold.state) == ERNAT_PORT_LIVE &&
		    is_closing(ct))
			ernat_reclaim_closing(&s->map.hold);
		return;
	}
	if (!session_follow(en, s))
		ernat_session_end(en, s);
}

void ernat_session_walk(struct ernat_net *en,
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
		if (++n % BATCH == 0) {
			rhashtable_walk_stop(&iter);
			cond_resched();
			rhashtable_walk_start(&iter);
		}
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
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

static void end_one(struct ernat_net *en, struct ernat_session *s)
{
	ernat_session_end(en, s);
}

static void kill_one(struct ernat_net *en, struct ernat_session *s)
{
	ernat_session_kill(en, s);
}

void ernat_session_end_all(struct ernat_net *en, bool kill)
{
	/* A walk can miss what a resize moved. */
	while (atomic_read(&en->sessions.nelems)) {
		ernat_session_walk(en, kill ? kill_one : end_one);
		cond_resched();
	}
}

/* Does the rule that made it still have its address, in pool or overflow? */
static bool session_stays(const struct ernat_ruleset *rs,
			  const struct ernat_session *s)
{
	const struct ernat_addr_key *key = &s->map.addr->key;
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

	if (!drained)
		clear_bit(ERNAT_SESSION_FLAG_DRAINED, &s->flags);
	else if (!test_and_set_bit(ERNAT_SESSION_FLAG_DRAINED, &s->flags))
		ernat_count(en, ERNAT_STAT_DRAINED);
}

void ernat_session_drain(struct ernat_net *en)
{
	lockdep_assert_held(&en->lock);
	ernat_session_walk(en, drain_one);
}

int ernat_session_net_init(struct ernat_net *en)
{
	return rhashtable_init(&en->sessions, &session_params);
}

void ernat_session_net_exit(struct ernat_net *en)
{
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
