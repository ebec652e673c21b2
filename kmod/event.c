// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/genetlink.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/sock.h>

#include "event.h"
#include "flow.h"
#include "netlink.h"
#include "ruleset.h"

/* Room for any event but a ruleset's file. */
#define EVENT_SIZE	768
#define FILE_MAX	256	/* with its NUL; of a longer name, the end */
#define DUMP_SIZE	(16 * 1024)

enum { GROUP_EVENTS, GROUP_SESSIONS };

static bool event_open;

void ernat_event_open(void)
{
	WRITE_ONCE(event_open, true);
}

void ernat_event_close(void)
{
	WRITE_ONCE(event_open, false);
	synchronize_net();
}

static bool is_session(const struct ernat_event *ev)
{
	return ev->type == ERNAT_EVENT_TYPE_SESSION_CREATED ||
	       ev->type == ERNAT_EVENT_TYPE_SESSION_ENDED;
}

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, ERNAT_EVENT_PAD);
}

static int put_name(struct sk_buff *skb, int type,
		    const struct ernat_account *a)
{
	return a ? nla_put_string(skb, type, a->name) : 0;
}

static int put_address(struct sk_buff *skb, int type,
		       const struct ernat_event *ev,
		       const union nf_inet_addr *addr)
{
	return nla_put(skb, type, ev->family == NFPROTO_IPV6 ? 16 : 4, addr);
}

static int put_flow(struct sk_buff *skb, const struct ernat_event *ev)
{
	if (ev->has_host &&
	    (put_address(skb, ERNAT_EVENT_HOST, ev, &ev->host) ||
	     nla_put_u16(skb, ERNAT_EVENT_ZONE, ev->zone)))
		return -EMSGSIZE;
	if (ev->prefix_len &&
	    nla_put_u8(skb, ERNAT_EVENT_HOST_PREFIX_LEN, ev->prefix_len))
		return -EMSGSIZE;
	if (ev->has_mapped &&
	    (nla_put_u16(skb, ERNAT_EVENT_HOST_PORT, ev->host_port) ||
	     put_address(skb, ERNAT_EVENT_MAPPED, ev, &ev->mapped) ||
	     nla_put_u16(skb, ERNAT_EVENT_MAPPED_PORT, ev->mapped_port)))
		return -EMSGSIZE;
	if (ev->has_dest &&
	    (nla_put_u8(skb, ERNAT_EVENT_PROTOCOL, ev->protocol) ||
	     put_address(skb, ERNAT_EVENT_DEST, ev, &ev->dest) ||
	     nla_put_u16(skb, ERNAT_EVENT_DEST_PORT, ev->dest_port)))
		return -EMSGSIZE;
	return 0;
}

static int put_numbers(struct sk_buff *skb, const struct ernat_event *ev)
{
	if ((ev->has_count && put_u64(skb, ERNAT_EVENT_COUNT, ev->count)) ||
	    (ev->max && put_u64(skb, ERNAT_EVENT_MAX_COUNT, ev->max)) ||
	    (ev->type == ERNAT_EVENT_TYPE_ADOPTED &&
	     put_u64(skb, ERNAT_EVENT_ENDED, ev->ended)) ||
	    (ev->suppressed &&
	     put_u64(skb, ERNAT_EVENT_SUPPRESSED, ev->suppressed)) ||
	    (ev->created && put_u64(skb, ERNAT_EVENT_CREATED, ev->created)) ||
	    (ev->type == ERNAT_EVENT_TYPE_RULESET &&
	     nla_put_u32(skb, ERNAT_EVENT_GENERATION, ev->generation)))
		return -EMSGSIZE;
	return ev->file ? nla_put_string(skb, ERNAT_EVENT_FILE, ev->file) : 0;
}

static int put_event(struct sk_buff *skb, const struct ernat_event *ev)
{
	struct nlattr *nest = nla_nest_start(skb, ERNAT_A_EVENT);

	if (!nest || nla_put_u8(skb, ERNAT_EVENT_TYPE, ev->type) ||
	    put_u64(skb, ERNAT_EVENT_SEQ, ev->seq) ||
	    put_u64(skb, ERNAT_EVENT_TIME, ev->time) ||
	    (ev->subject &&
	     nla_put_u8(skb, ERNAT_EVENT_SUBJECT, ev->subject)) ||
	    (ev->reason && nla_put_u8(skb, ERNAT_EVENT_REASON, ev->reason)) ||
	    put_name(skb, ERNAT_EVENT_POOL, ev->pool) ||
	    put_name(skb, ERNAT_EVENT_RULE, ev->rule) ||
	    put_name(skb, ERNAT_EVENT_SOURCE, ev->source) ||
	    put_flow(skb, ev) || put_numbers(skb, ev))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* A gap in the numbers tells a listener of what could not be sent. */
static void send_event(struct ernat_net *en, const struct ernat_event *ev,
		       unsigned int group)
{
	struct sk_buff *skb;
	void *hdr;

	if (!genl_has_listeners(&ernat_genl_family, en->net, group))
		return;
	skb = genlmsg_new(EVENT_SIZE + FILE_MAX, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		goto lost;
	hdr = genlmsg_put(skb, 0, 0, &ernat_genl_family, 0, ERNAT_CMD_EVENT);
	if (!hdr || put_event(skb, ev)) {
		nlmsg_free(skb);
		goto lost;
	}
	genlmsg_end(skb, hdr);
	/* Of a listener's full buffer its own socket knows. */
	genlmsg_multicast_netns(&ernat_genl_family, en->net, skb, 0, group,
				GFP_ATOMIC);
	return;
lost:
	ernat_count(en, ERNAT_STAT_EVENTS_LOST);
}

static struct ernat_account *account_get(struct ernat_account *a)
{
	return a ? ernat_account_get(a) : NULL;
}

static void release(struct ernat_event *ev)
{
	ernat_account_put(ev->pool);
	ernat_account_put(ev->rule);
	ernat_account_put(ev->source);
	kfree(ev->file);
}

/* In place of the oldest one. Return: that one, to be released. */
static struct ernat_event keep(struct ernat_event_ring *r,
			       const struct ernat_event *ev)
{
	struct ernat_event *slot = &r->v[ev->seq % ERNAT_MAX_EVENTS];
	struct ernat_event old = *slot;

	lockdep_assert_held(&r->lock);
	*slot = *ev;
	account_get(slot->pool);
	account_get(slot->rule);
	account_get(slot->source);
	return old;
}

/* Of a session: the first event if there was none, the last if there was one. */
static bool is_due(const struct ernat_event *ev, unsigned long *flags)
{
	bool announced = test_and_set_bit(ERNAT_SESSION_FLAG_ANNOUNCED, flags);

	return announced == (ev->type == ERNAT_EVENT_TYPE_SESSION_ENDED);
}

/* @flags: of the session, or NULL. */
static void emit(struct ernat_net *en, struct ernat_event *ev,
		 unsigned long *flags)
{
	unsigned int group = is_session(ev) ? GROUP_SESSIONS : GROUP_EVENTS;
	struct ernat_event_ring *r = &en->events[group];
	struct ernat_event old = {};

	/* The lock makes the order of sending that of the numbers. */
	spin_lock_bh(&r->lock);
	if (flags && !is_due(ev, flags))
		goto out;
	ernat_count(en, ERNAT_STAT_EVENTS);
	ev->seq = ++r->seq;
	if (!ev->time)
		ev->time = ktime_get_real_ns();
	if (READ_ONCE(event_open))
		send_event(en, ev, group);
	if (r->v) {
		old = keep(r, ev);
		ev->file = NULL;
	}
out:
	spin_unlock_bh(&r->lock);
	kfree(ev->file);
	release(&old);
}

void ernat_event_emit(struct ernat_net *en, struct ernat_event *ev)
{
	emit(en, ev, NULL);
}

void ernat_event_ruleset(struct ernat_net *en)
{
	struct ernat_event ev = {
		.type = ERNAT_EVENT_TYPE_RULESET,
		.generation = en->generation,
	};
	const struct ernat_ruleset *rs;
	size_t len;

	rs = rcu_dereference_protected(en->ruleset, lockdep_is_held(&en->lock));
	if (rs && rs->file) {
		len = strlen(rs->file);
		ev.file = kstrdup(rs->file + len -
				  min_t(size_t, len, FILE_MAX - 1),
				  GFP_KERNEL_ACCOUNT);
	}
	ernat_event_emit(en, &ev);
}

static void set_ports(struct ernat_event *ev,
		      const struct nf_conntrack_tuple *orig)
{
	if (ernat_flow_is_icmp(ev->protocol))
		ev->host_port = ntohs(orig->src.u.icmp.id);
	else if (ernat_flow_has_ports(ev->protocol))
		ev->host_port = ntohs(orig->src.u.all);
	else
		ev->mapped_port = 0;
}

static void emit_session(struct ernat_net *en, struct ernat_session *s,
			 u8 type)
{
	const struct ernat_port_key *key = ernat_port_block_key(s->map.hold.block);
	const struct nf_conn *ct = ernat_session_ct(s);
	const struct nf_conntrack_tuple *orig;
	u64 created = ktime_get_real_ns() - ernat_session_age_ns(s);
	struct ernat_event ev = {
		.type = type,
		.family = key->dest.family,
		.protocol = key->dest.protocol,
		.has_host = true,
		.has_mapped = true,
		.has_dest = true,
		.zone = nf_ct_zone_id(nf_ct_zone(ct), IP_CT_DIR_ORIGINAL),
		.mapped_port = s->map.hold.port,
		.dest_port = key->dest.port,
		.pool = ernat_session_pool(s),
		.rule = s->rule,
		.source = s->source,
		.mapped = key->addr,
		.dest = key->dest.addr,
	};

	orig = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	ev.host = orig->src.u3;
	set_ports(&ev, orig);
	if (type == ERNAT_EVENT_TYPE_SESSION_CREATED)
		ev.time = created;
	else
		ev.created = created;
	emit(en, &ev, &s->flags);
}

void ernat_event_session_created(struct ernat_net *en, struct ernat_session *s)
{
	emit_session(en, s, ERNAT_EVENT_TYPE_SESSION_CREATED);
}

void ernat_event_session_ended(struct ernat_net *en, struct ernat_session *s)
{
	emit_session(en, s, ERNAT_EVENT_TYPE_SESSION_ENDED);
}

bool ernat_event_limited(struct ernat_net *en, struct ernat_limit *limit)
{
	u32 now = ktime_get_boottime_seconds();
	u32 last = READ_ONCE(limit->second);

	if (last != now && cmpxchg(&limit->second, last, now) == last)
		return false;
	atomic_inc(&limit->suppressed);
	ernat_count(en, ERNAT_STAT_EVENTS_SUPPRESSED);
	return true;
}

static void emit_failure(struct ernat_net *en, struct ernat_event *ev,
			 struct ernat_limit *limit)
{
	ev->suppressed = atomic_xchg(&limit->suppressed, 0);
	ernat_event_emit(en, ev);
}

void ernat_event_failure(struct ernat_net *en, struct ernat_account *pool,
			 struct ernat_account *rule, u8 reason,
			 const union nf_inet_addr *host, u16 zone,
			 const struct ernat_dest_key *dest)
{
	struct ernat_limit *limit = &pool->limit[reason];
	struct ernat_event ev;

	if (ernat_event_limited(en, limit))
		return;
	ev = (struct ernat_event) {
		.type = ERNAT_EVENT_TYPE_FAILURE,
		.reason = reason,
		.family = dest->family,
		.protocol = dest->protocol,
		.has_host = true,
		.has_dest = true,
		.zone = zone,
		.dest_port = dest->port,
		.pool = pool,
		.rule = rule,
		.host = *host,
		.dest = dest->addr,
	};
	emit_failure(en, &ev, limit);
}

/* Tells of those that were counted, once no other event did so for a while. */
static void flush_limit(struct ernat_net *en, struct ernat_event *ev,
			struct ernat_limit *limit)
{
	u32 now = ktime_get_boottime_seconds();

	if (!atomic_read(&limit->suppressed) ||
	    now - READ_ONCE(limit->second) < 2)
		return;
	ev->suppressed = atomic_xchg(&limit->suppressed, 0);
	ernat_event_emit(en, ev);
}

void ernat_event_flush(struct ernat_net *en, struct ernat_account *pool)
{
	struct ernat_event ev;
	u8 reason;

	for (reason = 1; reason < __ERNAT_REASON_MAX; reason++) {
		ev = (struct ernat_event) {
			.type = ERNAT_EVENT_TYPE_FAILURE,
			.reason = reason,
			.pool = pool,
		};
		flush_limit(en, &ev, &pool->limit[reason]);
	}
	ev = (struct ernat_event) {
		.type = ERNAT_EVENT_TYPE_ALARM_RAISED,
		.subject = ERNAT_EVENT_SUBJECT_HOST,
		.pool = pool,
	};
	flush_limit(en, &ev, &pool->host_alarms);
}

/* The ring, over netlink */

static int put_message(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct ernat_event *ev)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &ernat_genl_family, NLM_F_MULTI,
			  ERNAT_CMD_GET_EVENT);
	if (!hdr)
		return -EMSGSIZE;
	if (put_event(skb, ev)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* From the event with number @cb->args[0] on; those it missed are gone. */
int ernat_event_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ernat_net *en = ernat_net(sock_net(skb->sk));
	struct ernat_event_ring *r = &en->events[GROUP_EVENTS];
	u64 seq, first;

	cb->min_dump_alloc = DUMP_SIZE;
	spin_lock_bh(&r->lock);
	first = r->seq > ERNAT_MAX_EVENTS ? r->seq - ERNAT_MAX_EVENTS + 1 : 1;
	for (seq = max_t(u64, cb->args[0], first); seq <= r->seq; seq++)
		if (r->v && r->v[seq % ERNAT_MAX_EVENTS].seq == seq &&
		    put_message(skb, cb, &r->v[seq % ERNAT_MAX_EVENTS]))
			break;
	spin_unlock_bh(&r->lock);
	cb->args[0] = seq;
	return skb->len;
}

/* Life */

int ernat_event_ring_alloc(struct ernat_net *en)
{
	struct ernat_event_ring *r = &en->events[GROUP_EVENTS];
	struct ernat_event *v;

	lockdep_assert_held(&en->lock);
	if (r->v)
		return 0;
	v = kvcalloc(ERNAT_MAX_EVENTS, sizeof(*v), GFP_KERNEL_ACCOUNT);
	if (!v)
		return -ENOMEM;
	spin_lock_bh(&r->lock);
	r->v = v;
	spin_unlock_bh(&r->lock);
	return 0;
}

void ernat_event_net_init(struct ernat_net *en)
{
	spin_lock_init(&en->events[GROUP_EVENTS].lock);
	spin_lock_init(&en->events[GROUP_SESSIONS].lock);
}

void ernat_event_net_exit(struct ernat_net *en)
{
	struct ernat_event_ring *r = &en->events[GROUP_EVENTS];
	struct ernat_event *v = r->v;
	unsigned int i;

	if (!v)
		return;
	r->v = NULL;
	for (i = 0; i < ERNAT_MAX_EVENTS; i++)
		release(&v[i]);
	kvfree(v);
}
