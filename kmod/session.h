/* SPDX-License-Identifier: GPL-2.0 */
/*
 * session: a conntrack entry whose source mapping ernat chose.
 *
 * A session holds one reference on its conntrack entry, its slot in port.c, and
 * its host, address and accounts. It is in &ernat_net.sessions from the moment
 * its mapping is set until someone ends it; whoever takes it out of that table
 * (rhashtable_remove_fast() succeeds for one caller only) releases all of these.
 * The slot and the counts are given back at once, the conntrack reference and
 * the memory after a grace period, so that under rcu_read_lock() a session and
 * its conntrack entry can be looked at. The sweep may put another entry of the
 * same tuple in the place of one that was never confirmed.
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
	struct nf_conn *ct;		/* see ernat_session_ct() */
	struct ernat_mapping map;	/* its hold.rcu frees the session */
	struct ernat_account *rule;
	struct ernat_account *source;	/* NULL: none */
	u32 shared;			/* when a packet last shared it, in seconds */
	u32 vrf;			/* ifindex it came in by, 0: none */
	unsigned long flags;		/* atomic bit operations */
};

/* Bits of &ernat_session.flags */
enum ernat_session_flag {
	ERNAT_SESSION_FLAG_ADDED,	/* it was put into the table */
	ERNAT_SESSION_FLAG_OFFLOADED,	/* was seen in a flowtable */
	ERNAT_SESSION_FLAG_DRAINED,		/* its address left its rule */
	ERNAT_SESSION_FLAG_ANNOUNCED,	/* its beginning was an event */
};

static inline struct ernat_account *
ernat_session_pool(const struct ernat_session *s)
{
	return s->map.addr->key.pool;
}

/* Its conntrack entry. Under RCU. */
static inline struct nf_conn *ernat_session_ct(const struct ernat_session *s)
{
	return READ_ONCE(s->ct);
}

/* The live session of @ct's original tuple and zone, or NULL. Under RCU. */
struct ernat_session *ernat_session_find(struct ernat_net *en,
					 const struct nf_conn *ct);

/**
 * ernat_session_add - make a session known, before nf_nat hears of its mapping
 * @en: namespace
 * @s: filled in but for @ct; owned by the table on success
 * @ct: the entry; a reference on it is taken here
 *
 * Return: 0, -EEXIST when another packet of the same flow was first, or another
 * error of the table; @s stays the caller's then.
 */
int ernat_session_add(struct ernat_net *en, struct ernat_session *s,
		      struct nf_conn *ct);
/* All zero, or NULL. Softirq-safe. */
struct ernat_session *ernat_session_alloc(void);
/* One that was never added. */
void ernat_session_free(struct ernat_session *s);

/* Time since it was created, to 67 ms. */
u64 ernat_session_age_ns(const struct ernat_session *s);

/* Has conntrack let go of the entry? Another that shares its mapping may live. */
bool ernat_session_let_go(const struct ernat_session *s);
/* May its slot be given to another? */
bool ernat_session_ended(const struct ernat_session *s);

/* enum ernat_session_state. Under RCU. */
u8 ernat_session_state(const struct ernat_session *s);

/* Ends it if nobody else has. Any context. Return: whether it was this call. */
bool ernat_session_end(struct ernat_net *en, struct ernat_session *s);

/*
 * Deletes its conntrack entry, if that is confirmed, and ends it. Under RCU, in
 * any context. Return: whether it was this call that ended it.
 */
bool ernat_session_kill(struct ernat_net *en, struct ernat_session *s);

/**
 * ernat_session_reclaim - a closed connection gives way to a new one
 * @en: namespace
 * @pool: whose
 * @dest: of both
 * @ct: the new one, which is not confirmed
 *
 * Of TCP connections in TIME_WAIT or CLOSE the oldest one that the new one's
 * sequence number lets end (RFC 6191 and nf_nat's own search). Bounded.
 * Softirq-safe, under RCU.
 *
 * Return: whether one has ended, so that there may be a free port now.
 */
bool ernat_session_reclaim(struct ernat_net *en, const struct ernat_pool *pool,
			   const struct ernat_dest_key *dest,
			   const struct nf_conn *ct);

/* Ends all; with @kill their conntrack entries are deleted. May sleep. */
void ernat_session_end_all(struct ernat_net *en, bool kill);

/* Marks sessions whose address the running ruleset no longer has. May sleep. */
void ernat_session_drain(struct ernat_net *en);

/* Calls @fn for every session, under RCU; sleeps in between. */
void ernat_session_walk(struct ernat_net *en,
			void (*fn)(struct ernat_net *en,
				   struct ernat_session *s));

/* Announces it, or ends it if its connection has, or lets it give way. Of the sweep. */
void ernat_session_look(struct ernat_net *en, struct ernat_session *s);

/* The tuple by which answers to a slot come in; ICMP as echo replies. */
void ernat_session_reply_tuple(const struct ernat_port_key *key, u16 port,
			       struct nf_conntrack_tuple *reply);

int ernat_session_net_init(struct ernat_net *en);
void ernat_session_net_exit(struct ernat_net *en);
int ernat_session_init(void);
void ernat_session_exit(void);

#endif /* _ERNAT_SESSION_H */
