/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config: a ruleset as a person wrote it or as the kernel runs it.
 *
 * text (config.l, config.y) or JSON (config_json.c)
 *	-> statements of words (parse.c)
 *	-> objects with a list of values per key (keys.c says which keys there
 *	   are, value.c how each is read)
 *	-> text, JSON or netlink, again by the table of keys
 *
 * Memory belongs to the config and goes with it.
 */
#ifndef _ERNAT_CONFIG_H
#define _ERNAT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/ernat.h>

#include "keys.h"
#include "range.h"
#include "text.h"

struct client;

/* struct input - a file that was read; kept for error messages */
struct input {
	struct input *next;
	const struct input *parent; /* the file that includes this one */
	const char *name;
	char *data;
	size_t len;
	unsigned int depth;
	bool bom; /* it began with a byte order mark, which is taken off */
	dev_t dev;
	ino_t ino;
};

/* struct place - where something stands; @in NULL: not in a file */
struct place {
	const struct input *in;
	uint32_t off;
	uint32_t len;
};

enum value_form {
	FORM_RANGE, /* range, state, name: its router */
	FORM_NAME, /* name */
	FORM_WORD, /* "local", "none": nothing else */
	FORM_PAIR, /* min, max */
	FORM_PREFIX, /* prefix */
};

struct value {
	struct value *next;
	struct place place;
	uint8_t form;
	uint8_t state; /* enum ernat_state */
	bool except;
	const char *name;
	union {
		struct range range;
		struct ernat_route_prefix prefix;
		struct {
			uint32_t min;
			uint32_t max;
		};
	};
};

/* struct values - what one key of an object says; @n 0: the key is absent */
struct values {
	struct value *first;
	struct value **tail;
	unsigned int n;
	struct place place; /* of the key itself */
};

struct object {
	enum kind kind;
	const char *name; /* NULL for the settings */
	struct place place; /* of the name */
	struct object *next; /* of its kind, in file order */
	struct object *same_hash;
	unsigned int index; /* position among its kind */
	unsigned int mark; /* scratch of whoever walks */
	struct values key[KEYS_MAX];
};

struct object_list {
	struct object *first;
	struct object **tail;
	unsigned int n;
};

struct memory;

/* What a message was, for machine-readable output. */
struct warning {
	struct warning *next;
	char *text; /* FILE:LINE:COL: text */
};

#define CONFIG_SCHEMA 1 /* of the JSON form */
#define CONFIG_BUCKETS 8192

struct config {
	struct input *inputs, **inputs_tail; /* in the order read */
	size_t n_bytes;
	unsigned int n_files;
	struct object_list list[KIND_MAX];
	struct object *settings;
	struct object *bucket[CONFIG_BUCKETS];
	struct memory *memory;
	struct warning *warnings, **warnings_tail;
	unsigned int n_warnings;
	unsigned int n_errors;
	unsigned int n_ranges;
	uint32_t generation; /* of the kernel's ruleset, 0 from a file */
	char *path; /* absolute, of the file */
	const char *router; /* which "router" address is this one's, or NULL */
	bool has_hash;
	uint8_t hash[32]; /* SHA-256 of every file read */
};

/*
 * Reads @file ("-": standard input), text or JSON, with what it includes, and
 * checks all that can be known without the kernel. Returns NULL after having
 * said on stderr what is wrong.
 */
struct config *config_load(const char *file);

/* The ruleset that runs, or NULL after saying why. generation 0: none runs. */
struct config *config_running(struct client *client);

/*
 * Is what @file says what runs? 0: it is, 1: it differs, -1: @file or the
 * kernel cannot be read. Prints nothing.
 */
int config_drift(struct client *client, const char *file);

struct config *config_new(void);
void config_free(struct config *cfg);
void *config_alloc(struct config *cfg, size_t size);
const char *config_strndup(struct config *cfg, const char *s, size_t len);

struct object *config_find(const struct config *cfg, enum kind kind, const char *name);
/* Adds a new object; NULL when the kind has that name already. */
struct object *config_add(struct config *cfg, enum kind kind, const char *name,
			  const struct place *place);
struct value *config_value(struct config *cfg, struct values *vals, const struct place *place);
/* Brings what can be said in two ways into one form. */
void config_normalise(struct config *cfg);
bool config_empty(const struct config *cfg);

/* References, actions, loops; reports. config_check.c */
void config_check(struct config *cfg);
/*
 * Pools in an order in which each stands after its overflow; an array of
 * list[KIND_POOL].n, to be freed. A loop is reported and gives NULL.
 */
struct object **config_pool_order(struct config *cfg);

/* config_diff.c */
bool values_equal(const struct values *a, const struct values *b);
bool object_equal(const struct object *a, const struct object *b);
bool kind_ordered(enum kind kind);
bool config_equal(const struct config *a, const struct config *b);
/* diff.c: what leads from @old to @new; false: nothing. */
bool diff_text(struct text *out, const struct config *old, const struct config *new);

/* config_print.c: canonical text. @only: objects of that name, NULL: all. */
void config_text(struct text *out, const struct config *cfg, const char *only);
void object_text(struct text *out, const struct object *obj);
void value_text(struct text *out, const struct key *key, const struct value *v);
void key_text(struct text *out, const struct key *key, const struct values *vals, bool in_set);

/* config_json.c: JSON with the keys of the language. */
struct json_t;
struct json_t *config_to_json(const struct config *cfg, const char *only);
struct json_t *object_to_json(const struct object *obj);
/* The keys that the kernel only keeps: a malloc'ed string, NULL if there are none. */
char *userdata_pack(const struct object *obj);
/* Reads them back; what is not ours is passed over. */
void userdata_unpack(struct config *cfg, struct object *obj, const char *data, size_t len);

static inline bool has_key(const struct object *obj, unsigned int key)
{
	return obj->key[key].n;
}

#define for_each_object(obj, cfg, kind) for (obj = (cfg)->list[kind].first; obj; obj = obj->next)
#define for_each_value(val, vals) for (val = (vals)->first; val; val = val->next)

#endif
