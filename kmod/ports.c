// SPDX-License-Identifier: GPL-2.0
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "ports.h"

static struct ernat_ports *portless;
static atomic_t ports_last_id;

struct ernat_ports *ernat_ports_new(const struct ernat_u16_range *v,
				    unsigned int n)
{
	struct ernat_ports *p;
	unsigned int i, bit, end;

	p = kvzalloc(struct_size(p, range, n), GFP_KERNEL_ACCOUNT);
	if (!p)
		return NULL;
	refcount_set(&p->ref, 1);
	p->id = atomic_inc_return(&ports_last_id);
	for (i = 0; i < n; i++)
		bitmap_set(p->allowed, v[i].min, v[i].max - v[i].min + 1);

	/* Read back from the bitmap: sorted, and overlaps are gone. */
	for (bit = find_first_bit(p->allowed, ERNAT_PORTS); bit < ERNAT_PORTS;
	     bit = find_next_bit(p->allowed, ERNAT_PORTS, end)) {
		end = find_next_zero_bit(p->allowed, ERNAT_PORTS, bit);
		p->range[p->n_ranges].min = bit;
		p->range[p->n_ranges].max = end - 1;
		p->range[p->n_ranges].first = p->n;
		p->n_ranges++;
		p->n += end - bit;
	}
	for (i = 0; i < ERNAT_CHUNKS; i++)
		if (find_next_bit(p->allowed, (i + 1) << ERNAT_CHUNK_SHIFT,
				  i << ERNAT_CHUNK_SHIFT) <
		    (i + 1) << ERNAT_CHUNK_SHIFT)
			p->chunks |= BIT_ULL(i);
	return p;
}

static void ports_free_rcu(struct rcu_head *head)
{
	kvfree(container_of(head, struct ernat_ports, rcu));
}

void ernat_ports_put(struct ernat_ports *ports)
{
	if (ports && refcount_dec_and_test(&ports->ref))
		call_rcu(&ports->rcu, ports_free_rcu);
}

bool ernat_ports_equal(const struct ernat_ports *a, const struct ernat_ports *b)
{
	return a->n == b->n && a->n_ranges == b->n_ranges &&
	       !memcmp(a->range, b->range, a->n_ranges * sizeof(a->range[0]));
}

struct ernat_ports *ernat_ports_portless(void)
{
	return portless;
}

u16 ernat_ports_nth(const struct ernat_ports *ports, u32 i)
{
	unsigned int lo = 0, hi = ports->n_ranges - 1;

	while (lo < hi) {
		unsigned int mid = (lo + hi + 1) / 2;

		if (ports->range[mid].first <= i)
			lo = mid;
		else
			hi = mid - 1;
	}
	return ports->range[lo].min + (i - ports->range[lo].first);
}

u16 ernat_ports_next(const struct ernat_ports *ports, u16 port)
{
	unsigned int next = find_next_bit(ports->allowed, ERNAT_PORTS, port + 1);

	return next < ERNAT_PORTS ? next : ports->range[0].min;
}

int ernat_ports_init(void)
{
	static const struct ernat_u16_range one = {
		.min = ERNAT_PORTLESS, .max = ERNAT_PORTLESS,
	};

	portless = ernat_ports_new(&one, 1);
	return portless ? 0 : -ENOMEM;
}

/* What is freed here and before is waited for. */
void ernat_ports_exit(void)
{
	ernat_ports_put(portless);
	portless = NULL;
	rcu_barrier();
}
