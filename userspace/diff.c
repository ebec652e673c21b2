// SPDX-License-Identifier: GPL-2.0-or-later
/* What applying a file would change, object by object. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "config.h"
#include "main.h"
#include "print.h"

struct diff {
	struct text out;
	json_t *changes;
	bool changed;
};

/* struct lines - a text cut at its line ends */
struct lines {
	char **v;
	char **sorted;
	size_t n;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void lines_split(struct lines *l, char *s)
{
	size_t size = 0;
	char *end;

	memset(l, 0, sizeof(*l));
	for (; s && *s; s = end + 1) {
		end = strchr(s, '\n');
		*end = '\0';
		if (l->n == size) {
			size = size * 2 + 16;
			l->v = xrealloc(l->v, size * sizeof(*l->v));
		}
		l->v[l->n++] = s;
	}
	l->sorted = xalloc((l->n + 1) * sizeof(*l->v));
	if (l->n)
		memcpy(l->sorted, l->v, l->n * sizeof(*l->v));
	qsort(l->sorted, l->n, sizeof(*l->v), by_text);
}

static void lines_free(struct lines *l)
{
	free(l->v);
	free(l->sorted);
}

static void put_line(struct text *out, char sign, const char *line)
{
	text_putc(out, sign);
	text_puts(out, line);
	text_putc(out, '\n');
}

/* The lines that @other lacks; all of them where it lacks none. */
static size_t put_lines(struct text *out, char sign, const struct lines *l,
			const struct lines *other, bool all)
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++) {
		if (!all &&
		    bsearch(&l->v[i], other->sorted, other->n, sizeof(*other->sorted), by_text))
			continue;
		put_line(out, sign, l->v[i]);
		n++;
	}
	return n;
}

static void diff_lines(struct text *out, char *old, char *new)
{
	struct lines a, b;
	size_t n;

	lines_split(&a, old);
	lines_split(&b, new);
	n = put_lines(out, '-', &a, &b, false);
	n += put_lines(out, '+', &b, &a, false);
	if (!n) {
		/* the same lines in another order */
		put_lines(out, '-', &a, &b, true);
		put_lines(out, '+', &b, &a, true);
	}
	lines_free(&a);
	lines_free(&b);
}

static void diff_key(struct text *out, const struct object *old, const struct object *new,
		     unsigned int key)
{
	const struct key *k = &kinds[new->kind].keys[key];
	bool set = new->kind == KIND_SET;
	struct text a = { 0 }, b = { 0 };
	/* the keys of a block are indented, those of the top level are not */
	unsigned int tab = new->kind == KIND_SETTINGS;

	if (values_equal(&old->key[key], &new->key[key]))
		return;
	key_text(&a, k, &old->key[key], set);
	key_text(&b, k, &new->key[key], set);
	diff_lines(out, a.len ? a.s + tab : NULL, b.len ? b.s + tab : NULL);
	text_free(&a);
	text_free(&b);
}

static void add_change(struct diff *d, const char *op, const struct object *obj, json_t *details)
{
	json_t *change = json_pack("{ss,ss}", "op", op, "kind", kinds[obj->kind].word);

	if (obj->kind != KIND_SETTINGS)
		json_object_set_new(change, "name", json_string(obj->name));
	json_object_update(change, details);
	json_decref(details);
	json_array_append_new(d->changes, change);
	d->changed = true;
}

/* A new rule or route source matters by what stands before it. */
static void added_object(struct diff *d, const struct object *obj, const struct object *before)
{
	json_t *details = json_pack("{so}", "new", object_to_json(obj));
	struct text t = { 0 };
	struct lines l;

	object_text(&t, obj);
	lines_split(&l, t.s);
	if (kind_ordered(obj->kind)) {
		text_printf(&d->out, "+# %s%s\n", before ? "behind " : "in front",
			    before ? before->name : "");
		json_object_set_new(details, "after",
				    before ? json_string(before->name) : json_null());
	}
	put_lines(&d->out, '+', &l, NULL, true);
	lines_free(&l);
	text_free(&t);
	add_change(d, "add", obj, details);
}

static void removed_object(struct diff *d, const struct object *obj)
{
	struct text t = { 0 };
	struct lines l;

	object_text(&t, obj);
	lines_split(&l, t.s);
	put_lines(&d->out, '-', &l, NULL, true);
	lines_free(&l);
	text_free(&t);
	add_change(d, "remove", obj, json_pack("{so}", "old", object_to_json(obj)));
}

static void changed_object(struct diff *d, const struct object *old, const struct object *new)
{
	bool block = new->kind != KIND_SETTINGS;
	unsigned int i;

	if (block)
		text_printf(&d->out, " %s %s {\n", kinds[new->kind].word, new->name);
	for (i = 0; i < kinds[new->kind].n_keys; i++)
		diff_key(&d->out, old, new, i);
	if (block)
		text_puts(&d->out, " }\n");
	add_change(d, "change", new,
		   json_pack("{so,so}", "old", object_to_json(old), "new", object_to_json(new)));
}

/*
 * Objects that stay in order among themselves: the longest increasing
 * sequence of old positions. Marks them; all others have moved.
 */
static void mark_kept(struct object **objs, const unsigned int *old, unsigned int n)
{
	unsigned int *tail = xalloc((n + 1) * sizeof(*tail));
	unsigned int *prev = xalloc((n + 1) * sizeof(*prev));
	unsigned int len = 0, i, lo, hi;

	for (i = 0; i < n; i++) {
		for (lo = 0, hi = len; lo < hi;) {
			unsigned int mid = (lo + hi) / 2;

			if (old[tail[mid]] < old[i])
				lo = mid + 1;
			else
				hi = mid;
		}
		prev[i] = lo ? tail[lo - 1] : n;
		tail[lo] = i;
		len += lo == len;
	}
	for (i = len ? tail[len - 1] : n; i < n; i = prev[i])
		objs[i]->mark = 1;
	free(tail);
	free(prev);
}

static void moved_object(struct diff *d, const struct object *obj, const struct object *before)
{
	const char *word = kinds[obj->kind].word;

	if (before)
		text_printf(&d->out, "~%s %s: moves behind %s\n", word, obj->name, before->name);
	else
		text_printf(&d->out, "~%s %s: moves to the front\n", word, obj->name);
	add_change(d, "move", obj, json_pack("{ss?}", "after", before ? before->name : NULL));
}

static void diff_order(struct diff *d, const struct config *old, const struct config *new,
		       enum kind kind)
{
	unsigned int max = new->list[kind].n + 1, n = 0;
	struct object **objs = xalloc(max * sizeof(*objs));
	unsigned int *places = xalloc(max * sizeof(*places));
	const struct object *was, *before = NULL;
	struct object *obj;

	for_each_object(obj, new, kind)
	{
		obj->mark = 0;
		was = config_find(old, kind, obj->name);
		if (!was)
			continue;
		places[n] = was->index;
		objs[n++] = obj;
	}
	mark_kept(objs, places, n);
	for_each_object(obj, new, kind)
	{
		if (!obj->mark && config_find(old, kind, obj->name))
			moved_object(d, obj, before);
		before = obj;
	}
	free(objs);
	free(places);
}

static void diff_kind(struct diff *d, const struct config *old, const struct config *new,
		      enum kind kind)
{
	const struct object *a, *b, *before = NULL;

	for_each_object(a, old, kind)
	{
		if (!config_find(new, kind, a->name))
			removed_object(d, a);
	}
	for_each_object(b, new, kind)
	{
		a = config_find(old, kind, b->name);
		if (!a)
			added_object(d, b, before);
		else if (!object_equal(a, b))
			changed_object(d, a, b);
		before = b;
	}
	if (kind_ordered(kind))
		diff_order(d, old, new, kind);
}

static void diff_print(const struct diff *d)
{
	json_t *root;

	if (opts.json) {
		root = json_pack("{si,sb,sO}", "schema", CONFIG_SCHEMA, "changed", d->changed,
				 "changes", d->changes);
		json_dumpf(root, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(root);
	} else if (!d->changed) {
		printf("no change\n");
	} else {
		fwrite(d->out.s, 1, d->out.len, stdout);
	}
}

static void diff_run(struct diff *d, const struct config *old, const struct config *new)
{
	enum kind kind;

	d->changes = json_array();
	for (kind = 0; kind < KIND_MAX; kind++)
		diff_kind(d, old, new, kind);
}

bool diff_text(struct text *out, const struct config *old, const struct config *new)
{
	struct diff d = { 0 };

	diff_run(&d, old, new);
	if (d.out.len)
		text_add(out, d.out.s, d.out.len);
	json_decref(d.changes);
	text_free(&d.out);
	return d.changed;
}

static void diff(const struct config *old, const struct config *new)
{
	struct diff d = { 0 };

	diff_run(&d, old, new);
	diff_print(&d);
	json_decref(d.changes);
	text_free(&d.out);
}

int diff_main(int argc, char **argv)
{
	struct config *old = NULL, *new;
	struct client *c;

	if (argc != 2 || (argv[1][0] == '-' && argv[1][1]))
		return usage_error("diff", "one FILE is needed");
	new = config_load(argv[1]);
	if (!new)
		return EXIT_FAILED;
	c = client_open();
	if (c)
		old = config_running(c);
	client_close(c);
	if (old)
		diff(old, new);
	config_free(old);
	config_free(new);
	return old ? EXIT_OK : EXIT_FAILED;
}
