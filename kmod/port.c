// SPDX-License-Identifier: GPL-2.0
#include <linux/rbtree.h>
#include <linux/slab.h>

#include "compat.h"
#include "full.h"
#include "port.h"

/*
 * A block counts the ports of one pool address toward one destination. Up to
 * ERNAT_SET_MAX of them are kept in a small hash set, then in chunks of a
 * bitmap, so that memory follows use and the change to bitmaps is cheap.
 */
#define ERNAT_SET_MIN_BITS	3
#define ERNAT_SET_MAX_BITS	9
#define ERNAT_SET_MAX		256
#define ERNAT_CHUNK_WORDS	BITS_TO_LONGS(ERNAT_CHUNK_PORTS)

/**
 * struct ernat_port_dest - a destination
 * @node: in &ernat_port_table.dests
 * @key: which
 * @lock: of everything here and in its blocks; bottom halves off
 * @n_blocks: it goes with the last
 * @dead: taken out of the table; look it up again
 * @full: addresses that have no port left, see full.h
 * @rcu: frees it
 */
struct ernat_port_dest {
	struct rhash_head node;
	struct ernat_dest_key key;
	spinlock_t lock;	/* of this and its blocks */
	unsigned int n_blocks;
	bool dead;
	struct rb_root full;
	struct rcu_head rcu;
};

/**
 * struct ernat_port_block - ports held of one address toward one destination
 * @node: in &ernat_port_table.blocks
 * @key: which
 * @dest: whose lock guards it; lives at least as long
 * @used: ports held; it goes with the last
 * @ports_id: list of ports that @full and @is_full speak of
 * @full: bit set: no port of that list is free in the chunk
 * @is_full: the address is in the destination's tree of full ones
 * @dead: taken out of the table; look it up again
 * @set_bits: size of @set as a power of two; 0: @chunk is used
 * @set: hash set of ports, open addressing, 0 is empty
 * @chunk: bitmaps, NULL where no port is held
 * @rcu: frees it
 */
struct ernat_port_block {
	struct rhash_head node;
	struct ernat_port_key key;
	u32 used;
	struct ernat_port_dest *dest;
	u64 full;
	u32 ports_id;
	u8 set_bits;
	bool is_full;
	bool dead;
	union {
		u16 *set;
		unsigned long **chunk;
	};
	struct rcu_head rcu;
};

struct ernat_port_foreign {
	struct list_head list;
	struct ernat_port_block *block;
	u16 port;
	u16 zone;
};

static struct kmem_cache *dest_cache;
static struct kmem_cache *block_cache;

static const struct rhashtable_params dest_params = {
	.head_offset = offsetof(struct ernat_port_dest, node),
	.key_offset = offsetof(struct ernat_port_dest, key),
	.key_len = sizeof(struct ernat_dest_key),
	.automatic_shrinking = true,
};

static const struct rhashtable_params block_params = {
	.head_offset = offsetof(struct ernat_port_block, node),
	.key_offset = offsetof(struct ernat_port_block, key),
	.key_len = sizeof(struct ernat_port_key),
	.automatic_shrinking = true,
};

/* Small sets of ports */

static unsigned int set_slot(u16 port, u8 bits)
{
	return (u16)(port * 0x9e37u) >> (16 - bits);
}

static bool set_has(const u16 *set, u8 bits, u16 port)
{
	unsigned int i = set_slot(port, bits), mask = (1u << bits) - 1;

	for (; set[i]; i = (i + 1) & mask)
		if (set[i] == port)
			return true;
	return false;
}

static void set_add(u16 *set, u8 bits, u16 port)
{
	unsigned int i = set_slot(port, bits), mask = (1u << bits) - 1;

	while (set[i])
		i = (i + 1) & mask;
	set[i] = port;
}

/* Closes the gap, so that a probe never has to pass over what was deleted. */
static void set_del(u16 *set, u8 bits, u16 port)
{
	unsigned int i = set_slot(port, bits), mask = (1u << bits) - 1, j;

	while (set[i] != port)
		i = (i + 1) & mask;
	for (j = (i + 1) & mask; set[j]; j = (j + 1) & mask) {
		unsigned int home = set_slot(set[j], bits);

		if (((j - home) & mask) >= ((j - i) & mask)) {
			set[i] = set[j];
			i = j;
		}
	}
	set[i] = 0;
}

static int set_grow(struct ernat_port_block *b)
{
	u8 bits = b->set_bits + 1;
	unsigned int i;
	u16 *set;

	set = kcalloc(1u << bits, sizeof(*set), GFP_ATOMIC | __GFP_NOWARN);
	if (!set)
		return -ENOMEM;
	for (i = 0; i < 1u << b->set_bits; i++)
		if (b->set[i])
			set_add(set, bits, b->set[i]);
	kfree(b->set);
	b->set = set;
	b->set_bits = bits;
	return 0;
}

/* Blocks */

static unsigned long *chunk_new(void)
{
	return kzalloc(ERNAT_CHUNK_PORTS / BITS_PER_BYTE,
		       GFP_ATOMIC | __GFP_NOWARN);
}

static void chunks_free(unsigned long **chunk)
{
	unsigned int i;

	for (i = 0; i < ERNAT_CHUNKS; i++)
		kfree(chunk[i]);
	kfree(chunk);
}

static int block_set_port(unsigned long **chunk, u16 port)
{
	unsigned int c = port >> ERNAT_CHUNK_SHIFT;

	if (!chunk[c]) {
		chunk[c] = chunk_new();
		if (!chunk[c])
			return -ENOMEM;
	}
	__set_bit(port & (ERNAT_CHUNK_PORTS - 1), chunk[c]);
	return 0;
}

/* From a set to bitmaps; short, since a set is. */
static int block_to_chunks(struct ernat_port_block *b)
{
	unsigned long **chunk;
	unsigned int i;

	chunk = kcalloc(ERNAT_CHUNKS, sizeof(*chunk), GFP_ATOMIC | __GFP_NOWARN);
	if (!chunk)
		return -ENOMEM;
	for (i = 0; i < 1u << b->set_bits; i++) {
		if (b->set[i] && block_set_port(chunk, b->set[i])) {
			chunks_free(chunk);
			return -ENOMEM;
		}
	}
	kfree(b->set);
	b->chunk = chunk;
	b->set_bits = 0;
	return 0;
}

static bool block_has(const struct ernat_port_block *b, u16 port)
{
	const unsigned long *chunk;

	if (b->set_bits)
		return set_has(b->set, b->set_bits, port);
	chunk = b->chunk[port >> ERNAT_CHUNK_SHIFT];
	return chunk && test_bit(port & (ERNAT_CHUNK_PORTS - 1), chunk);
}

static int block_add(struct ernat_port_block *b, u16 port)
{
	int err = 0;

	if (b->set_bits && b->used >= ERNAT_SET_MAX)
		err = block_to_chunks(b);
	else if (b->set_bits && b->used >= 1u << (b->set_bits - 1))
		err = set_grow(b);
	if (err)
		return err;
	if (b->set_bits)
		set_add(b->set, b->set_bits, port);
	else
		err = block_set_port(b->chunk, port);
	if (!err)
		b->used++;
	return err;
}

/* First free port of the list in words @from to @to of a chunk, or -1. */
static int chunk_scan(const unsigned long *used, const unsigned long *allowed,
		      unsigned int from, unsigned int to, unsigned long first)
{
	unsigned int w;

	for (w = from; w < to; w++, first = ~0UL) {
		unsigned long x = allowed[w] & first;

		if (used)
			x &= ~used[w];
		if (x)
			return w * BITS_PER_LONG + __ffs(x);
	}
	return -1;
}

/* A free port of the list in chunk @c, from bit @start on and round, or -1. */
static int chunk_find(const struct ernat_port_block *b,
		      const struct ernat_ports *ports, unsigned int c,
		      unsigned int start)
{
	const unsigned long *allowed = ports->allowed + c * ERNAT_CHUNK_WORDS;
	unsigned int word = start / BITS_PER_LONG;
	int bit;

	bit = chunk_scan(b->chunk[c], allowed, word, ERNAT_CHUNK_WORDS,
			 ~0UL << (start % BITS_PER_LONG));
	if (bit < 0)
		bit = chunk_scan(b->chunk[c], allowed, 0, word + 1, ~0UL);
	return bit < 0 ? -1 : (int)(c << ERNAT_CHUNK_SHIFT) + bit;
}

/* The next chunk after @c, round, that may have a free port. */
static unsigned int chunk_next(u64 open, unsigned int c)
{
	u64 after = c == ERNAT_CHUNKS - 1 ? 0 : open & (~0ULL << (c + 1));

	return __ffs64(after ?: open);
}

static int chunks_find(struct ernat_port_block *b,
		       const struct ernat_ports *ports, u16 start)
{
	unsigned int c = start >> ERNAT_CHUNK_SHIFT;
	u64 open = ports->chunks & ~b->full;
	int port;

	if (!(open & BIT_ULL(c))) {
		if (!open)
			return -1;
		c = chunk_next(open, c);
	}
	for (;;) {
		port = chunk_find(b, ports, c, start & (ERNAT_CHUNK_PORTS - 1));
		if (port >= 0)
			return port;
		b->full |= BIT_ULL(c);
		open &= ~BIT_ULL(c);
		if (!open)
			return -1;
		c = chunk_next(open, c);
	}
}

/* A set holds at most ERNAT_SET_MAX ports: so many steps find a free one. */
static int set_find(const struct ernat_port_block *b,
		    const struct ernat_ports *ports, u16 start)
{
	u32 steps = min(ports->n, b->used + 1);
	u16 port = start;

	for (; steps; steps--, port = ernat_ports_next(ports, port))
		if (!set_has(b->set, b->set_bits, port))
			return port;
	return -1;
}

/* A free port of the list, or -1. */
static int block_find(struct ernat_port_block *b,
		      const struct ernat_ports *ports)
{
	u16 port = ernat_ports_nth(ports, ernat_random_below(ports->n));

	if (b->ports_id != ports->id) {
		b->ports_id = ports->id;
		b->full = 0;
	}
	if (!block_has(b, port))
		return port;
	if (b->set_bits)
		return set_find(b, ports, port);
	return chunks_find(b, ports, port);
}

static void block_free_rcu(struct rcu_head *head)
{
	struct ernat_port_block *b;

	b = container_of(head, struct ernat_port_block, rcu);
	kmem_cache_free(block_cache, b);
}

static struct ernat_port_block *block_new(struct ernat_port_dest *d,
					  const struct ernat_port_key *key)
{
	struct ernat_port_block *b;

	b = kmem_cache_zalloc(block_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!b)
		return NULL;
	b->set_bits = ERNAT_SET_MIN_BITS;
	b->set = kcalloc(1u << b->set_bits, sizeof(*b->set),
			 GFP_ATOMIC | __GFP_NOWARN);
	if (!b->set) {
		kmem_cache_free(block_cache, b);
		return NULL;
	}
	b->key = *key;
	b->dest = d;
	return b;
}

static struct ernat_ip block_ip(const struct ernat_port_block *b)
{
	return ernat_ip_from(&b->key.addr, b->key.dest.family);
}

static void block_mark_full(struct ernat_port_block *b)
{
	if (!b->is_full)
		b->is_full = ernat_full_add(&b->dest->full, b->ports_id,
					    block_ip(b));
}

static void block_unmark_full(struct ernat_port_block *b)
{
	if (b->is_full)
		ernat_full_del(&b->dest->full, b->ports_id, block_ip(b));
	b->is_full = false;
}

/* Destinations */

static void dest_free_rcu(struct rcu_head *head)
{
	struct ernat_port_dest *d;

	d = container_of(head, struct ernat_port_dest, rcu);
	kmem_cache_free(dest_cache, d);
}

/* The destination, made if need be. Under RCU; not locked, may be dead. */
static struct ernat_port_dest *dest_get(struct ernat_port_table *t,
					const struct ernat_dest_key *key)
{
	struct ernat_port_dest *d, *old;

	d = rhashtable_lookup(&t->dests, key, dest_params);
	if (d)
		return d;
	d = kmem_cache_zalloc(dest_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!d)
		return NULL;
	d->key = *key;
	d->full = RB_ROOT;
	spin_lock_init(&d->lock);
	old = rhashtable_lookup_get_insert_fast(&t->dests, &d->node,
						dest_params);
	if (!old)
		return d;
	kmem_cache_free(dest_cache, d);
	return IS_ERR(old) ? NULL : old;
}

/* Takes a destination without blocks out of the table. */
static void dest_bury(struct ernat_port_table *t, struct ernat_port_dest *d)
{
	lockdep_assert_held(&d->lock);
	d->dead = true;
	rhashtable_remove_fast(&t->dests, &d->node, dest_params);
	ernat_full_clear(&d->full);
}

static void dest_unlock(struct ernat_port_table *t, struct ernat_port_dest *d)
	__releases(&d->lock)
{
	bool gone = !d->n_blocks;

	if (gone)
		dest_bury(t, d);
	spin_unlock_bh(&d->lock);
	if (gone)
		call_rcu(&d->rcu, dest_free_rcu);
}

/*
 * Locks the block's destination and makes the block if need be. Returns NULL
 * with nothing locked when there is no memory.
 */
static struct ernat_port_block *block_lock(struct ernat_port_table *t,
					   const struct ernat_port_key *key)
{
	struct ernat_port_block *b;
	struct ernat_port_dest *d;

again:
	b = rhashtable_lookup(&t->blocks, key, block_params);
	if (b) {
		spin_lock_bh(&b->dest->lock);
		if (!b->dead)
			return b;
		spin_unlock_bh(&b->dest->lock);
		goto again;
	}

	d = dest_get(t, &key->dest);
	if (!d)
		return NULL;
	spin_lock_bh(&d->lock);
	if (d->dead) {
		spin_unlock_bh(&d->lock);
		goto again;
	}
	b = rhashtable_lookup(&t->blocks, key, block_params);
	if (b)
		return b;	/* found under its destination's lock: alive */
	b = block_new(d, key);
	if (b && rhashtable_insert_fast(&t->blocks, &b->node, block_params)) {
		kfree(b->set);
		kmem_cache_free(block_cache, b);
		b = NULL;
	}
	if (!b) {
		dest_unlock(t, d);
		return NULL;
	}
	d->n_blocks++;
	return b;
}

static void block_unlock(struct ernat_port_table *t, struct ernat_port_block *b)
	__releases(&b->dest->lock)
{
	struct ernat_port_dest *d = b->dest;

	lockdep_assert_held(&d->lock);
	if (!b->used) {
		b->dead = true;
		rhashtable_remove_fast(&t->blocks, &b->node, block_params);
		block_unmark_full(b);
		if (b->set_bits)
			kfree(b->set);
		else
			chunks_free(b->chunk);
		d->n_blocks--;
		call_rcu(&b->rcu, block_free_rcu);
	}
	dest_unlock(t, d);
}

int ernat_port_claim(struct ernat_port_table *t,
		     const struct ernat_port_key *key,
		     struct ernat_ports *ports,
		     struct ernat_port_block **block, u16 *port)
{
	struct ernat_port_block *b;
	int found, err;

	rcu_read_lock();
	b = block_lock(t, key);
	if (!b) {
		rcu_read_unlock();
		return -ENOMEM;
	}
	if (b->is_full && b->ports_id != ports->id)
		block_unmark_full(b);
	found = b->is_full ? -1 : block_find(b, ports);
	if (found < 0) {
		block_mark_full(b);
		err = -ENOSPC;
	} else {
		err = block_add(b, found);
		/* Known as full from the last port on, not only from a failure. */
		if (!err && b->used >= ports->n && block_find(b, ports) < 0)
			block_mark_full(b);
	}
	block_unlock(t, b);
	rcu_read_unlock();
	if (err)
		return err;
	*block = b;
	*port = found;
	return 0;
}

void ernat_port_release(struct ernat_port_table *t,
			struct ernat_port_block *b, u16 port)
{
	unsigned int c = port >> ERNAT_CHUNK_SHIFT;

	rcu_read_lock();
	spin_lock_bh(&b->dest->lock);
	if (b->set_bits)
		set_del(b->set, b->set_bits, port);
	else
		__clear_bit(port & (ERNAT_CHUNK_PORTS - 1), b->chunk[c]);
	b->used--;
	b->full &= ~BIT_ULL(c);
	block_unmark_full(b);
	block_unlock(t, b);
	rcu_read_unlock();
}

const struct ernat_port_key *
ernat_port_block_key(const struct ernat_port_block *b)
{
	return &b->key;
}

bool ernat_port_skip_full(struct ernat_port_table *t,
			  const struct ernat_dest_key *dest,
			  const struct ernat_ports *ports,
			  struct ernat_ip *ip)
{
	struct ernat_port_dest *d;
	bool more = true;

	rcu_read_lock();
	d = rhashtable_lookup(&t->dests, dest, dest_params);
	if (d) {
		spin_lock_bh(&d->lock);
		more = ernat_full_skip(&d->full, ports->id, ip);
		spin_unlock_bh(&d->lock);
	}
	rcu_read_unlock();
	return more;
}

/* Ports of others */

void ernat_port_foreign_add(struct ernat_port_table *t,
			    struct ernat_port_block *block, u16 port, u16 zone)
{
	struct ernat_port_foreign *f;

	f = kmalloc(sizeof(*f), GFP_ATOMIC | __GFP_NOWARN);
	if (!f) {
		ernat_port_release(t, block, port);
		return;
	}
	f->block = block;
	f->port = port;
	f->zone = zone;
	spin_lock_bh(&t->foreign_lock);
	list_add_tail(&f->list, &t->foreign);
	spin_unlock_bh(&t->foreign_lock);
}

static struct ernat_port_foreign *foreign_pop(struct ernat_port_table *t)
{
	struct ernat_port_foreign *f;

	spin_lock_bh(&t->foreign_lock);
	f = list_first_entry_or_null(&t->foreign, struct ernat_port_foreign,
				     list);
	if (f)
		list_del(&f->list);
	spin_unlock_bh(&t->foreign_lock);
	return f;
}

void ernat_port_foreign_sweep(struct ernat_port_table *t, unsigned int max,
			      bool (*held)(void *data,
					   const struct ernat_port_key *key,
					   u16 port, u16 zone),
			      void *data)
{
	struct ernat_port_foreign *f;
	LIST_HEAD(keep);

	while (max-- && (f = foreign_pop(t))) {
		if (held && held(data, &f->block->key, f->port, f->zone)) {
			list_add_tail(&f->list, &keep);
		} else {
			ernat_port_release(t, f->block, f->port);
			kfree(f);
		}
		cond_resched();
	}
	spin_lock_bh(&t->foreign_lock);
	list_splice_tail(&keep, &t->foreign);
	spin_unlock_bh(&t->foreign_lock);
}

/* Life */

int ernat_port_table_init(struct ernat_port_table *t)
{
	int err;

	spin_lock_init(&t->foreign_lock);
	INIT_LIST_HEAD(&t->foreign);
	err = rhashtable_init(&t->dests, &dest_params);
	if (err)
		return err;
	err = rhashtable_init(&t->blocks, &block_params);
	if (err)
		rhashtable_destroy(&t->dests);
	return err;
}

void ernat_port_table_exit(struct ernat_port_table *t)
{
	ernat_port_foreign_sweep(t, UINT_MAX, NULL, NULL);
	WARN_ON_ONCE(atomic_read(&t->blocks.nelems));
	WARN_ON_ONCE(atomic_read(&t->dests.nelems));
	rhashtable_destroy(&t->blocks);
	rhashtable_destroy(&t->dests);
}

int ernat_port_init(void)
{
	dest_cache = KMEM_CACHE(ernat_port_dest, 0);
	block_cache = KMEM_CACHE(ernat_port_block, 0);
	if (dest_cache && block_cache)
		return 0;
	ernat_port_exit();
	return -ENOMEM;
}

void ernat_port_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(block_cache);
	kmem_cache_destroy(dest_cache);
}
