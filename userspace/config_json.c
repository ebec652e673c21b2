// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON in and out. jansson says whether it is JSON; what it means is told to
 * parse.c as the words of the statements that it stands for.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

#define MAX_DEPTH 6

/* struct node - where a value or a member's key stands; in document order */
struct node {
	uint32_t off;
	uint32_t len;
	uint32_t next; /* node after this one and all in it */
};

/* struct places - jansson keeps no positions, so the text is walked again */
struct places {
	struct node *v;
	unsigned int n;
	unsigned int size;
	uint32_t open[MAX_DEPTH]; /* containers around the position */
	unsigned int depth;
};

struct walk {
	struct parse *p;
	struct places places;
};

static struct node *add_node(struct places *pl, uint32_t off, uint32_t len)
{
	if (pl->n == pl->size) {
		pl->size = pl->size * 2 + 64;
		pl->v = xrealloc(pl->v, pl->size * sizeof(*pl->v));
	}
	pl->v[pl->n] = (struct node){ off, len, pl->n + 1 };
	return &pl->v[pl->n++];
}

/* Length of the string, number or word at @s. */
static uint32_t scalar_len(const char *s, uint32_t left)
{
	uint32_t i = 1;

	if (*s != '"') {
		while (i < left && (isalnum((unsigned char)s[i]) || strchr("+-.", s[i])))
			i++;
		return i;
	}
	while (i < left && s[i] != '"')
		i += s[i] == '\\' ? 2 : 1;
	return i + 1 > left ? left : i + 1;
}

/* @s is known to be JSON. False when it is nested deeper than a ruleset is. */
static bool find_places(struct places *pl, const char *s, uint32_t len)
{
	uint32_t i, n;

	for (i = 0; i < len; i += n) {
		n = 1;
		if (isspace((unsigned char)s[i]) || s[i] == ',' || s[i] == ':')
			continue;
		if (s[i] == '}' || s[i] == ']') {
			pl->v[pl->open[--pl->depth]].next = pl->n;
			continue;
		}
		if (s[i] == '{' || s[i] == '[') {
			if (pl->depth == MAX_DEPTH) {
				add_node(pl, i, 1);
				return false;
			}
			pl->open[pl->depth++] = pl->n;
		} else {
			n = scalar_len(s + i, len - i);
		}
		add_node(pl, i, n);
	}
	return true;
}

static struct place place_of(const struct walk *w, uint32_t node)
{
	return (struct place){
		.in = w->p->in,
		.off = w->places.v[node].off,
		.len = w->places.v[node].len,
	};
}

static void emit(struct walk *w, const char *s, uint32_t node, bool comma)
{
	struct word word = {
		.s = s,
		.len = strlen(s),
		.comma = comma,
		.place = place_of(w, node),
	};

	parse_word(w->p, &word);
}

static bool emit_scalar(struct walk *w, const json_t *v, uint32_t node, bool comma)
{
	struct place at = place_of(w, node);
	char digits[32];

	if (json_is_string(v)) {
		emit(w, json_string_value(v), node, comma);
		return true;
	}
	if (json_is_integer(v) && json_integer_value(v) >= 0) {
		snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		emit(w, config_strndup(w->p->cfg, digits, strlen(digits)), node, comma);
		return true;
	}
	diag_error(w->p->cfg, &at, "expected a string or a whole number");
	return false;
}

/* Members of a value that is an object, in the order in which text has them. */
static const struct {
	const char *name;
	bool spoken; /* the name itself is a word, too */
} members[] = {
	{ "range", false }, { "except", true }, { "prefix", false },
	{ "ge", true },	    { "le", true },	{ "state", false },
	{ "router", true }, { "raise", false }, { "clear", false },
};

static bool known_member(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if (!strcmp(members[i].name, name))
			return true;
	}
	return false;
}

/* The node of the value of member @name, which is there; *@key that of the key. */
static uint32_t member_node(const struct walk *w, json_t *obj, uint32_t node, const char *name,
			    uint32_t *key)
{
	const char *k;
	json_t *v;

	node++;
	json_object_foreach(obj, k, v) {
		*key = node;
		if (!strcmp(k, name))
			return node + 1;
		node = w->places.v[node + 1].next;
	}
	return node;
}

static bool emit_object(struct walk *w, json_t *obj, uint32_t node, bool comma)
{
	uint32_t key, value;
	const char *k;
	json_t *v;
	size_t i;

	json_object_foreach(obj, k, v) {
		struct place at;

		if (known_member(k))
			continue;
		member_node(w, obj, node, k, &key);
		at = place_of(w, key);
		diag_error(w->p->cfg, &at, "unknown member \"%s\"", k);
		return false;
	}
	for (i = 0; i < sizeof(members) / sizeof(*members); i++) {
		v = json_object_get(obj, members[i].name);
		if (!v)
			continue;
		value = member_node(w, obj, node, members[i].name, &key);
		if (members[i].spoken) {
			emit(w, members[i].name, key, comma);
			comma = false;
		}
		if (!emit_scalar(w, v, value, comma))
			return false;
		comma = false;
	}
	return true;
}

static bool emit_value(struct walk *w, json_t *v, uint32_t node, bool comma)
{
	if (json_is_object(v))
		return emit_object(w, v, node, comma);
	return emit_scalar(w, v, node, comma);
}

static bool emit_array(struct walk *w, json_t *array, uint32_t node)
{
	struct place at = place_of(w, node);
	json_t *v;
	size_t i;

	if (!json_array_size(array)) {
		diag_error(w->p->cfg, &at, "empty list");
		return false;
	}
	node++;
	json_array_foreach(array, i, v) {
		if (!emit_value(w, v, node, i > 0))
			return false;
		node = w->places.v[node].next;
	}
	return true;
}

/* False, and said, when the object that is being read has no such key. */
static bool check_key(struct walk *w, const char *key, uint32_t node)
{
	struct word word = { .s = key, .len = strlen(key), .place = place_of(w, node) };
	enum kind kind = w->p->obj ? w->p->obj->kind : KIND_SETTINGS;

	if (w->p->in_block && !w->p->obj)
		return false; /* of a block that was refused */
	if (key_find(kind, key) >= 0)
		return true;
	parse_unknown(w->p, kind, &word);
	return false;
}

/* A member as the statement that it stands for. */
static void member_statement(struct walk *w, const char *key, json_t *v, uint32_t node)
{
	bool guard = !strcmp(key, "guard");
	bool ok = true;

	if (!check_key(w, guard ? "no" : key, node))
		return;
	/* "guard": false is what text calls "no guard" */
	if (json_is_boolean(v) || json_is_null(v)) {
		if (guard ? !json_is_false(v) : !json_is_true(v))
			return;
		emit(w, guard ? "no" : key, node, false);
		if (guard)
			emit(w, key, node, false);
	} else {
		emit(w, key, node, false);
		ok = json_is_array(v) ? emit_array(w, v, node + 1) :
					emit_value(w, v, node + 1, false);
	}
	if (ok)
		parse_statement(w->p);
	parse_drop_words(w->p);
}

static void block(struct walk *w, const char *kind, json_t *obj, uint32_t node)
{
	struct place at = place_of(w, node);
	json_t *name = json_object_get(obj, "name");
	uint32_t key, value;
	const char *k;
	json_t *v;

	at.len = 1;
	if (!json_is_string(name)) {
		diag_error(w->p->cfg, &at,
			   json_is_object(obj) ? "this %s has no \"name\"" :
						 "a %s has to be an object",
			   kind);
		return;
	}
	value = member_node(w, obj, node, "name", &key);
	emit(w, kind, node, false);
	emit(w, json_string_value(name), value, false);
	parse_open(w->p, &at);
	node++;
	json_object_foreach(obj, k, v) {
		if (v != name && !diag_full(w->p->cfg))
			member_statement(w, k, v, node);
		node = w->places.v[node + 1].next;
	}
	parse_close(w->p);
}

static void blocks(struct walk *w, const char *kind, json_t *array, uint32_t node)
{
	struct place at = place_of(w, node);
	json_t *v;
	size_t i;

	if (!json_is_array(array)) {
		diag_error(w->p->cfg, &at, "\"%s\" has to be an array", kind);
		return;
	}
	node++;
	json_array_foreach(array, i, v) {
		if (diag_full(w->p->cfg))
			return;
		block(w, kind, v, node);
		node = w->places.v[node].next;
	}
}

static bool is_block(const char *key)
{
	enum kind kind;

	for (kind = KIND_SET; kind < KIND_MAX; kind++) {
		if (!strcmp(kinds[kind].word, key))
			return true;
	}
	return false;
}

static void check_schema(struct walk *w, json_t *v, uint32_t node)
{
	struct place at = place_of(w, node);

	if (json_integer_value(v) != CONFIG_SCHEMA)
		diag_error(w->p->cfg, &at, "schema is not %d", CONFIG_SCHEMA);
}

static void refuse_include(struct walk *w, uint32_t node)
{
	struct place at = place_of(w, node);

	diag_error(w->p->cfg, &at, "JSON: a file of JSON includes no others");
}

static void document(struct walk *w, json_t *root)
{
	uint32_t node = 1;
	const char *k;
	json_t *v;

	if (!json_is_object(root)) {
		struct place at = place_of(w, 0);

		diag_error(w->p->cfg, &at, "JSON: expected an object");
		return;
	}
	json_object_foreach(root, k, v) {
		if (diag_full(w->p->cfg))
			return;
		if (!strcmp(k, "schema"))
			check_schema(w, v, node + 1);
		else if (is_block(k))
			blocks(w, k, v, node + 1);
		else if (!strcmp(k, "include"))
			refuse_include(w, node);
		else if (strcmp(k, "router")) /* said by --router, not here */
			member_statement(w, k, v, node);
		node = w->places.v[node + 1].next;
	}
}

static json_t *load_text(struct parse *p, const char *s, size_t len)
{
	struct place at = { .in = p->in, .len = 1 };
	json_error_t error;
	json_t *root = json_loadb(s, len, JSON_REJECT_DUPLICATES, &error);

	if (root)
		return root;
	at.off = error.position > 0 ? error.position - 1 : 0;
	if (at.off > len)
		at.off = len;
	diag_error(p->cfg, &at, "JSON: %s", error.text);
	return NULL;
}

bool parse_json(struct parse *p)
{
	struct walk w = { .p = p };
	json_t *root = load_text(p, p->in->data, p->in->len);

	if (!root)
		return false;
	if (!find_places(&w.places, p->in->data, p->in->len)) {
		struct place at = place_of(&w, w.places.n - 1);

		diag_error(p->cfg, &at, "JSON: nested too deep");
	} else {
		document(&w, root);
	}
	free(w.places.v);
	json_decref(root);
	return !p->cfg->n_errors;
}

static json_t *text_to_json(const struct key *key, const struct value *v)
{
	struct text t = { 0 };
	json_t *json;

	value_text(&t, key, v);
	json = json_stringn(t.s, t.len);
	text_free(&t);
	return json;
}

static json_t *range_to_json(const struct key *key, const struct value *v)
{
	struct value plain = *v;
	json_t *obj, *range;

	plain.name = NULL;
	plain.state = ERNAT_STATE_ACTIVE;
	plain.except = false;
	range = text_to_json(key, &plain);
	if (v->except && key->type == KEY_MATCH)
		return json_pack("{so}", "except", range);
	if (!v->name && !v->state)
		return range;
	obj = json_pack("{so}", "range", range);
	if (v->name)
		json_object_set_new(obj, "router", json_string(v->name));
	else
		json_object_set_new(obj, "state",
				    json_string(v->state == ERNAT_STATE_DRAIN ? "drain" :
										"standby"));
	return obj;
}

static json_t *prefix_to_json(const struct key *key, const struct value *v)
{
	const struct ernat_route_prefix *p = &v->prefix;
	struct value exact = *v;
	json_t *obj;

	exact.prefix.ge = exact.prefix.le = p->len;
	if (p->ge == p->len && p->le == p->len)
		return text_to_json(key, v);
	obj = json_pack("{so}", "prefix", text_to_json(key, &exact));
	if (p->ge != p->len)
		json_object_set_new(obj, "ge", json_integer(p->ge));
	json_object_set_new(obj, "le", json_integer(p->le));
	return obj;
}

static json_t *value_to_json(const struct key *key, const struct value *v)
{
	if (v->form == FORM_RANGE)
		return range_to_json(key, v);
	if (v->form == FORM_PREFIX)
		return prefix_to_json(key, v);
	if (v->form == FORM_NAME)
		return json_string(v->name);
	if (key->type == KEY_NUMBER)
		return json_integer(v->min);
	if (key->type == KEY_ALARM)
		return json_pack("{sIsI}", "raise", (json_int_t)v->min, "clear",
				 (json_int_t)v->max);
	return text_to_json(key, v);
}

static void set_key(json_t *obj, const struct key *key, const struct values *vals)
{
	const struct value *v;
	json_t *list;

	if (!vals->n)
		return;
	if (key->type == KEY_FLAG) {
		json_object_set_new(obj, key->name, json_true());
	} else if (key->type == KEY_WORD && !strcmp(key->name, "no")) {
		json_object_set_new(obj, "guard", json_false());
	} else if (key->flags & KEY_LIST) {
		list = json_array();
		for_each_value(v, vals) json_array_append_new(list, value_to_json(key, v));
		json_object_set_new(obj, key->name, list);
	} else {
		json_object_set_new(obj, key->name, value_to_json(key, vals->first));
	}
}

static void set_keys(json_t *json, const struct object *obj, uint8_t flags)
{
	const struct kind_info *info = &kinds[obj->kind];
	unsigned int i;

	for (i = 0; i < info->n_keys; i++) {
		if ((info->keys[i].flags & flags) == flags)
			set_key(json, &info->keys[i], &obj->key[i]);
	}
}

json_t *object_to_json(const struct object *obj)
{
	json_t *json = json_object();

	if (obj->kind != KIND_SETTINGS)
		json_object_set_new(json, "name", json_string(obj->name));
	set_keys(json, obj, 0);
	return json;
}

json_t *config_to_json(const struct config *cfg, const char *only)
{
	json_t *root = json_pack("{si}", "schema", CONFIG_SCHEMA);
	const struct object *obj;
	enum kind kind;
	json_t *list;

	if (cfg->router)
		json_object_set_new(root, "router", json_string(cfg->router));
	if (!only)
		set_keys(root, cfg->settings, 0);
	for (kind = KIND_SET; kind < KIND_MAX; kind++) {
		list = json_array();
		for_each_object(obj, cfg, kind)
		{
			if (!only || !strcmp(only, obj->name))
				json_array_append_new(list, object_to_json(obj));
		}
		json_object_set_new(root, kinds[kind].word, list);
	}
	return root;
}

char *userdata_pack(const struct object *obj)
{
	json_t *json = json_object();
	char *s = NULL;

	set_keys(json, obj, KEY_USERDATA);
	if (json_object_size(json))
		s = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	return s;
}

static void unpack(struct walk *w, json_t *root, struct object *obj)
{
	uint32_t node = 1;
	const char *k;
	json_t *v;
	int key;

	json_object_foreach(root, k, v) {
		key = key_find(obj->kind, k);
		if (key >= 0 && kinds[obj->kind].keys[key].flags & KEY_USERDATA)
			member_statement(w, k, v, node);
		node = w->places.v[node + 1].next;
	}
}

void userdata_unpack(struct config *cfg, struct object *obj, const char *data, size_t len)
{
	bool settings = obj->kind == KIND_SETTINGS;
	struct parse p = {
		.cfg = cfg,
		.in_block = !settings,
		.obj = settings ? NULL : obj,
	};
	unsigned int n_errors = cfg->n_errors;
	struct walk w = { .p = &p };
	json_t *root;

	diag_silence(true);
	root = load_text(&p, data, len);
	if (json_is_object(root) && find_places(&w.places, data, len))
		unpack(&w, root, obj);
	diag_silence(false);
	cfg->n_errors = n_errors;
	free(w.places.v);
	free(p.words);
	json_decref(root);
}
