/* SPDX-License-Identifier: GPL-2.0 */
/*
 * session: a conntrack entry whose source mapping ernat chose.
 *
 * A session holds one reference on its conntrack entry, its slot in port.c, and
 * its host, address and accounts. It is in &ernat_net.sessions from the moment
 * its mapping is set until someone ends it; whoever takes it out of that table
 * (rhashtable_remove_fast() or _replace_fast() succeeds for one caller only)
 * releases all of these. The slot and the counts are given back at once, the
 * conntrack reference and the memory after a grace period, so that under
 * rcu_read_lock() a session and its conntrack entry can be looked at.
 */
#ifndef _ERNAT_SESSION_H
#define _ERNAT_SESSION_H

#include <linux/rhashtable.h>
#include <net/netfilter/nf_conntrack.h>
#include "net.h"
#include "pool.h"
#include "port.h"

struct ernat_session {
	struct rhash_head node;
	struct nf_conn *ct;
	struct ernat_port_block *block;
	struct ernat_host *host;
	struct ernat_addr *addr;	/* its account is the pool */
	struct ernat_account *rule;
	struct ernat_account *source;	/* NULL: none */
	u32 created;			/* ktime_get_boottime_seconds() */
	u32 shared;			/* likewise, when a packet last shared it */
	u32 vrf;			/* ifindex it came in by, 0: none */
	u16 port;			/* claimed in @block */
	bool offloaded;			/* was seen in a flowtable; by the sweep */
	bool drained;			/* address left its rule; under en->lock */
	struct rcu_head rcu;
};

/* The live session of @ct's original tuple and zone, or NULL. Under RCU. */
struct ernat_session *ernat_session_find(struct ernat_net *en,
					 const struct nf_conn *ct);

/**
 * ernat_session_add - make a session known, before nf_nat hears of its mapping
 * @en: namespace
 * @s: filled in but for @ct; owned by the table on success
 * @ct: the unconfirmed entry; a reference on it is taken here
 *
 * Return: 0, -EEXIST when another packet of the same flow was first, or another
 * error of the table; @s stays the caller's then.
 */
int ernat_session_add(struct ernat_net *en, struct ernat_session *s,
		      struct nf_conn *ct);
struct ernat_session *ernat_session_alloc(void);
void ernat_session_free(struct ernat_session *s);

/* Has conntrack let go of the entry? Another that shares its mapping may live. */
bool ernat_session_let_go(const struct ernat_session *s);
/* May its slot be given to another? */
bool ernat_session_ended(const struct ernat_session *s);

/* enum ernat_session_state. Under RCU. */
u8 ernat_session_state(const struct ernat_session *s);

/* Ends it if nobody else has. Any context. Return: whether it was this call. */
bool ernat_session_end(struct ernat_net *en, struct ernat_session *s);

/* Ends all; with @kill their conntrack entries are deleted. May sleep. */
void ernat_session_end_all(struct ernat_net *en, bool kill);

/* Marks sessions whose address the running ruleset no longer has. May sleep. */
void ernat_session_drain(struct ernat_net *en);

/* Sweeps once a second from now on, as long as the namespace lives. */
void ernat_session_sweep_start(struct ernat_net *en);

/* The tuple by which answers to a slot come in; ICMP as echo replies. */
void ernat_session_reply_tuple(const struct ernat_port_key *key, u16 port,
			       struct nf_conntrack_tuple *reply);

int ernat_session_net_init(struct ernat_net *en);
void ernat_session_net_exit(struct ernat_net *en);
int ernat_session_init(void);
void ernat_session_exit(void);

#endif /* _ERNAT_SESSION_H */
