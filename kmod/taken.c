// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "taken.h"

struct taken {
	struct rb_node node;
	struct ernat_span span;
	const struct ernat_pool *pool;
};

/* All spans of one pool. */
struct block {
	struct list_head node;
	const struct ernat_pool *pool;
	unsigned int n[2];
	struct taken v[];
};

/* Return: what is there already, or NULL when @t was inserted. */
static const struct taken *insert(struct rb_root *root, struct taken *t)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		struct taken *have = rb_entry(*link, struct taken, node);

		parent = *link;
		if (ernat_ip_cmp(t->span.last, have->span.first) < 0)
			link = &parent->rb_left;
		else if (ernat_ip_cmp(t->span.first, have->span.last) > 0)
			link = &parent->rb_right;
		else
			return have;
	}
	rb_link_node(&t->node, parent, link);
	rb_insert_color(&t->node, root);
	return NULL;
}

static int refuse(struct ernat_transaction *tr, const struct nlattr *attr,
		  const struct taken *t, const struct taken *have, u8 family)
{
	struct ernat_ip at = t->span.first;
	char text[ERNAT_IP_TEXT];

	if (ernat_ip_cmp(have->span.first, at) > 0)
		at = have->span.first;
	return ernat_refuse(tr, attr, -EEXIST,
			    "pool \"%s\" overlaps pool \"%s\" at %s",
			    t->pool->account->name, have->pool->account->name,
			    ernat_ip_text(text, family, at));
}

static int add_family(struct ernat_transaction *tr, struct block *b,
		      unsigned int f, const struct nlattr *attr)
{
	const struct ernat_addrset *members = &b->pool->members;
	const struct taken *have;
	struct taken *t;
	unsigned int i;

	for (i = 0; i < members->n[f]; i++) {
		t = &b->v[b->n[0] + b->n[1]];
		t->span = members->v[f][i];
		t->pool = b->pool;
		have = insert(&tr->taken[f], t);
		if (have)
			return refuse(tr, attr, t, have, ernat_index_family(f));
		b->n[f]++;
		cond_resched();
	}
	return 0;
}

static void remove_block(struct ernat_transaction *tr, struct block *b)
{
	unsigned int i;

	for (i = 0; i < b->n[0] + b->n[1]; i++) {
		rb_erase(&b->v[i].node, &tr->taken[i >= b->n[0]]);
		cond_resched();
	}
	list_del(&b->node);
	kvfree(b);
}

int ernat_taken_add(struct ernat_transaction *tr, struct ernat_pool *pool,
		    const struct nlattr *attr)
{
	struct block *b;
	int err;

	b = kvmalloc(struct_size(b, v, pool->members.n[0] + pool->members.n[1]),
		     GFP_KERNEL_ACCOUNT);
	if (!b)
		return -ENOMEM;
	b->pool = pool;
	b->n[0] = 0;
	b->n[1] = 0;
	list_add(&b->node, &tr->blocks);
	err = add_family(tr, b, 0, attr);
	if (!err)
		err = add_family(tr, b, 1, attr);
	if (err)
		remove_block(tr, b);
	return err;
}

void ernat_taken_remove(struct ernat_transaction *tr,
			const struct ernat_pool *pool)
{
	struct block *b;

	/* It is the one that was added last. */
	b = list_first_entry_or_null(&tr->blocks, struct block, node);
	if (b && b->pool == pool)
		remove_block(tr, b);
}

void ernat_taken_free(struct ernat_transaction *tr)
{
	struct block *b, *tmp;

	list_for_each_entry_safe(b, tmp, &tr->blocks, node)
		kvfree(b);
}
