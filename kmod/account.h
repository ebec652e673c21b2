/* SPDX-License-Identifier: GPL-2.0 */
/*
 * account: what outlives a ruleset. A pool, route source or rule is known by
 * its name across rulesets; its counters and the sessions that point to it
 * stay when the definition is replaced or removed.
 */
#ifndef _ERNAT_ACCOUNT_H
#define _ERNAT_ACCOUNT_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <uapi/linux/ernat.h>
#include "port.h"

struct ernat_net;
struct ernat_pool;

enum ernat_account_kind {
	ERNAT_ACCOUNT_POOL,
	ERNAT_ACCOUNT_SOURCE,
	ERNAT_ACCOUNT_RULE,
	__ERNAT_ACCOUNT_MAX,
};

/**
 * struct ernat_busiest - the destination that has most of its share
 * @used: &ernat_port_use.used; 0: there is none
 * @sessions: &ernat_port_use.sessions
 * @ports: what it could use
 */
struct ernat_busiest {
	struct ernat_dest_key dest;
	u32 used;
	u32 sessions;
	u64 ports;
};

/**
 * struct ernat_limit - of events of one kind
 * @second: of the last one, ktime_get_boottime_seconds()
 * @suppressed: since then
 */
struct ernat_limit {
	u32 second;
	atomic_t suppressed;
};

/**
 * struct ernat_account - counters and identity of a named object
 * @ref: one by the ruleset that defines it, one by each session, host, address,
 *	use of a destination and event that points to it
 * @net: namespace; it outlives its accounts
 * @node: in &ernat_net.accounts, under &ernat_net.account_lock
 * @kind: of object
 * @name: NUL-terminated
 * @sessions: live ones
 * @peak: most @sessions so far; racy maximum
 * @created: sessions made since load
 * @hits: connections decided by it (rules, route sources)
 * @failed: connections dropped for want of a mapping (rules)
 * @hosts: inside hosts with sessions (pools)
 * @exhausted: connections that found no free port (pools)
 * @host_limited: connections beyond host-limit (pools)
 * @overflowed: sessions that the overflow pool took instead (pools)
 * @reclaimed: closed connections that gave way early (pools)
 * @rerouted: connections ended because their route's source changed (pools)
 * @pool: its definition in the running ruleset, or NULL (pools); written under
 *	&ernat_net.lock
 * @alarm: raised (pools); set and cleared by test_and_..._bit() alone
 * @host_clear: sessions that clear a host's alarm, these or less (pools)
 * @sweep: which one wrote @seen (pools)
 * @seen: by the sweep so far; nobody else looks at it
 * @busiest: by the last sweep (pools), under @lock
 * @limit: of failure events, by enum ernat_reason (pools)
 * @host_alarms: limit of alarms raised by its hosts (pools)
 * @addrs: addresses in use (pools), struct ernat_addr, under @lock
 * @last_addr: the highest &ernat_addr.number so far, under @lock
 * @lock: of @addrs, @last_addr, @busiest, and of hosts coming and going; bottom
 *	halves off
 * @rcu: frees it
 */
struct ernat_account {
	refcount_t ref;
	u8 kind;
	struct ernat_net *net;
	struct hlist_node node;
	char name[ERNAT_NAME_MAX];

	atomic64_t sessions ____cacheline_aligned_in_smp;
	atomic64_t peak;
	atomic64_t created;
	atomic64_t hits;
	atomic64_t failed;
	atomic64_t hosts;
	atomic64_t exhausted;
	atomic64_t host_limited;
	atomic64_t overflowed;
	atomic64_t reclaimed;
	atomic64_t rerouted;

	struct ernat_pool __rcu *pool;
	unsigned long alarm;
	u32 host_clear;
	u32 sweep;
	struct ernat_busiest seen;
	struct ernat_busiest busiest;
	struct ernat_limit limit[__ERNAT_REASON_MAX];
	struct ernat_limit host_alarms;

	spinlock_t lock;	/* of addrs, busiest, hosts coming and going */
	struct list_head addrs;
	u32 last_addr;
	struct rcu_head rcu;
};

/**
 * ernat_account_get_by_name - find or make an account
 * @en: namespace
 * @kind: of object
 * @name: shorter than ERNAT_NAME_MAX
 *
 * Return: a reference, or NULL without memory. May sleep.
 */
struct ernat_account *ernat_account_get_by_name(struct ernat_net *en,
						enum ernat_account_kind kind,
						const char *name);

static inline struct ernat_account *ernat_account_get(struct ernat_account *a)
{
	refcount_inc(&a->ref);
	return a;
}

/* Any context. NULL is fine. */
void ernat_account_put(struct ernat_account *a);

void ernat_account_session_add(struct ernat_account *a);
void ernat_account_session_del(struct ernat_account *a);
/* As if it had never been added. */
void ernat_account_session_undo(struct ernat_account *a);

#endif /* _ERNAT_ACCOUNT_H */
