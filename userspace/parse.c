// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "parse.h"

#define MAX_WORDS (2 * ERNAT_MAX_RANGES) /* of one statement */

void parse_word(struct parse *p, const struct word *w)
{
	if (p->n_words == MAX_WORDS) {
		diag_error(p->cfg, &w->place, "statement without end");
		p->n_words = 0;
	}
	if (p->n_words == p->size_words) {
		p->size_words = p->size_words * 2 + 16;
		p->words = xrealloc(p->words, p->size_words * sizeof(*p->words));
	}
	p->words[p->n_words++] = *w;
}

void parse_drop_words(struct parse *p)
{
	p->n_words = 0;
}

/* Key names of a kind, those of the other kinds of block with the settings. */
static const char *nth_word(void *data, unsigned int i)
{
	static const char *const top[] = { "set", "pool", "route-source", "rule", "include" };
	const struct kind_info *info = data;
	unsigned int n = sizeof(top) / sizeof(*top);

	if (info == &kinds[KIND_SETTINGS]) {
		if (i < n)
			return top[i];
		i -= n;
	}
	return i < info->n_keys ? info->keys[i].name : NULL;
}

/* Which words stand there, where there are few. */
static void hint_keys(const struct kind_info *info)
{
	struct text t = { 0 };
	unsigned int i;

	for (i = 0; i < info->n_keys; i++)
		text_printf(&t, "%s%s", i ? ", " : "", info->keys[i].name);
	diag_hint("it has %s", t.s);
	text_free(&t);
}

void parse_unknown(struct parse *p, enum kind kind, const struct word *w)
{
	const char *where = kind == KIND_SETTINGS ? "statement" : "key";
	const char *near = NULL;
	char buf[64];

	if (word_copy(w, buf, sizeof(buf)))
		near = nearest(buf, nth_word, (void *)&kinds[kind]);
	if (near)
		diag_error(p->cfg, &w->place, "unknown %s \"%.*s\", did you mean \"%s\"?", where,
			   WORD_ARG(w), near);
	else if (kind == KIND_SETTINGS)
		diag_error(p->cfg, &w->place, "unknown statement \"%.*s\"", WORD_ARG(w));
	else {
		diag_error(p->cfg, &w->place, "a %s has no key \"%.*s\"", kinds[kind].word,
			   WORD_ARG(w));
		hint_keys(&kinds[kind]);
	}
}

static enum kind find_kind(const struct word *w)
{
	enum kind kind;

	for (kind = KIND_SET; kind < KIND_MAX; kind++) {
		if (word_is(w, kinds[kind].word))
			return kind;
	}
	return KIND_SETTINGS;
}

/* Words that mean something where a name could stand. */
static bool name_allowed(struct parse *p, enum kind kind, const char *name, const struct word *w)
{
	if (!strcmp(name, "none") || !strcmp(name, "all") || !strcmp(name, "local")) {
		diag_error(p->cfg, &w->place,
			   "\"%s\" is a word of the language, it cannot name a %s", name,
			   kinds[kind].word);
		return false;
	}
	if (kind == KIND_SET && range_meant(name)) {
		diag_error(
			p->cfg, &w->place,
			"the name of a set must not look like an address: no digit first, no \":\"");
		return false;
	}
	return true;
}

bool parse_is_block(const struct word *w)
{
	return find_kind(w) != KIND_SETTINGS;
}

/* Is it a word that begins a statement outside of blocks? */
static bool begins_statement(const struct word *w)
{
	char buf[64];

	return word_is(w, "include") ||
	       (!w->quoted && word_copy(w, buf, sizeof(buf)) && key_find(KIND_SETTINGS, buf) >= 0);
}

/* Words before a "{" that is no block's. Return: of them, those of the block. */
static unsigned int refuse_head(struct parse *p, const struct word *w, unsigned int n)
{
	unsigned int i;

	if (!begins_statement(w)) {
		parse_unknown(p, KIND_SETTINGS, w);
		return 0;
	}
	for (i = 1; i < n && !parse_is_block(&w[i]); i++)
		;
	diag_error(p->cfg, &w[i - 1].place, "missing \";\" after \"%.*s\"", WORD_ARG(&w[i - 1]));
	return n - i;
}

static struct object *open_object(struct parse *p, const struct word *w, unsigned int n)
{
	enum kind kind = find_kind(w);
	struct object *obj;
	const char *name;

	if (kind == KIND_SETTINGS) {
		unsigned int left = refuse_head(p, w, n);

		return left ? open_object(p, w + n - left, left) : NULL;
	}
	if (n != 2) {
		diag_error(p->cfg, n < 2 ? &p->block : &w[2].place,
			   n < 2 ? "this %s has no name" : "%s: expected \"{\" after the name",
			   w->len ? kinds[kind].word : "");
		return NULL;
	}
	name = word_name(p, &w[1], kind);
	if (!name || !name_allowed(p, kind, name, &w[1]))
		return NULL;
	if (p->cfg->list[kind].n >= kinds[kind].max) {
		diag_error(p->cfg, &w[1].place, "more than %u %s", kinds[kind].max,
			   kinds[kind].plural);
		return NULL;
	}
	obj = config_add(p->cfg, kind, name, &w[1].place);
	if (!obj) {
		obj = config_find(p->cfg, kind, name);
		diag_error(p->cfg, &w[1].place, "second %s \"%s\"", kinds[kind].word, name);
		diag_hint("%s:%u: the first one is here", obj->place.in->name,
			  place_line(&obj->place));
		return NULL;
	}
	return obj;
}

void parse_open(struct parse *p, const struct place *brace)
{
	p->block = *brace;
	p->block.in = p->in;
	p->in_block = true;
	p->obj = NULL;
	p->block_errors = p->cfg->n_errors;
	if (!diag_full(p->cfg))
		p->obj = open_object(p, p->words, p->n_words);
	p->n_words = 0;
}

static void close_set(struct parse *p, const struct object *obj)
{
	if (!has_key(obj, SET_ADDRESS))
		diag_error(p->cfg, &obj->place, "set \"%s\" has no address", obj->name);
}

static void close_rule(struct parse *p, const struct object *obj)
{
	static const unsigned int actions[] = { RULE_SNAT, RULE_EXEMPT, RULE_DROP };
	unsigned int i, n = 0;

	for (i = 0; i < 3; i++) {
		if (!has_key(obj, actions[i]))
			continue;
		if (n++)
			diag_error(p->cfg, &obj->key[actions[i]].place,
				   "second action of rule \"%s\"", obj->name);
	}
	if (!n)
		diag_error(p->cfg, &obj->place,
			   "rule \"%s\" has no action: snat POOL, exempt or drop", obj->name);
}

void parse_close(struct parse *p)
{
	struct object *obj = p->obj;
	/* what is missing may be what could not be read */
	bool whole = p->cfg->n_errors == p->block_errors;

	p->n_words = 0;
	p->in_block = false;
	p->obj = NULL;
	if (!obj || !whole)
		return;
	if (obj->kind == KIND_SET)
		close_set(p, obj);
	else if (obj->kind == KIND_RULE)
		close_rule(p, obj);
	else if (obj->kind == KIND_POOL && !has_key(obj, POOL_ADDRESS))
		diag_error(p->cfg, &obj->place, "pool \"%s\" has no address", obj->name);
}

/* Is there still room for one more value of @key? */
static bool has_room(struct parse *p, const struct key *key, const struct values *vals,
		     const struct word *w)
{
	bool ranges = key->type == KEY_RANGE || key->type == KEY_POOL_RANGE ||
		      key->type == KEY_MATCH;

	if (ranges ? p->cfg->n_ranges++ < ERNAT_MAX_RANGES : vals->n < ERNAT_MAX_LIST)
		return true;
	if (ranges)
		diag_error(p->cfg, &w->place, "more than %d addresses and prefixes in all",
			   ERNAT_MAX_RANGES);
	else
		diag_error(p->cfg, &w->place, "%s: more than %d values", key->name, ERNAT_MAX_LIST);
	return false;
}

static bool add_value(struct parse *p, const struct key *key, struct values *vals,
		      const struct word *w, unsigned int n)
{
	struct value v = { 0 }, *new;

	if (!has_room(p, key, vals, w))
		return false;
	if (!value_parse(p, key, w, n, &v))
		return true; /* said so; the next one may be as wrong */
	new = config_value(p->cfg, vals, &w->place);
	v.next = NULL;
	*new = v;
	return true;
}

/* The values of a statement, divided by commas. */
static void add_values(struct parse *p, const struct key *key, struct values *vals,
		       const struct word *w, unsigned int n)
{
	unsigned int begin = 0, end;

	for (; begin < n && !diag_full(p->cfg); begin = end) {
		for (end = begin + 1; end < n && !w[end].comma; end++)
			;
		if (end < n && !(key->flags & KEY_LIST)) {
			diag_error(p->cfg, &w[end].place, "%s takes one value only", key->name);
			return;
		}
		if (!add_value(p, key, vals, w + begin, end - begin))
			return;
	}
}

static void flag_statement(struct parse *p, const struct key *key, struct values *vals,
			   unsigned int n)
{
	const struct word *w = p->words;
	char buf[64];

	if (!n)
		config_value(p->cfg, vals, &w->place)->form = FORM_WORD;
	else if (word_copy(&w[1], buf, sizeof(buf)) && key_find(p->obj->kind, buf) >= 0)
		diag_error(p->cfg, &w[1].place, "missing \";\" before \"%s\"", buf);
	else
		diag_error(p->cfg, &w[1].place, "%s takes no value, found \"%.*s\"", key->name,
			   WORD_ARG(&w[1]));
}

static void key_statement(struct parse *p, struct object *obj, const struct key *key,
			  const struct word *w, unsigned int n)
{
	struct values *vals = &obj->key[key - kinds[obj->kind].keys];

	if (vals->place.in && !(key->flags & KEY_LIST)) {
		diag_error(p->cfg, &p->words->place, "second \"%s\"", key->name);
		diag_hint("%s:%u: the first one is here", vals->place.in->name,
			  place_line(&vals->place));
		return;
	}
	if (!vals->place.in)
		vals->place = p->words->place;
	if (key->type == KEY_FLAG)
		flag_statement(p, key, vals, n);
	else if (!n)
		diag_error(p->cfg, &p->words->place, "%s needs %s", key->name, key->meaning);
	else if (w->comma)
		diag_error(p->cfg, &w->place, "unexpected \",\" before \"%.*s\"", WORD_ARG(w));
	else
		add_values(p, key, vals, w, n);
}

static void include_statement(struct parse *p)
{
	const struct word *w = &p->words[1];
	char pattern[4096];

	if (p->n_words != 2 || !w->len)
		diag_error(p->cfg, &p->words->place, "include needs one \"FILE\" or \"PATTERN\"");
	else if (!word_copy(w, pattern, sizeof(pattern)))
		diag_error(p->cfg, &w->place, "include: the name is too long");
	else
		config_include(p->cfg, p->in, &w->place, pattern);
}

static void statement(struct parse *p, enum kind kind, struct object *obj)
{
	const struct word *w = p->words;
	char buf[64];
	int key = -1;

	if (!w->quoted && word_copy(w, buf, sizeof(buf)))
		key = key_find(kind, buf);
	if (key >= 0) {
		key_statement(p, obj, &kinds[kind].keys[key], w + 1, p->n_words - 1);
	} else if (kind == KIND_SET && p->n_words) {
		/* the addresses of a set stand there without a key */
		struct values *vals = &obj->key[SET_ADDRESS];

		vals->place = w->place;
		add_values(p, &kinds[kind].keys[SET_ADDRESS], vals, w, p->n_words);
	} else {
		parse_unknown(p, kind, w);
	}
}

void parse_statement(struct parse *p)
{
	const struct word *w = p->words;

	if (diag_full(p->cfg))
		;
	else if (p->in_block && p->obj)
		statement(p, p->obj->kind, p->obj);
	else if (p->in_block)
		; /* of a block that was refused */
	else if (word_is(w, "include"))
		include_statement(p);
	else if (find_kind(w) != KIND_SETTINGS)
		diag_error(p->cfg, &w[p->n_words - 1].place, "%s: expected \"{\" after the name",
			   kinds[find_kind(w)].word);
	else
		statement(p, KIND_SETTINGS, p->cfg->settings);
	p->n_words = 0;
}
