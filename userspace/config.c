// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parse.h"

#define BOM "\xef\xbb\xbf" /* byte order mark of UTF-8 */
#define BOM_LEN 3
#define MAX_BYTES (16U << 20) /* of all files together */
#define MAX_FILES 4096
#define MAX_DEPTH 16 /* of includes */

struct memory {
	struct memory *next;
	max_align_t data[];
};

struct config *config_new(void)
{
	struct config *cfg = xalloc(sizeof(*cfg));
	enum kind kind;

	cfg->inputs_tail = &cfg->inputs;
	cfg->warnings_tail = &cfg->warnings;
	for (kind = 0; kind < KIND_MAX; kind++)
		cfg->list[kind].tail = &cfg->list[kind].first;
	cfg->settings = config_add(cfg, KIND_SETTINGS, "", NULL);
	return cfg;
}

void config_free(struct config *cfg)
{
	struct memory *m, *next;
	struct input *in;

	if (!cfg)
		return;
	for (in = cfg->inputs; in; in = in->next)
		free(in->data);
	for (m = cfg->memory; m; m = next) {
		next = m->next;
		free(m);
	}
	free(cfg->path);
	free(cfg);
}

void *config_alloc(struct config *cfg, size_t size)
{
	struct memory *m = xalloc(sizeof(*m) + size);

	m->next = cfg->memory;
	cfg->memory = m;
	return m->data;
}

const char *config_strndup(struct config *cfg, const char *s, size_t len)
{
	return memcpy(config_alloc(cfg, len + 1), s, len);
}

static unsigned int bucket_of(enum kind kind, const char *name)
{
	uint32_t hash = 2166136261u + kind;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return (hash ^ hash >> 15) % CONFIG_BUCKETS;
}

struct object *config_find(const struct config *cfg, enum kind kind, const char *name)
{
	struct object *obj = cfg->bucket[bucket_of(kind, name)];

	while (obj && (obj->kind != kind || strcmp(obj->name, name)))
		obj = obj->same_hash;
	return obj;
}

struct object *config_add(struct config *cfg, enum kind kind, const char *name,
			  const struct place *place)
{
	struct object **bucket = &cfg->bucket[bucket_of(kind, name)];
	struct object_list *list = &cfg->list[kind];
	struct object *obj;
	unsigned int i;

	if (config_find(cfg, kind, name))
		return NULL;
	obj = config_alloc(cfg, sizeof(*obj));
	obj->kind = kind;
	obj->name = config_strndup(cfg, name, strlen(name));
	if (place)
		obj->place = *place;
	for (i = 0; i < KEYS_MAX; i++)
		obj->key[i].tail = &obj->key[i].first;
	obj->index = list->n++;
	*list->tail = obj;
	list->tail = &obj->next;
	obj->same_hash = *bucket;
	*bucket = obj;
	return obj;
}

struct value *config_value(struct config *cfg, struct values *vals, const struct place *place)
{
	struct value *v = config_alloc(cfg, sizeof(*v));

	if (place)
		v->place = *place;
	*vals->tail = v;
	vals->tail = &v->next;
	vals->n++;
	return v;
}

bool config_empty(const struct config *cfg)
{
	return !cfg->list[KIND_POOL].n && !cfg->list[KIND_SOURCE].n && !cfg->list[KIND_RULE].n;
}

static void values_reset(struct values *vals)
{
	vals->first = NULL;
	vals->tail = &vals->first;
	vals->n = 0;
}

static bool is_default(const struct key *key, const struct values *vals)
{
	const struct value *v = vals->first;

	if (!key->has_default || vals->n != 1)
		return false;
	if (key->type == KEY_PORTS || key->type == KEY_ALARM)
		return v->min == key->dflt && v->max == key->dflt2;
	return v->min == key->dflt;
}

/* Where a value stands among those of a list whose order means nothing. */
static unsigned int value_class(const struct key *key, const struct value *v)
{
	if (key->type == KEY_SOURCES)
		return v->form == FORM_WORD;
	if (v->form == FORM_WORD)
		return 0;
	if (v->form == FORM_NAME)
		return 1;
	return v->except ? 3 : 2;
}

/* The kernel keeps names and addresses apart, so their order gets lost there. */
static void sort_values(const struct key *key, struct values *vals)
{
	struct value *all = vals->first, *v, *next;
	unsigned int class;

	values_reset(vals);
	for (class = 0; class < 4; class ++) {
		struct value **from = &all;

		for (v = all; v; v = next) {
			next = v->next;
			if (value_class(key, v) != class) {
				from = &v->next;
				continue;
			}
			*from = next;
			v->next = NULL;
			*vals->tail = v;
			vals->tail = &v->next;
			vals->n++;
		}
	}
}

static void normalise_object(struct object *obj)
{
	const struct key *keys = kinds[obj->kind].keys;
	unsigned int i;

	for (i = 0; i < kinds[obj->kind].n_keys; i++) {
		if (is_default(&keys[i], &obj->key[i]))
			values_reset(&obj->key[i]);
		if (keys[i].type == KEY_MATCH || keys[i].type == KEY_SOURCES)
			sort_values(&keys[i], &obj->key[i]);
	}
}

void config_normalise(struct config *cfg)
{
	struct object *obj;
	enum kind kind;

	for (kind = 0; kind < KIND_MAX; kind++) {
		for_each_object(obj, cfg, kind) normalise_object(obj);
	}
}

/* Reads all of @fd; an errno, EFBIG when it is more than @limit. */
static int slurp(int fd, size_t limit, char **data, size_t *len)
{
	size_t size = 1 << 16;
	ssize_t n;

	*data = xalloc(size);
	*len = 0;
	while ((n = read(fd, *data + *len, size - *len))) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		*len += n;
		if (*len > limit)
			return EFBIG;
		if (*len == size) {
			size *= 2;
			*data = xrealloc(*data, size);
		}
	}
	return 0;
}

/* The place of an "include" where there is one, else the file alone. */
static void refuse_file(struct config *cfg, const struct place *at, const char *name,
			const char *why)
{
	if (at)
		diag_error(cfg, at, "%s: %s", name, why);
	else
		diag_error(NULL, NULL, "%s: %s", name, why);
	cfg->n_errors += !at;
}

static const char *file_error(int err)
{
	return err == EFBIG ? "larger than 16 MiB" : strerror(err);
}

/* Some editors begin a file with it; it is no part of the text. */
static void take_bom(struct input *in)
{
	in->bom = in->len >= BOM_LEN && !memcmp(in->data, BOM, BOM_LEN);
	if (!in->bom)
		return;
	in->len -= BOM_LEN;
	memmove(in->data, in->data + BOM_LEN, in->len);
}

static struct input *read_input(struct config *cfg, const char *path, const struct input *parent,
				const struct place *at)
{
	bool standard = !parent && !strcmp(path, "-");
	const char *name = standard ? "<stdin>" : path;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct input *in = config_alloc(cfg, sizeof(*in));
	struct stat st;
	int err = 0;

	in->name = config_strndup(cfg, name, strlen(name));
	in->parent = parent;
	in->depth = parent ? parent->depth + 1 : 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		err = errno;
	else if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > MAX_BYTES - cfg->n_bytes)
		err = EFBIG;
	else
		err = slurp(fd, MAX_BYTES - cfg->n_bytes, &in->data, &in->len);
	if (fd >= 0 && !standard)
		close(fd);
	if (err) {
		free(in->data);
		refuse_file(cfg, at, name, file_error(err));
		return NULL;
	}
	in->dev = st.st_dev;
	in->ino = st.st_ino;
	cfg->n_bytes += in->len;
	take_bom(in);
	*cfg->inputs_tail = in;
	cfg->inputs_tail = &in->next;
	return in;
}

static bool is_json(const struct input *in)
{
	size_t i = 0;

	while (i < in->len && in->data[i] && strchr(" \t\r\n", in->data[i]))
		i++;
	return i < in->len && strchr("{[", in->data[i]);
}

static void parse_input(struct config *cfg, struct input *in)
{
	struct parse p = { .cfg = cfg, .in = in };
	const char *nul = memchr(in->data, '\0', in->len);
	struct place at = { .in = in, .len = 1 };

	if (nul) {
		at.off = nul - in->data;
		diag_error(cfg, &at, "NUL byte: this is not a text file");
		return;
	}
	if (is_json(in))
		parse_json(&p);
	else
		parse_text(&p);
	free(p.words);
}

static bool is_loop(const struct input *in, const struct input *parent)
{
	for (; parent; parent = parent->parent) {
		if (in->dev == parent->dev && in->ino == parent->ino)
			return true;
	}
	return false;
}

static void include_file(struct config *cfg, const struct input *parent, const struct place *at,
			 const char *path)
{
	struct input *in;

	if (++cfg->n_files > MAX_FILES) {
		diag_error(cfg, at, "include: more than %d files", MAX_FILES);
		return;
	}
	in = read_input(cfg, path, parent, at);
	if (!in)
		return;
	if (is_loop(in, parent))
		diag_error(cfg, at, "include: %s includes itself", path);
	else
		parse_input(cfg, in);
}

/* A pattern is relative to the file that it stands in. */
static void full_pattern(struct text *out, const struct input *parent, const char *pattern)
{
	const char *slash = strrchr(parent->name, '/');

	if (*pattern != '/' && slash)
		text_add(out, parent->name, slash + 1 - parent->name);
	text_puts(out, pattern);
}

static int no_directory(const char *path, int err)
{
	(void)path;
	/* a pattern may name what is not there yet */
	return err != ENOENT;
}

void config_include(struct config *cfg, const struct input *parent, const struct place *at,
		    const char *pattern)
{
	struct text full = { 0 };
	glob_t g = { 0 };
	size_t i;
	int err;

	if (parent->depth + 1 >= MAX_DEPTH) {
		diag_error(cfg, at, "include: more than %d files deep", MAX_DEPTH);
		return;
	}
	full_pattern(&full, parent, pattern);
	/* what is no pattern comes back as it is: to be there or be an error */
	err = glob(full.s, GLOB_NOMAGIC, no_directory, &g);
	if (err && err != GLOB_NOMATCH)
		diag_error(cfg, at, "include: %s: %s", full.s,
			   err == GLOB_NOSPACE ? "out of memory" : strerror(errno));
	for (i = 0; !err && i < g.gl_pathc && !diag_full(cfg); i++)
		include_file(cfg, parent, at, g.gl_pathv[i]);
	globfree(&g);
	text_free(&full);
}

static void hash_inputs(struct config *cfg)
{
	const struct input *in;
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	for (in = cfg->inputs; in; in = in->next) {
		SHA256Update(&ctx, (const uint8_t *)BOM, in->bom ? BOM_LEN : 0);
		SHA256Update(&ctx, (const uint8_t *)in->data, in->len);
	}
	SHA256Final(cfg->hash, &ctx);
	cfg->has_hash = true;
}

static void load(struct config *cfg, const char *file)
{
	struct input *in = read_input(cfg, file, NULL, NULL);

	if (!in)
		return;
	parse_input(cfg, in);
	if (!cfg->n_errors && config_empty(cfg)) {
		diag_error(cfg, NULL,
			   "no rule, pool or route source; to remove a ruleset: ernat flush");
		return;
	}
	/* references to what could not be read would look wrong */
	if (cfg->n_errors)
		return;
	config_normalise(cfg);
	config_check(cfg);
	hash_inputs(cfg);
	cfg->path = realpath(file, NULL);
}

struct config *config_load(const char *file)
{
	struct config *cfg = config_new();

	load(cfg, file);
	if (!cfg->n_errors)
		return cfg;
	config_free(cfg);
	return NULL;
}

int config_drift(struct client *client, const char *file)
{
	struct config *want, *have = NULL;
	int ret = -1;

	diag_silence(true);
	want = config_load(file);
	if (want)
		have = config_running(client);
	if (have) {
		/* which router this is was never the file's to say */
		want->router = have->router;
		ret = !config_equal(want, have);
	}
	diag_silence(false);
	config_free(want);
	config_free(have);
	return ret;
}
