// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the tool has to know to put objects in order: that what they name is
 * there. Everything about meaning is the kernel's to refuse.
 */
#include <stdlib.h>
#include <string.h>

#include "diag.h"

struct names_of {
	const struct object *next;
	unsigned int i;
};

/* nearest() asks in order, so that a list will do. */
static const char *nth_object(void *data, unsigned int i)
{
	struct names_of *n = data;
	const struct object *obj = n->next;

	(void)i;
	if (!obj)
		return NULL;
	n->next = obj->next;
	return obj->name;
}

static void check_name(struct config *cfg, const struct key *key, const struct value *v,
		       enum kind kind)
{
	struct names_of names = { .next = cfg->list[kind].first };
	const char *near;

	if (config_find(cfg, kind, v->name))
		return;
	/* with thousands of names the search would be the slowest part */
	near = diag_full(cfg) ? NULL : nearest(v->name, nth_object, &names);
	if (near)
		diag_error(cfg, &v->place, "%s: no %s \"%s\", did you mean \"%s\"?", key->name,
			   kinds[kind].word, v->name, near);
	else
		diag_error(cfg, &v->place, "%s: no %s \"%s\"", key->name, kinds[kind].word,
			   v->name);
	if (kind == KIND_SET && !strcmp(v->name, "any"))
		diag_hint("a rule without \"%s\" matches any", key->name);
}

static void check_references(struct config *cfg, const struct object *obj)
{
	const struct key *key = kinds[obj->kind].keys;
	const struct value *v;
	unsigned int i;
	enum kind kind;

	for (i = 0; i < kinds[obj->kind].n_keys; i++, key++) {
		if (key->type == KEY_MATCH)
			kind = KIND_SET;
		else if (key->type == KEY_REF)
			kind = KIND_POOL;
		else if (key->type == KEY_SOURCES)
			kind = KIND_SOURCE;
		else
			continue;
		for_each_value(v, &obj->key[i])
		{
			if (v->form == FORM_NAME)
				check_name(cfg, key, v, kind);
		}
	}
}

static struct object *overflow_of(const struct config *cfg, const struct object *pool)
{
	if (!has_key(pool, POOL_OVERFLOW))
		return NULL;
	return config_find(cfg, KIND_POOL, pool->key[POOL_OVERFLOW].first->name);
}

/* @chain: pools from the one that the loop comes back to. */
static void report_loop(struct config *cfg, struct object **chain, unsigned int n)
{
	const struct object *last = chain[n - 1];
	struct text msg = { 0 };
	unsigned int i;

	for (i = 0; i < n && i < 16; i++)
		text_printf(&msg, "%s -> ", chain[i]->name);
	if (i < n)
		text_puts(&msg, "... -> ");
	diag_error(cfg, &last->key[POOL_OVERFLOW].first->place,
		   "pool \"%s\" overflows into itself: %s%s", chain[0]->name, msg.s,
		   chain[0]->name);
	text_free(&msg);
}

enum { MARK_NONE, MARK_CHAIN, MARK_DONE };

/*
 * Follows the overflows from @pool to what is placed already or has none, then
 * places the chain from its end.
 */
static bool place_chain(struct config *cfg, struct object *pool, struct object **order,
			unsigned int *n, struct object **chain)
{
	unsigned int i = 0, j;

	for (; pool && pool->mark == MARK_NONE; pool = overflow_of(cfg, pool)) {
		pool->mark = MARK_CHAIN;
		chain[i++] = pool;
	}
	if (pool && pool->mark == MARK_CHAIN) {
		for (j = 0; chain[j] != pool; j++)
			;
		report_loop(cfg, chain + j, i - j);
		return false;
	}
	while (i) {
		chain[--i]->mark = MARK_DONE;
		order[(*n)++] = chain[i];
	}
	return true;
}

struct object **config_pool_order(struct config *cfg)
{
	unsigned int count = cfg->list[KIND_POOL].n, n = 0;
	struct object **order = xalloc((count + 1) * sizeof(*order));
	struct object **chain = xalloc((count + 1) * sizeof(*chain));
	struct object *pool;
	bool ok = true;

	for_each_object(pool, cfg, KIND_POOL) pool->mark = MARK_NONE;
	for_each_object(pool, cfg, KIND_POOL)
	{
		ok = place_chain(cfg, pool, order, &n, chain);
		if (!ok)
			break;
	}
	free(chain);
	if (ok)
		return order;
	free(order);
	return NULL;
}

void config_check(struct config *cfg)
{
	struct object *obj;
	enum kind kind;

	for (kind = 0; kind < KIND_MAX; kind++) {
		for_each_object(obj, cfg, kind)
		{
			check_references(cfg, obj);
			if (diag_full(cfg))
				return;
		}
	}
	if (!cfg->n_errors)
		free(config_pool_order(cfg));
}
