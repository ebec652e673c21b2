// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>

#include "full.h"

/*
 * struct full - addresses without a gap that are full
 * @node: in the tree
 * @ports_id: by which list of ports
 * @first: address of the run
 * @last: address of the run
 *
 * Only a hint that saves asking each of them: an address may be full and not
 * stand here (no memory), but never the other way round.
 */
struct full {
	struct rb_node node;
	u32 ports_id;
	struct ernat_ip first;
	struct ernat_ip last;
};

static int full_cmp(const struct full *f, u32 ports_id,
		    struct ernat_ip ip)
{
	if (f->ports_id != ports_id)
		return f->ports_id < ports_id ? -1 : 1;
	return ernat_ip_cmp(f->first, ip);
}

/* The last node that begins at or before the address, of any list. */
static struct full *full_before(const struct rb_root *root, u32 ports_id,
				struct ernat_ip ip)
{
	struct rb_node *n = root->rb_node;
	struct full *found = NULL;

	while (n) {
		struct full *f;

		f = rb_entry(n, struct full, node);
		if (full_cmp(f, ports_id, ip) <= 0) {
			found = f;
			n = n->rb_right;
		} else {
			n = n->rb_left;
		}
	}
	return found;
}

static struct full *full_find(const struct rb_root *root, u32 ports_id,
			      struct ernat_ip ip)
{
	struct full *f = full_before(root, ports_id, ip);

	if (!f || f->ports_id != ports_id || ernat_ip_cmp(f->last, ip) < 0)
		return NULL;
	return f;
}

static bool full_insert(struct rb_root *root, u32 ports_id,
			struct ernat_ip first, struct ernat_ip last)
{
	struct rb_node **p = &root->rb_node, *parent = NULL;
	struct full *f;

	f = kmalloc(sizeof(*f), GFP_ATOMIC | __GFP_NOWARN);
	if (!f)
		return false;
	f->ports_id = ports_id;
	f->first = first;
	f->last = last;
	while (*p) {
		parent = *p;
		if (full_cmp(rb_entry(parent, struct full, node),
			     ports_id, first) < 0)
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

bool ernat_full_add(struct rb_root *root, u32 ports_id, struct ernat_ip ip)
{
	struct full *before, *after = NULL;
	struct rb_node *next;

	before = full_before(root, ports_id, ip);
	next = before ? rb_next(&before->node) : rb_first(root);
	if (next) {
		after = rb_entry(next, struct full, node);
		if (after->ports_id != ports_id ||
		    ernat_ip_cmp(ernat_ip_prev(after->first), ip))
			after = NULL;
	}
	if (before && before->ports_id == ports_id) {
		if (ernat_ip_cmp(before->last, ip) >= 0)
			return true;
		if (!ernat_ip_cmp(ernat_ip_next(before->last), ip)) {
			before->last = after ? after->last : ip;
			if (after)
				full_erase(root, after);
			return true;
		}
	}
	if (after) {
		after->first = ip;
		return true;
	}
	return full_insert(root, ports_id, ip, ip);
}

void ernat_full_del(struct rb_root *root, u32 ports_id, struct ernat_ip ip)
{
	struct full *f = full_find(root, ports_id, ip);
	struct ernat_ip last;

	if (!f)
		return;
	if (!ernat_ip_cmp(f->first, f->last)) {
		full_erase(root, f);
	} else if (!ernat_ip_cmp(f->first, ip)) {
		f->first = ernat_ip_next(ip);
	} else if (!ernat_ip_cmp(f->last, ip)) {
		f->last = ernat_ip_prev(ip);
	} else {
		/* Without memory the second half is forgotten: only a hint. */
		last = f->last;
		f->last = ernat_ip_prev(ip);
		full_insert(root, ports_id, ernat_ip_next(ip), last);
	}
}

bool ernat_full_skip(const struct rb_root *root, u32 ports_id,
		     struct ernat_ip *ip)
{
	const struct full *f = full_find(root, ports_id, *ip);

	if (!f)
		return true;
	*ip = ernat_ip_next(f->last);
	return ernat_ip_cmp(*ip, f->last) > 0;
}

void ernat_full_clear(struct rb_root *root)
{
	struct rb_node *n;

	while ((n = rb_first(root)))
		full_erase(root, rb_entry(n, struct full, node));
}
