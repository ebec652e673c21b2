/* SPDX-License-Identifier: GPL-2.0 */
/*
 * portset: which ports are held, of one address toward one destination.
 *
 * Some hundreds are kept in a small hash set, more in chunks of a bitmap, so
 * that memory follows use and the change to bitmaps is cheap. The caller's lock
 * guards it. Atomic context.
 */
#ifndef _ERNAT_PORTSET_H
#define _ERNAT_PORTSET_H

#include <linux/types.h>
#include "ports.h"

/**
 * struct ernat_portset - ports held
 * @full: bit set: no port of the list @ports_id is free in the chunk
 * @used: their number
 * @ports_id: list of ports that @full speaks of
 * @set_max: how many @set may hold
 * @set_bits: size of @set as a power of two; 0: @chunk is used
 * @set: hash set of ports, open addressing, 0 is empty
 * @chunk: bitmaps, NULL where no port is held
 */
struct ernat_portset {
	u64 full;
	u32 used;
	u32 ports_id;
	u16 set_max;
	u8 set_bits;
	union {
		u16 *set;
		unsigned long **chunk;
	};
};

/* Return: 0 or -ENOMEM. */
int ernat_portset_init(struct ernat_portset *p);
void ernat_portset_free(struct ernat_portset *p);

/* Not port 0. */
bool ernat_portset_has(const struct ernat_portset *p, u16 port);
/* One that is not there. Return: 0 or -ENOMEM. */
int ernat_portset_add(struct ernat_portset *p, u16 port);
/* One that is there. */
void ernat_portset_del(struct ernat_portset *p, u16 port);

/*
 * A port of the list that is not held: one drawn at random or, if that is held,
 * the next free one. Constant cost at any fill. Return: -1 when there is none.
 */
int ernat_portset_find(struct ernat_portset *p, const struct ernat_ports *ports);

#endif /* _ERNAT_PORTSET_H */
