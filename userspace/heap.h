/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heap: the first N of any number of messages, in the memory of N. */
#ifndef _ERNAT_HEAP_H
#define _ERNAT_HEAP_H

#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

/* struct heap_rank - the higher part / whole first, then the higher count; 0 / 0 is least */
struct heap_rank {
	uint64_t part;
	uint64_t whole;
	uint64_t count;
};

struct heap_entry;

/* struct heap - zero it and set @max before first use */
struct heap {
	struct heap_entry *v; /* the least one at 0, each before its two children */
	size_t n;
	size_t size;
	size_t max;
	uint64_t offered;
};

/* Keeps a copy if the message is among the first ones so far; of equals the earlier ones. */
void heap_offer(struct heap *h, const struct heap_rank *rank, const struct nlmsghdr *nlh);

/* Hands what it kept to @cb, highest first, until that returns MNL_CB_ERROR, and empties it. */
int heap_drain(struct heap *h, mnl_cb_t cb, void *data);

void heap_clear(struct heap *h);

#endif /* _ERNAT_HEAP_H */
