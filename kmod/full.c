// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>

#include "full.h"

/*
 * struct full - places in a row that are full
 * @node: in the tree
 * @ring: whose places
 * @first: of the run
 * @last: of the run
 */
struct full {
	struct rb_node node;
	u64 ring;
	u64 first;
	u64 last;
};

static int full_cmp(const struct full *f, u64 ring, u64 place)
{
	if (f->ring != ring)
		return f->ring < ring ? -1 : 1;
	if (f->first != place)
		return f->first < place ? -1 : 1;
	return 0;
}

/* The last run that begins at or before the place, of any ring. */
static struct full *full_before(const struct rb_root *root, u64 ring, u64 place)
{
	struct rb_node *n = root->rb_node;
	struct full *found = NULL;

	while (n) {
		struct full *f;

		f = rb_entry(n, struct full, node);
		if (full_cmp(f, ring, place) <= 0) {
			found = f;
			n = n->rb_right;
		} else {
			n = n->rb_left;
		}
	}
	return found;
}

static struct full *full_find(const struct rb_root *root, u64 ring, u64 place)
{
	struct full *f = full_before(root, ring, place);

	return f && f->ring == ring && f->last >= place ? f : NULL;
}

static bool full_insert(struct rb_root *root, u64 ring, u64 first, u64 last)
{
	struct rb_node **p = &root->rb_node, *parent = NULL;
	struct full *f;

	f = kmalloc(sizeof(*f), GFP_ATOMIC | __GFP_NOWARN);
	if (!f)
		return false;
	f->ring = ring;
	f->first = first;
	f->last = last;
	while (*p) {
		parent = *p;
		if (full_cmp(rb_entry(parent, struct full, node), ring,
			     first) < 0)
			p = &parent->rb_right;
		else
			p = &parent->rb_left;
	}
	rb_link_node(&f->node, parent, p);
	rb_insert_color(&f->node, root);
	return true;
}

static void full_erase(struct rb_root *root, struct full *f)
{
	rb_erase(&f->node, root);
	kfree(f);
}

/* The run that begins right after the place. */
static struct full *full_after(const struct rb_root *root,
			       const struct full *before, u64 ring, u64 place)
{
	struct rb_node *next = before ? rb_next(&before->node) : rb_first(root);
	struct full *f;

	if (!next)
		return NULL;
	f = rb_entry(next, struct full, node);
	return f->ring == ring && f->first == place + 1 ? f : NULL;
}

bool ernat_full_add(struct rb_root *root, u64 ring, u64 place)
{
	struct full *before = full_before(root, ring, place);
	struct full *after = full_after(root, before, ring, place);

	if (before && before->ring == ring) {
		if (before->last >= place)
			return true;
		if (before->last + 1 == place) {
			before->last = after ? after->last : place;
			if (after)
				full_erase(root, after);
			return true;
		}
	}
	if (after) {
		after->first = place;
		return true;
	}
	return full_insert(root, ring, place, place);
}

void ernat_full_del(struct rb_root *root, u64 ring, u64 place)
{
	struct full *f = full_find(root, ring, place);
	u64 last;

	if (!f)
		return;
	if (f->first == f->last) {
		full_erase(root, f);
	} else if (f->first == place) {
		f->first++;
	} else if (f->last == place) {
		f->last--;
	} else {
		/* Without memory the second half is forgotten: only a hint. */
		last = f->last;
		f->last = place - 1;
		full_insert(root, ring, place + 1, last);
	}
}

u64 ernat_full_skip(const struct rb_root *root, u64 ring, u64 place)
{
	const struct full *f = full_find(root, ring, place);

	return f ? f->last + 1 : place;
}

void ernat_full_clear(struct rb_root *root)
{
	struct rb_node *n;

	while ((n = rb_first(root)))
		full_erase(root, rb_entry(n, struct full, node));
}
