// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "text.h"

struct heap_entry {
	struct heap_rank rank;
	uint64_t order; /* in which it came */
	struct nlmsghdr *nlh;
};

static int compare_shares(const struct heap_rank *a, const struct heap_rank *b)
{
	unsigned __int128 x = (unsigned __int128)a->part * b->whole;
	unsigned __int128 y = (unsigned __int128)b->part * a->whole;

	/* Nothing of nothing is less than nothing of something. */
	if (!a->whole || !b->whole)
		return !b->whole - !a->whole;
	return x < y ? -1 : x > y;
}

/* Is a to come after b? */
static bool below(const struct heap_entry *a, const struct heap_entry *b)
{
	int shares = compare_shares(&a->rank, &b->rank);

	if (shares)
		return shares < 0;
	if (a->rank.count != b->rank.count)
		return a->rank.count < b->rank.count;
	return a->order > b->order;
}

static void swap(struct heap_entry *a, struct heap_entry *b)
{
	struct heap_entry old = *a;

	*a = *b;
	*b = old;
}

static void sift_up(struct heap *h, size_t i)
{
	for (; i && below(&h->v[i], &h->v[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&h->v[i], &h->v[(i - 1) / 2]);
}

static void sift_down(struct heap *h)
{
	size_t i = 0, child;

	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n && below(&h->v[child + 1], &h->v[child]))
			child++;
		if (!below(&h->v[child], &h->v[i]))
			return;
		swap(&h->v[child], &h->v[i]);
		i = child;
	}
}

static void copy(struct heap_entry *e, const struct nlmsghdr *nlh)
{
	e->nlh = xrealloc(e->nlh, nlh->nlmsg_len);
	memcpy(e->nlh, nlh, nlh->nlmsg_len);
}

static struct heap_entry *add(struct heap *h)
{
	if (h->n == h->size) {
		h->size = h->size ? h->size * 2 : 16;
		h->v = xrealloc(h->v, h->size * sizeof(*h->v));
	}
	return &h->v[h->n++];
}

void heap_offer(struct heap *h, const struct heap_rank *rank, const struct nlmsghdr *nlh)
{
	struct heap_entry new = { .rank = *rank, .order = h->offered++ };

	if (h->n < h->max) {
		copy(&new, nlh);
		*add(h) = new;
		sift_up(h, h->n - 1);
	} else if (h->n && below(&h->v[0], &new)) {
		new.nlh = h->v[0].nlh;
		copy(&new, nlh);
		h->v[0] = new;
		sift_down(h);
	}
}

static int highest_first(const void *a, const void *b)
{
	return below(a, b) ? 1 : -1;
}

int heap_drain(struct heap *h, mnl_cb_t cb, void *data)
{
	int ret = MNL_CB_OK;
	size_t i;

	if (h->n)
		qsort(h->v, h->n, sizeof(*h->v), highest_first);
	for (i = 0; i < h->n && ret != MNL_CB_ERROR; i++)
		ret = cb(h->v[i].nlh, data);
	heap_clear(h);
	return ret;
}

void heap_clear(struct heap *h)
{
	while (h->n)
		free(h->v[--h->n].nlh);
	free(h->v);
	h->v = NULL;
	h->size = 0;
}
