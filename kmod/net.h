/* SPDX-License-Identifier: GPL-2.0 */
/* net: what ernat keeps per network namespace, and its counters. */
#ifndef _ERNAT_NET_H
#define _ERNAT_NET_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/rhashtable.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <ernat_version.h>
#include <uapi/linux/ernat.h>
#include "account.h"
#include "port.h"

struct ernat_event;
struct ernat_ruleset;

#define ERNAT_ACCOUNT_BUCKETS	1024
#define ERNAT_ERRBUF_LEN	320
#define ERNAT_ERRBUFS		(ERNAT_ERRBUF_LEN / 4)

/**
 * struct ernat_event_ring - numbered events of one multicast group
 * @lock: of all; bottom halves off, and what sending takes inside it
 * @seq: of the last event
 * @v: the last ERNAT_MAX_EVENTS of them, or NULL: none are kept
 */
struct ernat_event_ring {
	spinlock_t lock;	/* of the ring, and held while an event is sent */
	u64 seq;
	struct ernat_event *v;
};

/**
 * struct ernat_net - per-namespace state
 * @net: the namespace
 * @lock: serialises configuration: commit, flush, transactions, dumps of the
 *	configuration. Outermost of all ernat's locks; taken under genl's
 * @ruleset: running one or NULL; read under RCU, written under @lock
 * @generation: of @ruleset; 0 when there is none, never 0 otherwise
 * @last_generation: given out last, so that a generation is never used twice
 * @commit_time: ktime_get_boottime_seconds() of the last commit
 * @transactions: open ones, under @lock
 * @n_transactions: their number
 * @account_lock: of @accounts; bottom halves off
 * @accounts: by kind and name
 * @sessions: struct ernat_session by original tuple and zone
 * @hosts: struct ernat_host by pool account, zone and address
 * @addrs: struct ernat_addr by pool account and address
 * @ports: claimed slots
 * @linger_lock: of the two that follow; bottom halves off, inside a pool's
 * @lingering: hosts without sessions that have failed
 * @n_lingering: their number
 * @events: by multicast group
 * @count_lock: held while what pools have and what counts say of it do not agree, and
 *	while alarms are judged by both. Inside @lock
 * @recounting: the former; written under @count_lock
 * @alarms: of conntrack's table; changed by test_and_..._bit() alone
 * @sweeps: number of the last sweep; of the sweep alone
 * @next_adoption: when conntrack is looked through again; of the sweep alone
 * @sweep: ends sessions whose conntrack entry ended
 * @sweep_ns: how long the last one took
 * @hooks: which hooks are registered; under @lock
 * @nat_ops: private copies for nf_nat, one per family
 * @stat: per-CPU counters, indexed by enum ernat_stat
 * @errbuf: texts of extack, by their length; see ernat_err()
 * @secret: key of hash decisions that nobody outside should predict
 */
struct ernat_net {
	struct net *net;
	struct mutex lock;	/* of the configuration */
	struct ernat_ruleset __rcu *ruleset;
	u32 generation;
	u32 last_generation;
	time64_t commit_time;
	struct list_head transactions;
	unsigned int n_transactions;

	spinlock_t account_lock;	/* of accounts */
	struct hlist_head *accounts;

	struct rhashtable sessions;
	struct rhashtable hosts;
	struct rhashtable addrs;
	struct ernat_port_table ports;

	spinlock_t linger_lock;		/* of lingering */
	struct list_head lingering;
	unsigned int n_lingering;
	struct ernat_event_ring events[2];
	struct mutex count_lock;	/* of recounting */
	bool recounting;
	unsigned long alarms;
	u32 sweeps;
	u64 next_adoption;

	struct delayed_work sweep;
	u64 sweep_ns;

	unsigned long hooks;
	struct nf_hook_ops nat_ops[2];

	u64 __percpu *stat;
	char (*errbuf)[ERNAT_ERRBUF_LEN];
	u32 secret;
};

extern unsigned int ernat_net_id;

static inline struct ernat_net *ernat_net(const struct net *net)
{
	return net_generic(net, ernat_net_id);
}

static inline void ernat_count(struct ernat_net *en, enum ernat_stat stat)
{
	this_cpu_inc(en->stat[stat]);
}

/* Sum over all CPUs; a moment's value. */
u64 ernat_counter(const struct ernat_net *en, enum ernat_stat stat);

#endif /* _ERNAT_NET_H */
