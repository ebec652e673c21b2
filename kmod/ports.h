/* SPDX-License-Identifier: GPL-2.0 */
/* ports: which ports a pool may give out. */
#ifndef _ERNAT_PORTS_H
#define _ERNAT_PORTS_H

#include <linux/bitmap.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <uapi/linux/ernat.h>

#define ERNAT_PORTS		65536
#define ERNAT_CHUNK_SHIFT	10
#define ERNAT_CHUNK_PORTS	1024u
#define ERNAT_CHUNKS		(ERNAT_PORTS / ERNAT_CHUNK_PORTS)

/**
 * struct ernat_ports - the ports that a pool may give out
 * @ref: pools of rulesets, and blocks that were filled with it
 * @id: never used twice, so that a block knows whether it was full by this list
 * @n: ports in all
 * @n_ranges: in @range
 * @chunks: bit set: the chunk has a port of the list
 * @allowed: the ports
 * @range: sorted, disjoint; @first counts the ports before a range
 */
struct ernat_ports {
	refcount_t ref;
	u32 id;
	u32 n;
	unsigned int n_ranges;
	u64 chunks;
	struct rcu_head rcu;
	DECLARE_BITMAP(allowed, ERNAT_PORTS);
	struct {
		u16 min;
		u16 max;
		u32 first;
	} range[];
};

/* Ports of a list of ranges (unsorted, may overlap). NULL without memory. */
struct ernat_ports *ernat_ports_new(const struct ernat_u16_range *v,
				    unsigned int n);
static inline struct ernat_ports *ernat_ports_get(struct ernat_ports *ports)
{
	refcount_inc(&ports->ref);
	return ports;
}

void ernat_ports_put(struct ernat_ports *ports);
/* The same ports in both? */
bool ernat_ports_equal(const struct ernat_ports *a, const struct ernat_ports *b);
/* The port with number @i in the list, counted from 0. */
u16 ernat_ports_nth(const struct ernat_ports *ports, u32 i);
/* The port of the list that follows @port, round. */
u16 ernat_ports_next(const struct ernat_ports *ports, u16 port);

/* The one port of protocols that have none; its number is ERNAT_PORTLESS. */
struct ernat_ports *ernat_ports_portless(void);
#define ERNAT_PORTLESS		1

int ernat_ports_init(void);
void ernat_ports_exit(void);

#endif /* _ERNAT_PORTS_H */
