/* SPDX-License-Identifier: GPL-2.0 */
/*
 * block: the ports held of one address toward one destination, and who holds them.
 * Part of port: see port.h. All but ernat_block_lock() want the destination locked.
 */
#ifndef _ERNAT_BLOCK_H
#define _ERNAT_BLOCK_H

#include "dest.h"
#include "port.h"
#include "portset.h"

/**
 * struct ernat_port_block - ports held of one address toward one destination
 * @node: in &ernat_port_table.blocks
 * @key: which
 * @dest: whose lock guards it; lives at least as long
 * @use: of the pool that has the address
 * @held: the ports; it goes with the last
 * @sessions: holders among them
 * @ring: by whose numbering and ports it is full
 * @is_full: no port is left; stands in the destination's tree, if there was memory
 * @is_given: the pool gives the address out: @held counts in &ernat_port_use.used
 * @dead: taken out of the table; look it up again
 * @place: where it is full
 * @rcu: frees it
 */
struct ernat_port_block {
	struct rhash_head node;
	struct ernat_port_key key;
	u32 sessions;
	struct ernat_port_dest *dest;
	struct ernat_port_use *use;
	struct ernat_portset held;
	u64 ring;
	bool is_full;
	bool is_given;
	bool dead;
	u64 place;
	struct rcu_head rcu;
};

/*
 * Locks the block's destination and makes the block if need be. Under RCU. Returns
 * NULL with nothing locked when there is no memory.
 */
struct ernat_port_block *ernat_block_lock(struct ernat_port_table *t,
					  const struct ernat_port_key *key,
					  struct ernat_account *owner);
/* Buries it if no port is held, and its destination with the last block. */
void ernat_block_unlock(struct ernat_port_table *t, struct ernat_port_block *b)
	__releases(&b->dest->lock);

/* A free port, or -1; what is known of its being full is that of the offer. */
int ernat_block_find(struct ernat_port_block *b,
		     const struct ernat_port_offer *offer);

/* Known as full from the last port on, not only from a failure. */
void ernat_block_check_full(struct ernat_port_block *b,
			    const struct ernat_port_offer *offer);

/* What is known of its being full is that of another numbering, or was. */
void ernat_block_check_ring(struct ernat_port_block *b,
			    const struct ernat_port_offer *offer);
void ernat_block_set_given(struct ernat_port_block *b, bool given);

/* Return: 0 or -ENOMEM. */
int ernat_block_hold(struct ernat_port_block *b, u16 port,
		     struct ernat_port_holder *holder);
/* The port is free, or somebody else's. */
void ernat_block_unhold(struct ernat_port_block *b,
			struct ernat_port_holder *holder);
void ernat_block_free_port(struct ernat_port_block *b, u16 port);

/* To the list of its use where it belongs, as the youngest. */
void ernat_block_move(struct ernat_port_holder *h);

int ernat_block_table_init(struct ernat_port_table *t);
void ernat_block_table_exit(struct ernat_port_table *t);
int ernat_block_init(void);
/* After an RCU barrier. */
void ernat_block_exit(void);

#endif /* _ERNAT_BLOCK_H */
