/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dest: a destination toward which ports are held, and what each pool holds there.
 * Part of port: see port.h.
 *
 * A destination lives as long as there are blocks of it; so does a use.
 */
#ifndef _ERNAT_DEST_H
#define _ERNAT_DEST_H

#include <linux/rbtree.h>
#include "port.h"

/**
 * struct ernat_port_dest - a destination
 * @node: in &ernat_port_table.dests
 * @key: which
 * @lock: of everything here, in its blocks and uses; bottom halves off
 * @n_blocks: and uses to be settled; it goes with the last
 * @dead: taken out of the table; look it up again
 * @full: addresses that have no port left, see full.h
 * @rcu: frees it
 */
struct ernat_port_dest {
	struct rhash_head node;
	struct ernat_dest_key key;
	spinlock_t lock;	/* of this, its blocks and uses */
	unsigned int n_blocks;
	bool dead;
	struct rb_root full;
	struct rcu_head rcu;
};

/* Under RCU; not locked, may be dead. */
struct ernat_port_dest *ernat_dest_find(struct ernat_port_table *t,
					const struct ernat_dest_key *key);

/* The destination, made if need be, or NULL. Likewise. */
struct ernat_port_dest *ernat_dest_get(struct ernat_port_table *t,
				       const struct ernat_dest_key *key);

/* Buries it if it has no block. Under RCU. */
void ernat_dest_unlock(struct ernat_port_table *t, struct ernat_port_dest *d)
	__releases(&d->lock);

/* What a pool holds toward a destination, or NULL. Under RCU. */
struct ernat_port_use *ernat_dest_use(struct ernat_port_table *t,
				      const struct ernat_dest_key *dest,
				      struct ernat_account *owner);

/* For one block more; made if need be, or NULL. The destination is locked. */
struct ernat_port_use *ernat_dest_use_get(struct ernat_port_table *t,
					  struct ernat_port_dest *d,
					  struct ernat_account *owner);
void ernat_dest_use_put(struct ernat_port_table *t, struct ernat_port_use *u);
void ernat_dest_use_count(struct ernat_port_use *u, int sessions, int used);

int ernat_dest_table_init(struct ernat_port_table *t);
void ernat_dest_table_exit(struct ernat_port_table *t);
int ernat_dest_init(void);
/* After an RCU barrier. */
void ernat_dest_exit(void);

#endif /* _ERNAT_DEST_H */
