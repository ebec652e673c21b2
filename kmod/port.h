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
 * struct ernat_port_table - every slot that is held in a namespace
 * @dests: struct ernat_port_dest
 * @blocks: struct ernat_port_block
 * @foreign_lock: of @foreign; bottom halves off, innermost
 * @foreign: slots that conntrack entries of others hold
 *
 * Lookups are under RCU; each destination's lock guards what hangs on it.
 * Nothing of conntrack is called under any of these locks.
 */
struct ernat_port_table {
	struct rhashtable dests;
	struct rhashtable blocks;
	spinlock_t foreign_lock;	/* of foreign */
	struct list_head foreign;
};

struct ernat_port_block;

int ernat_port_table_init(struct ernat_port_table *t);
/* Nothing may be held any more but what ernat_port_foreign_add() marked. */
void ernat_port_table_exit(struct ernat_port_table *t);

/**
 * ernat_port_claim - take a free port of a pool address toward a destination
 * @t: table
 * @key: destination and pool address
 * @ports: which may be given out
 * @block: to be handed to ernat_port_release()
 * @port: the port, host order
 *
 * The port is drawn at random (RFC 6056, section 3.3.1); if it is taken, the
 * next free one. Constant cost at any fill. Softirq-safe.
 *
 * Return: 0, -ENOSPC when every port of the list is held, -ENOMEM.
 */
int ernat_port_claim(struct ernat_port_table *t,
		     const struct ernat_port_key *key,
		     struct ernat_ports *ports,
		     struct ernat_port_block **block, u16 *port);
void ernat_port_release(struct ernat_port_table *t,
			struct ernat_port_block *block, u16 port);

/* Of a block on which the caller holds a port. */
const struct ernat_port_key *ernat_port_block_key(const struct ernat_port_block *b);

/**
 * ernat_port_skip_full - next address that is not known to be full
 * @t: table
 * @dest: destination
 * @ports: the list by which it would be full
 * @ip: start; moved past the full addresses that follow without a gap
 *
 * Return: false when there is none up to the end of the address space.
 */
bool ernat_port_skip_full(struct ernat_port_table *t,
			  const struct ernat_dest_key *dest,
			  const struct ernat_ports *ports,
			  struct ernat_ip *ip);

/**
 * ernat_port_foreign_add - a claimed port turned out to be another's
 * @zone: conntrack zone in which it was seen
 *
 * The claim is kept, for ernat_port_foreign_sweep() to give back. Without
 * memory it is given back at once.
 */
void ernat_port_foreign_add(struct ernat_port_table *t,
			    struct ernat_port_block *block, u16 port, u16 zone);

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
