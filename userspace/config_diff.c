// SPDX-License-Identifier: GPL-2.0-or-later
/* When two rulesets mean the same. */
#include <string.h>

#include "config.h"

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool value_equal(const struct value *a, const struct value *b)
{
	if (a->form != b->form || a->except != b->except)
		return false;
	switch ((enum value_form)a->form) {
	case FORM_RANGE:
		return range_equal(&a->range, &b->range) && a->state == b->state &&
		       same_name(a->name, b->name);
	case FORM_NAME:
		return same_name(a->name, b->name);
	case FORM_WORD:
		return true;
	case FORM_PAIR:
		return a->min == b->min && a->max == b->max;
	case FORM_PREFIX:
		return !memcmp(&a->prefix, &b->prefix, sizeof(a->prefix));
	}
	return false;
}

bool values_equal(const struct values *a, const struct values *b)
{
	const struct value *va = a->first, *vb = b->first;

	if (a->n != b->n)
		return false;
	for (; va; va = va->next, vb = vb->next) {
		if (!value_equal(va, vb))
			return false;
	}
	return true;
}

bool object_equal(const struct object *a, const struct object *b)
{
	unsigned int i;

	for (i = 0; i < kinds[a->kind].n_keys; i++) {
		if (!values_equal(&a->key[i], &b->key[i]))
			return false;
	}
	return true;
}

/* Is the order of these objects part of what they mean? */
bool kind_ordered(enum kind kind)
{
	return kind == KIND_SOURCE || kind == KIND_RULE;
}

bool config_equal(const struct config *a, const struct config *b)
{
	const struct object *oa, *ob;
	enum kind kind;

	if (!same_name(a->router, b->router))
		return false;
	for (kind = 0; kind < KIND_MAX; kind++) {
		if (a->list[kind].n != b->list[kind].n)
			return false;
		for_each_object(oa, a, kind)
		{
			ob = config_find(b, kind, oa->name);
			if (!ob || !object_equal(oa, ob))
				return false;
			if (kind_ordered(kind) && oa->index != ob->index)
				return false;
		}
	}
	return true;
}
