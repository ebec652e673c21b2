/* SPDX-License-Identifier: GPL-2.0 */
/* host: an inside address in its zone, as a user of one pool. */
#ifndef _ERNAT_HOST_H
#define _ERNAT_HOST_H

#include <linux/rhashtable.h>
#include "account.h"
#include "net.h"
#include "ruleset.h"

struct ernat_host_key {
	struct ernat_account *pool;
	union nf_inet_addr addr;
	u32 family;
	u32 zone;
};

/**
 * struct ernat_failure - the last connection of a host that got no mapping
 * @time: ktime_get_real_ns()
 * @dest: where it went
 * @reason: enum ernat_reason; 0: there was none
 */
struct ernat_failure {
	u64 time;
	struct ernat_dest_key dest;
	u8 reason;
};

/**
 * struct ernat_host - a host and the address it is paired with
 * @sessions: live ones. With the last the host goes; if it has failed, some
 *	minutes later, so that a person can ask what was wrong
 * @lock: of what follows, up to @failure; bottom halves off. An event may be sent
 *	under it
 * @paired: pool address that its sessions share (RFC 4787 REQ-2)
 * @failed: connections that got no mapping
 * @failure: the last of them
 * @alarm: its sessions are near the limit
 * @alarm_told: and an event said so; not if there was another in that second
 * @lingering: in &ernat_net.lingering, under &ernat_net.linger_lock
 * @idle: ktime_get_boottime_seconds() when it began to linger
 */
struct ernat_host {
	struct rhash_head node;
	struct ernat_host_key key;
	atomic_t sessions;
	spinlock_t lock;	/* of what follows, up to failure */
	bool is_paired;
	bool alarm;
	bool alarm_told;
	union nf_inet_addr paired;
	u64 failed;
	struct ernat_failure failure;
	struct list_head lingering;
	u32 idle;
	struct rcu_head rcu;
};

/* Length of the prefix that is counted as one host; @pool may be NULL. */
u8 ernat_host_prefix_len(const struct ernat_pool *pool, u8 family);

/* The host as it is counted: IPv6 hosts may be grouped by prefix. */
void ernat_host_key(const struct ernat_pool *pool, u8 family, u32 zone,
		    const union nf_inet_addr *addr, struct ernat_host_key *key);

/**
 * ernat_host_get - count one session more
 * @limited: host-limit holds. It is exact: two packets never pass it together
 *
 * Softirq-safe, under RCU.
 *
 * Return: the host, or -EDQUOT at host-limit, or -ENOMEM.
 */
struct ernat_host *ernat_host_get(struct ernat_net *en,
				  const struct ernat_pool *pool,
				  const struct ernat_host_key *key,
				  bool limited);
void ernat_host_put(struct ernat_net *en, struct ernat_host *h);

/* NULL if it has neither sessions nor failed lately. Under RCU. */
struct ernat_host *ernat_host_find(struct ernat_net *en,
				   const struct ernat_host_key *key);

/* The address it is paired with, as long as @pool gives it out. */
bool ernat_host_paired(struct ernat_host *h, const struct ernat_pool *pool,
		       union nf_inet_addr *addr);
/* A connection got that address: pairs it if need be, and raises its alarm. */
void ernat_host_pair(struct ernat_net *en, struct ernat_host *h,
		     const struct ernat_pool *pool,
		     const union nf_inet_addr *addr);

/* Remembers that a connection got no mapping. Softirq-safe, under RCU. */
void ernat_host_failed(struct ernat_net *en, const struct ernat_host_key *key,
		       const struct ernat_dest_key *dest, u8 reason);

/* Lets those go that have lingered long enough. */
void ernat_host_sweep(struct ernat_net *en);

int ernat_host_net_init(struct ernat_net *en);
void ernat_host_net_exit(struct ernat_net *en);
int ernat_host_init(void);
void ernat_host_exit(void);

#endif /* _ERNAT_HOST_H */
