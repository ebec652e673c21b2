/* SPDX-License-Identifier: GPL-2.0 */
/*
 * port: who holds which port of which pool address toward which destination.
 *
 * A slot is (protocol, destination address and port, pool address, port). It
 * is free of conntrack zones: what two customers send must differ on the wire.
 * This room knows keys and bitmaps, no packets and no conntrack entries.
 */
#ifndef _ERNAT_PORT_H
#define _ERNAT_PORT_H

#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <uapi/linux/ernat.h>
#include "ip.h"
#include "ports.h"

/* Where a packet goes. IPv4 addresses: first four bytes, the rest zero. */
struct ernat_dest_key {
	union nf_inet_addr addr;
	u16 port;			/* host order; ICMP, portless: 0 */
	u8 protocol;
	u8 family;
};

struct ernat_port_key {
	struct ernat_dest_key dest;
	union nf_inet_addr addr;	/* pool address */
};

/**
 * struct ernat_port_offer - a pool address as it is given out
 * @ports: which ports of it; NULL: it is not
 * @ring: id of the pool's numbering of such addresses. Never used twice, and
 *	another when its addresses or @ports have changed
 * @place: the address's number, or ERNAT_PORT_NO_PLACE
 */
struct ernat_port_offer {
	struct ernat_ports *ports;
	u64 ring;
	u64 place;
};

#define ERNAT_PORT_NO_PLACE	U64_MAX

/**
 * struct ernat_port_table - every slot that is held in a namespace
 * @dests: struct ernat_port_dest
 * @blocks: struct ernat_port_block
 * @uses: struct ernat_port_use
 * @foreign_lock: of @foreign; bottom halves off, innermost
 * @foreign: slots that conntrack entries of others hold
 *
 * Lookups are under RCU; each destination's lock guards what hangs on it.
 * Nothing of conntrack is called under any of these locks.
 */
struct ernat_port_table {
	struct rhashtable dests;
	struct rhashtable blocks;
	struct rhashtable uses;
	spinlock_t foreign_lock;	/* of foreign */
	struct list_head foreign;
};

struct ernat_account;
struct ernat_port_block;
struct ernat_port_dest;

/**
 * struct ernat_port_use_key - a destination and a pool
 * @owner: the pool; a use has a reference on it
 * @dest: toward which it holds ports
 * @pad: zero
 */
struct ernat_port_use_key {
	struct ernat_account *owner;
	struct ernat_dest_key dest;
	u32 pad;
};

/**
 * struct ernat_port_use - what a pool holds toward a destination
 * @node: in &ernat_port_table.uses
 * @key: which
 * @dest: whose lock guards it; lives at least as long
 * @n_blocks: addresses with ports held; it goes with the last
 * @marked: in its lists are the marks of ernat_recount(), for a moment: nobody
 *	is to go through them
 * @sessions: holders
 * @used: ports held, those of others too, on addresses that are given out
 * @settle: in a list of ernat_recount(): holders of other uses are in @live
 *	and @closing
 * @live: holders, by age
 * @closing: those of ernat_reclaim_closing(), in that order
 * @rest: no holder gives way before these jiffies; 0: not known
 * @rcu: frees it
 *
 * To read the numbers takes RCU alone.
 */
struct ernat_port_use {
	struct rhash_head node;
	struct ernat_port_use_key key;
	struct ernat_port_dest *dest;
	u32 n_blocks;
	bool marked;
	u32 sessions;
	u32 used;
	struct list_head settle;
	struct list_head live;
	struct list_head closing;
	unsigned long rest;
	struct rcu_head rcu;
};

enum ernat_port_hold {
	ERNAT_PORT_FREE,		/* holds nothing */
	ERNAT_PORT_LIVE,
	ERNAT_PORT_CLOSING,
};

/**
 * struct ernat_port_holder - who holds a port; part of a session
 * @node: in @live or @closing of the use, under the destination's lock
 * @rcu: the owner's, once it holds nothing
 * @block: of the port, valid under RCU
 * @port: host order, ERNAT_PORTLESS where there are none
 * @state: enum ernat_port_hold, under the destination's lock
 * @since: the owner's; fills a gap
 */
struct ernat_port_holder {
	union {
		struct list_head node;
		struct rcu_head rcu;
	};
	struct ernat_port_block *block;
	u16 port;
	u8 state;
	u32 since;
};

int ernat_port_table_init(struct ernat_port_table *t);
/* Nothing may be held any more but what ernat_port_foreign_add() marked. */
void ernat_port_table_exit(struct ernat_port_table *t);

/**
 * ernat_port_claim - take a free port of a pool address toward a destination
 * @t: table
 * @key: destination and pool address
 * @owner: the pool, which gives the address out
 * @offer: how it gives it out
 * @holder: gets it
 * @used: &ernat_port_use.used with it
 *
 * The port is drawn at random (RFC 6056, section 3.3.1); if it is taken, the
 * next free one. Constant cost at any fill. Softirq-safe.
 *
 * Return: 0, -ENOSPC when every port of the list is held, -ENOMEM.
 */
int ernat_port_claim(struct ernat_port_table *t,
		     const struct ernat_port_key *key,
		     struct ernat_account *owner,
		     const struct ernat_port_offer *offer,
		     struct ernat_port_holder *holder, u32 *used);

/**
 * ernat_port_claim_exact - take a certain port, of whatever list
 * @offer: how the pool gives the address out, if it does
 *
 * Return: 0, -EEXIST when it is held, -EINVAL for port 0, -ENOMEM.
 */
int ernat_port_claim_exact(struct ernat_port_table *t,
			   const struct ernat_port_key *key,
			   struct ernat_account *owner, u16 port,
			   const struct ernat_port_offer *offer,
			   struct ernat_port_holder *holder);
void ernat_port_release(struct ernat_port_table *t,
			struct ernat_port_holder *holder);

/* Of a block on which the caller holds a port. */
const struct ernat_port_key *ernat_port_block_key(const struct ernat_port_block *b);

/**
 * ernat_port_next - the next address that is not known to be full
 * @t: table
 * @dest: destination
 * @ring: numbering of the pool's addresses
 * @place: the one after this, round
 * @n: addresses in all
 *
 * Return: its place, or ERNAT_PORT_NO_PLACE when all are full.
 */
u64 ernat_port_next(struct ernat_port_table *t,
		    const struct ernat_dest_key *dest, u64 ring, u64 place,
		    u64 n);

/**
 * ernat_port_foreign_add - a claimed port turned out to be another's
 * @zone: conntrack zone in which it was seen
 *
 * The slot stays taken, for ernat_port_foreign_sweep() to give back; @holder is
 * free again. Without memory the slot is given back at once.
 */
void ernat_port_foreign_add(struct ernat_port_table *t,
			    struct ernat_port_holder *holder, u16 zone);

/*
 * Asks @held, with no lock taken, about at most @max foreign ports, those that
 * were asked about longest ago first, and releases those it denies.
 */
void ernat_port_foreign_sweep(struct ernat_port_table *t, unsigned int max,
			      bool (*held)(void *data,
					   const struct ernat_port_key *key,
					   u16 port, u16 zone),
			      void *data);

int ernat_port_init(void);
void ernat_port_exit(void);

#endif /* _ERNAT_PORT_H */
