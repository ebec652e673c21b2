/* SPDX-License-Identifier: GPL-2.0 */
/*
 * event: what happened, for those who listen and, in a ring, for those who ask
 * later.
 */
#ifndef _ERNAT_EVENT_H
#define _ERNAT_EVENT_H

#include <linux/netlink.h>
#include "account.h"
#include "net.h"
#include "session.h"

/**
 * struct ernat_event - an event; what does not apply is 0
 * @type: enum ernat_event_type
 * @subject: enum ernat_event_subject
 * @reason: enum ernat_reason
 * @family: of the addresses
 * @prefix_len: of @host, where that may be a group of hosts
 * @has_host: @host and @zone are known
 * @has_mapped: @mapped, @mapped_port and @host_port are known
 * @has_dest: @protocol, @dest and @dest_port are known
 * @has_count: @count is known
 * @file: of a ruleset; the ring takes it over, kmalloc()ed
 *
 * In the ring it has a reference on its accounts.
 */
struct ernat_event {
	u8 type;
	u8 subject;
	u8 reason;
	u8 family;
	u8 protocol;
	u8 prefix_len;
	bool has_host;
	bool has_mapped;
	bool has_dest;
	bool has_count;
	u16 zone;
	u16 host_port;
	u16 mapped_port;
	u16 dest_port;
	u32 generation;
	struct ernat_account *pool;
	struct ernat_account *rule;
	struct ernat_account *source;
	union nf_inet_addr host;
	union nf_inet_addr mapped;
	union nf_inet_addr dest;
	u64 seq;
	u64 time;
	u64 created;
	u64 count;
	u64 max;
	u64 ended;
	u64 suppressed;
	char *file;
};

/* Sends it, and keeps it if it is not about a session. Any context. */
void ernat_event_emit(struct ernat_net *en, struct ernat_event *ev);

/* A new ruleset, or none. May sleep. */
void ernat_event_ruleset(struct ernat_net *en);

/*
 * Of a session whose pool logs. The first one is made once, the last one only after
 * it; and none after the last. Under RCU.
 */
void ernat_event_session_created(struct ernat_net *en, struct ernat_session *s);
void ernat_event_session_ended(struct ernat_net *en, struct ernat_session *s);

/* One a second passes, the others are counted. Return: whether this is another. */
bool ernat_event_limited(struct ernat_net *en, struct ernat_limit *limit);

/**
 * ernat_event_failure - a connection got no mapping
 * @pool: that failed
 * @rule: that wanted it
 * @host: inside source address
 *
 * One a second for each pool and reason; the others are counted. Softirq-safe.
 */
void ernat_event_failure(struct ernat_net *en, struct ernat_account *pool,
			 struct ernat_account *rule, u8 reason,
			 const union nf_inet_addr *host, u16 zone,
			 const struct ernat_dest_key *dest);
/* Tells of those that were counted and that no other one told of. */
void ernat_event_flush(struct ernat_net *en, struct ernat_account *pool);

/* The ring, before there can be events. May sleep. */
int ernat_event_ring_alloc(struct ernat_net *en);

int ernat_event_dump(struct sk_buff *skb, struct netlink_callback *cb);

void ernat_event_net_init(struct ernat_net *en);
void ernat_event_net_exit(struct ernat_net *en);
/* Between these two the family is there to be sent by. */
void ernat_event_open(void);
void ernat_event_close(void);

#endif /* _ERNAT_EVENT_H */
