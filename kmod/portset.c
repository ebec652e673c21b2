// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>

#include "compat.h"
#include "portset.h"

/*
 * Up to SET_MAX ports are kept in a small hash set: so many that the bitmaps of a
 * list of all ports then cost no more than 15 bytes a port. Of a short list less,
 * since a search in a set goes from port to port.
 */
#define SET_MIN_BITS	3
#define SET_MAX		600
#define SET_SHORT	64
#define CHUNK_WORDS	BITS_TO_LONGS(ERNAT_CHUNK_PORTS)

/* Small sets */

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

static int set_grow(struct ernat_portset *p)
{
	u8 bits = p->set_bits + 1;
	unsigned int i;
	u16 *set;

	set = kcalloc(1u << bits, sizeof(*set), GFP_ATOMIC | __GFP_NOWARN);
	if (!set)
		return -ENOMEM;
	for (i = 0; i < 1u << p->set_bits; i++)
		if (p->set[i])
			set_add(set, bits, p->set[i]);
	kfree(p->set);
	p->set = set;
	p->set_bits = bits;
	return 0;
}

/* Bitmaps */

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

static int chunk_set(unsigned long **chunk, u16 port)
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
static int set_to_chunks(struct ernat_portset *p)
{
	unsigned long **chunk;
	unsigned int i;

	chunk = kcalloc(ERNAT_CHUNKS, sizeof(*chunk), GFP_ATOMIC | __GFP_NOWARN);
	if (!chunk)
		return -ENOMEM;
	for (i = 0; i < 1u << p->set_bits; i++) {
		if (p->set[i] && chunk_set(chunk, p->set[i])) {
			chunks_free(chunk);
			return -ENOMEM;
		}
	}
	kfree(p->set);
	p->chunk = chunk;
	p->set_bits = 0;
	return 0;
}

/* Both */

bool ernat_portset_has(const struct ernat_portset *p, u16 port)
{
	const unsigned long *chunk;

	if (p->set_bits)
		return set_has(p->set, p->set_bits, port);
	chunk = p->chunk[port >> ERNAT_CHUNK_SHIFT];
	return chunk && test_bit(port & (ERNAT_CHUNK_PORTS - 1), chunk);
}

int ernat_portset_add(struct ernat_portset *p, u16 port)
{
	int err = 0;

	if (p->set_bits && p->used >= p->set_max)
		err = set_to_chunks(p);
	else if (p->set_bits && p->used >= 1u << (p->set_bits - 1))
		err = set_grow(p);
	if (err)
		return err;
	if (p->set_bits)
		set_add(p->set, p->set_bits, port);
	else
		err = chunk_set(p->chunk, port);
	if (!err)
		p->used++;
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
static int chunk_find(const struct ernat_portset *p,
		      const struct ernat_ports *ports, unsigned int c,
		      unsigned int start)
{
	const unsigned long *allowed = ports->allowed + c * CHUNK_WORDS;
	unsigned int word = start / BITS_PER_LONG;
	int bit;

	bit = chunk_scan(p->chunk[c], allowed, word, CHUNK_WORDS,
			 ~0UL << (start % BITS_PER_LONG));
	if (bit < 0)
		bit = chunk_scan(p->chunk[c], allowed, 0, word + 1, ~0UL);
	return bit < 0 ? -1 : (int)(c << ERNAT_CHUNK_SHIFT) + bit;
}

/* The next chunk after @c, round, that may have a free port. */
static unsigned int chunk_next(u64 open, unsigned int c)
{
	u64 after = c == ERNAT_CHUNKS - 1 ? 0 : open & (~0ULL << (c + 1));

	return __ffs64(after ?: open);
}

static int chunks_find(struct ernat_portset *p,
		       const struct ernat_ports *ports, u16 start)
{
	unsigned int c = start >> ERNAT_CHUNK_SHIFT;
	u64 open = ports->chunks & ~p->full;
	int port;

	if (!(open & BIT_ULL(c))) {
		if (!open)
			return -1;
		c = chunk_next(open, c);
	}
	for (;;) {
		port = chunk_find(p, ports, c, start & (ERNAT_CHUNK_PORTS - 1));
		if (port >= 0)
			return port;
		p->full |= BIT_ULL(c);
		open &= ~BIT_ULL(c);
		if (!open)
			return -1;
		c = chunk_next(open, c);
	}
}

/* A set holds at most half of a list that is not short. */
static int set_find(const struct ernat_portset *p,
		    const struct ernat_ports *ports, u16 start)
{
	u32 steps = min(ports->n, p->used + 1);
	u16 port = start;

	for (; steps; steps--, port = ernat_ports_next(ports, port))
		if (!set_has(p->set, p->set_bits, port))
			return port;
	return -1;
}

int ernat_portset_find(struct ernat_portset *p, const struct ernat_ports *ports)
{
	u16 port = ernat_ports_nth(ports, ernat_random_below(ports->n));

	if (p->ports_id != ports->id) {
		p->ports_id = ports->id;
		p->full = 0;
		p->set_max = clamp_t(u32, ports->n / 2, SET_SHORT, SET_MAX);
	}
	if (!ernat_portset_has(p, port))
		return port;
	if (p->set_bits)
		return set_find(p, ports, port);
	return chunks_find(p, ports, port);
}

int ernat_portset_init(struct ernat_portset *p)
{
	memset(p, 0, sizeof(*p));
	p->set_bits = SET_MIN_BITS;
	p->set_max = SET_MAX;
	p->set = kcalloc(1u << p->set_bits, sizeof(*p->set),
			 GFP_ATOMIC | __GFP_NOWARN);
	return p->set ? 0 : -ENOMEM;
}

void ernat_portset_free(struct ernat_portset *p)
{
	if (p->set_bits)
		kfree(p->set);
	else
		chunks_free(p->chunk);
}

void ernat_portset_del(struct ernat_portset *p, u16 port)
{
	unsigned int c = port >> ERNAT_CHUNK_SHIFT;

	if (p->set_bits)
		set_del(p->set, p->set_bits, port);
	else
		__clear_bit(port & (ERNAT_CHUNK_PORTS - 1), p->chunk[c]);
	p->used--;
	p->full &= ~BIT_ULL(c);
}
