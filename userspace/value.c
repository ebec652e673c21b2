// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From words to values: a function for each type of key. Each gets the words
 * between two commas, at least one, and reports what it cannot take.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "names.h"
#include "parse.h"

#define VALUE_LEN 256 /* longest value but a free text */

typedef bool value_fn(struct parse *p, const struct key *key, const struct word *w, unsigned int n,
		      struct value *v);

bool word_copy(const struct word *w, char *buf, size_t size)
{
	if (w->len >= size || memchr(w->s, '\0', w->len))
		return false;
	memcpy(buf, w->s, w->len);
	buf[w->len] = '\0';
	return true;
}

bool word_is(const struct word *w, const char *s)
{
	return !w->quoted && w->len == strlen(s) && !memcmp(w->s, s, w->len);
}

/* What other tools would have taken. */
static void hint_language(const struct word *w)
{
	if (w->len > 1 && w->s[0] == '!')
		diag_hint("what is not meant stands after \"except\": except %.*s",
			  (int)(w->len - 1), w->s + 1);
}

static bool bad(struct parse *p, const struct key *key, const struct word *w)
{
	diag_error(p->cfg, &w->place, "%s: \"%.*s\" is not %s", key->name, WORD_ARG(w),
		   key->meaning);
	hint_language(w);
	return false;
}

/* A word too many; the usual reason is a forgotten semicolon. */
static bool no_more(struct parse *p, const struct key *key, const struct word *w, unsigned int n,
		    unsigned int used)
{
	char buf[VALUE_LEN];

	if (n <= used)
		return true;
	if (p->obj && word_copy(&w[used], buf, sizeof(buf)) && key_find(p->obj->kind, buf) >= 0)
		diag_error(p->cfg, &w[used].place, "missing \";\" before \"%s\"", buf);
	else
		diag_error(p->cfg, &w[used].place, "%s: unexpected \"%.*s\" after \"%.*s\"%s",
			   key->name, WORD_ARG(&w[used]), WORD_ARG(&w[used - 1]),
			   key->flags & KEY_LIST ? ", missing \",\"?" : "");
	return false;
}

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_.:@+-", c));
}

const char *word_name(struct parse *p, const struct word *w, enum kind kind)
{
	const char *what = kind == KIND_SETTINGS ? "router" : kinds[kind].word;
	uint32_t i;

	if (!w->len || w->len >= ERNAT_NAME_MAX) {
		diag_error(p->cfg, &w->place,
			   w->len ? "name of a %s is longer than %d bytes" :
				    "name of a %s is empty",
			   what, ERNAT_NAME_MAX - 1);
		return NULL;
	}
	for (i = 0; i < w->len; i++) {
		if (name_char(w->s[i]) && (i || isalnum((unsigned char)w->s[0]) || w->s[0] == '_'))
			continue;
		diag_error(
			p->cfg, &w->place,
			"\"%.*s\" is not a name: letters, digits and _ . : @ + - only, the first one a letter, a digit or _",
			WORD_ARG(w));
		return NULL;
	}
	return config_strndup(p->cfg, w->s, w->len);
}

static bool parse_string(struct parse *p, const struct key *key, const struct word *w,
			 unsigned int n, struct value *v)
{
	uint32_t i, len;

	for (i = 0; i < w->len; i += len) {
		len = utf8_len(w->s + i, w->len - i);
		if (!len || (unsigned char)w->s[i] < 0x20 || w->s[i] == 0x7f) {
			diag_error(p->cfg, &w->place,
				   len ? "%s: control character in the text" :
					 "%s: the text is not UTF-8",
				   key->name);
			return false;
		}
	}
	v->form = FORM_NAME;
	v->name = config_strndup(p->cfg, w->s, w->len);
	return no_more(p, key, w, n, 1);
}

static bool parse_range_word(struct parse *p, const struct key *key, const struct word *w,
			     struct value *v)
{
	char buf[VALUE_LEN];
	const char *why;

	if (!word_copy(w, buf, sizeof(buf)) || !range_meant(buf))
		return bad(p, key, w);
	v->form = FORM_RANGE;
	if (range_parse(buf, &v->range, &why))
		return true;
	if (!strcmp(why, "has host bits set")) {
		struct text t = { 0 };

		range_text(&t, &v->range);
		diag_error(p->cfg, &w->place, "%s: \"%s\" has host bits set, the prefix is %s",
			   key->name, buf, t.s);
		text_free(&t);
		return false;
	}
	diag_error(p->cfg, &w->place, "%s: \"%s\" %s", key->name, buf, why);
	hint_language(w);
	return false;
}

static bool parse_range(struct parse *p, const struct key *key, const struct word *w,
			unsigned int n, struct value *v)
{
	return parse_range_word(p, key, w, v) && no_more(p, key, w, n, 1);
}

static bool parse_pool_range(struct parse *p, const struct key *key, const struct word *w,
			     unsigned int n, struct value *v)
{
	unsigned int used = 2;

	if (!parse_range_word(p, key, w, v))
		return false;
	if (n == 1)
		return true;
	if (word_is(&w[1], "standby")) {
		v->state = ERNAT_STATE_STANDBY;
	} else if (word_is(&w[1], "drain")) {
		v->state = ERNAT_STATE_DRAIN;
	} else if (word_is(&w[1], "router")) {
		if (n < 3) {
			diag_error(p->cfg, &w[1].place, "router: the router's name is missing");
			return false;
		}
		v->name = word_name(p, &w[2], KIND_SETTINGS);
		used = 3;
		if (!v->name)
			return false;
	} else if (!word_is(&w[1], "active")) {
		used = 1;
	}
	return no_more(p, key, w, n, used);
}

static bool parse_match(struct parse *p, const struct key *key, const struct word *w,
			unsigned int n, struct value *v)
{
	char buf[VALUE_LEN];
	unsigned int used = 1;

	if (n > 1 && word_is(w, "except")) {
		v->except = true;
		w++;
		n--;
	} else if (word_is(w, "local")) {
		v->form = FORM_WORD;
		if (key->flags & KEY_LOCAL)
			return no_more(p, key, w, n, 1);
		diag_error(p->cfg, &w->place, "%s: \"local\" is for \"from\" only", key->name);
		return false;
	}
	if (v->except || (word_copy(w, buf, sizeof(buf)) && range_meant(buf)))
		return parse_range_word(p, key, w, v) && no_more(p, key, w, n, used);
	v->form = FORM_NAME;
	v->name = word_name(p, w, KIND_SET);
	return v->name && no_more(p, key, w, n, used);
}

static bool parse_address(struct parse *p, const struct key *key, const struct word *w,
			  unsigned int n, struct value *v)
{
	if (!parse_range(p, key, w, n, v))
		return false;
	return !memcmp(v->range.first, v->range.last, 16) || bad(p, key, w);
}

static bool parse_ref(struct parse *p, const struct key *key, const struct word *w, unsigned int n,
		      struct value *v)
{
	v->form = FORM_NAME;
	v->name = word_name(p, w, KIND_POOL);
	return v->name && no_more(p, key, w, n, 1);
}

static bool parse_sources(struct parse *p, const struct key *key, const struct word *w,
			  unsigned int n, struct value *v)
{
	v->form = FORM_WORD;
	if (!word_is(w, "none")) {
		v->form = FORM_NAME;
		v->name = word_name(p, w, KIND_SOURCE);
		if (!v->name)
			return false;
	}
	return no_more(p, key, w, n, 1);
}

static bool parse_device(struct parse *p, const struct key *key, const struct word *w,
			 unsigned int n, struct value *v)
{
	uint32_t i;

	if (!w->len || w->len >= ERNAT_DEV_MAX || word_is(w, ".") || word_is(w, ".."))
		goto refuse;
	for (i = 0; i < w->len; i++) {
		unsigned char c = w->s[i];

		if (c <= ' ' || c >= 0x7f || c == '/' || c == ':' || (c == '*' && i + 1 < w->len))
			goto refuse;
	}
	v->form = FORM_NAME;
	v->name = config_strndup(p->cfg, w->s, w->len);
	return no_more(p, key, w, n, 1);
refuse:
	diag_error(
		p->cfg, &w->place,
		"%s: \"%.*s\" is not a device name (up to %d bytes, no / : or space, * only at the end)",
		key->name, WORD_ARG(w), ERNAT_DEV_MAX - 1);
	return false;
}

/* N or LO-HI */
static bool parse_pair(const struct word *w, uint32_t *lo, uint32_t *hi)
{
	char buf[VALUE_LEN], *dash;

	if (!word_copy(w, buf, sizeof(buf)))
		return false;
	dash = strchr(buf, '-');
	if (dash)
		*dash++ = '\0';
	return parse_number(buf, lo) && parse_number(dash ? dash : buf, hi);
}

static bool parse_interval(struct parse *p, const struct key *key, const struct word *w,
			   unsigned int n, struct value *v, uint32_t min, uint32_t max)
{
	v->form = FORM_PAIR;
	if (!parse_pair(w, &v->min, &v->max))
		return bad(p, key, w);
	if (v->min < min || v->max < min || v->min > max || v->max > max) {
		diag_error(p->cfg, &w->place, "%s: %.*s is not in %u to %u", key->name, WORD_ARG(w),
			   min, max);
		return false;
	}
	if (v->min > v->max) {
		diag_error(p->cfg, &w->place, "%s: %.*s is a reversed range", key->name,
			   WORD_ARG(w));
		return false;
	}
	return no_more(p, key, w, n, 1);
}

static bool parse_ports(struct parse *p, const struct key *key, const struct word *w,
			unsigned int n, struct value *v)
{
	return parse_interval(p, key, w, n, v, 1, 65535);
}

static bool parse_metric(struct parse *p, const struct key *key, const struct word *w,
			 unsigned int n, struct value *v)
{
	return parse_interval(p, key, w, n, v, 0, UINT32_MAX);
}

static bool parse_uint(struct parse *p, const struct key *key, const struct word *w, unsigned int n,
		       struct value *v)
{
	char buf[VALUE_LEN];

	v->form = FORM_PAIR;
	if (!word_copy(w, buf, sizeof(buf)) || !parse_number(buf, &v->min))
		return bad(p, key, w);
	if (v->min < key->min || v->min > key->max) {
		diag_error(p->cfg, &w->place, "%s: %s is not in %u to %u", key->name, buf, key->min,
			   key->max);
		return false;
	}
	v->max = v->min;
	return no_more(p, key, w, n, 1);
}

static bool parse_named(struct parse *p, const struct key *key, const struct word *w,
			unsigned int n, struct value *v, bool (*number)(const char *, uint32_t *),
			const char *(*nth)(void *, unsigned int))
{
	const char *near = NULL;
	char buf[VALUE_LEN];

	v->form = FORM_PAIR;
	if (!word_copy(w, buf, sizeof(buf)))
		return bad(p, key, w);
	if (!number(buf, &v->min) || v->min < key->min || v->min > key->max) {
		near = nearest(buf, nth, NULL);
		if (!near)
			return bad(p, key, w);
		diag_error(p->cfg, &w->place, "%s: \"%s\" is not %s, did you mean \"%s\"?",
			   key->name, buf, key->meaning, near);
		return false;
	}
	v->max = v->min;
	return no_more(p, key, w, n, 1);
}

static bool parse_route_protocol(struct parse *p, const struct key *key, const struct word *w,
				 unsigned int n, struct value *v)
{
	return parse_named(p, key, w, n, v, route_protocol_number, route_protocol_nth);
}

static bool parse_ip_protocol(struct parse *p, const struct key *key, const struct word *w,
			      unsigned int n, struct value *v)
{
	return parse_named(p, key, w, n, v, ip_protocol_number, ip_protocol_nth);
}

static bool parse_table(struct parse *p, const struct key *key, const struct word *w,
			unsigned int n, struct value *v)
{
	return parse_named(p, key, w, n, v, route_table_number, route_table_nth);
}

static bool parse_bound(struct parse *p, const struct key *key, const struct word *w,
			unsigned int least, unsigned int most, uint8_t *bound)
{
	char buf[VALUE_LEN];
	uint32_t n;

	if (!word_copy(w, buf, sizeof(buf)) || !parse_number(buf, &n) || n < least || n > most) {
		diag_error(p->cfg, &w->place, "%s: \"%.*s\" is not a length from %u to %u",
			   key->name, WORD_ARG(w), least, most);
		return false;
	}
	*bound = n;
	return true;
}

/* As in a prefix-list: P alone is exact, ge alone goes up to host routes. */
static bool parse_route_prefix(struct parse *p, const struct key *key, const struct word *w,
			       unsigned int n, struct value *v)
{
	struct ernat_route_prefix prefix = { 0 };
	bool has_ge = false, has_le = false;
	unsigned int bits, i;
	int len;

	if (!parse_range_word(p, key, w, v))
		return false;
	len = range_prefix_len(&v->range);
	if (len < 0)
		return bad(p, key, w);
	bits = family_size(v->range.family) * 8;
	prefix.family = v->range.family;
	memcpy(prefix.addr, v->range.first, sizeof(prefix.addr));
	prefix.len = prefix.ge = prefix.le = len;
	for (i = 1; i + 1 < n; i += 2) {
		if (word_is(&w[i], "ge") && !has_ge && !has_le) {
			has_ge = true;
			prefix.le = bits;
			if (!parse_bound(p, key, &w[i + 1], len, bits, &prefix.ge))
				return false;
		} else if (word_is(&w[i], "le") && !has_le) {
			has_le = true;
			if (!parse_bound(p, key, &w[i + 1], prefix.ge, bits, &prefix.le))
				return false;
		} else {
			break;
		}
	}
	v->form = FORM_PREFIX;
	v->prefix = prefix;
	return no_more(p, key, w, n, i);
}

static bool parse_percent(struct parse *p, const struct key *key, const struct word *w,
			  uint32_t *percent)
{
	char buf[VALUE_LEN];
	size_t len;

	if (!word_copy(w, buf, sizeof(buf)))
		return bad(p, key, w);
	len = strlen(buf);
	if (len && buf[len - 1] == '%')
		buf[len - 1] = '\0';
	if (!parse_number(buf, percent))
		return bad(p, key, w);
	if (*percent >= 1 && *percent <= 100)
		return true;
	diag_error(p->cfg, &w->place, "%s: %.*s is not in 1%% to 100%%", key->name, WORD_ARG(w));
	return false;
}

static bool parse_alarm(struct parse *p, const struct key *key, const struct word *w,
			unsigned int n, struct value *v)
{
	v->form = FORM_PAIR;
	if (n < 2)
		return bad(p, key, w);
	if (!parse_percent(p, key, w, &v->min) || !parse_percent(p, key, &w[1], &v->max))
		return false;
	if (v->max > v->min) {
		diag_error(p->cfg, &w[1].place, "%s: clears at %u%%, above the %u%% that raise it",
			   key->name, v->max, v->min);
		return false;
	}
	return no_more(p, key, w, n, 2);
}

static const char *nth_choice(void *data, unsigned int i)
{
	const struct choice *choices = data;

	return choices[i].word;
}

static bool parse_choice(struct parse *p, const struct key *key, const struct word *w,
			 unsigned int n, struct value *v)
{
	const struct choice *c;
	const char *near;
	char buf[VALUE_LEN];

	v->form = FORM_PAIR;
	for (c = key->choices; c->word; c++) {
		if (!word_is(w, c->word))
			continue;
		v->min = v->max = c->number;
		return no_more(p, key, w, n, 1);
	}
	near = word_copy(w, buf, sizeof(buf)) ? nearest(buf, nth_choice, (void *)key->choices) :
						NULL;
	if (!near)
		return bad(p, key, w);
	diag_error(p->cfg, &w->place, "%s: \"%s\" is not %s, did you mean \"%s\"?", key->name, buf,
		   key->meaning, near);
	return false;
}

static bool parse_mark(struct parse *p, const struct key *key, const struct word *w, unsigned int n,
		       struct value *v)
{
	char buf[VALUE_LEN], *slash;

	v->form = FORM_PAIR;
	if (!word_copy(w, buf, sizeof(buf)))
		return bad(p, key, w);
	slash = strchr(buf, '/');
	if (slash)
		*slash++ = '\0';
	v->max = UINT32_MAX;
	if (!parse_number(buf, &v->min) || (slash && !parse_number(slash, &v->max)))
		return bad(p, key, w);
	if (!v->max || (v->min & ~v->max)) {
		diag_error(p->cfg, &w->place,
			   v->max ? "%s: %.*s has bits outside its mask" :
				    "%s: the mask of %.*s has no bit",
			   key->name, WORD_ARG(w));
		return false;
	}
	return no_more(p, key, w, n, 1);
}

static value_fn *const parsers[KEY_TYPES] = {
	[KEY_STRING] = parse_string,
	[KEY_RANGE] = parse_range,
	[KEY_POOL_RANGE] = parse_pool_range,
	[KEY_MATCH] = parse_match,
	[KEY_ADDRESS] = parse_address,
	[KEY_REF] = parse_ref,
	[KEY_SOURCES] = parse_sources,
	[KEY_DEVICE] = parse_device,
	[KEY_PORTS] = parse_ports,
	[KEY_ROUTE_PROTOCOL] = parse_route_protocol,
	[KEY_IP_PROTOCOL] = parse_ip_protocol,
	[KEY_TABLE] = parse_table,
	[KEY_NUMBER] = parse_uint,
	[KEY_METRIC] = parse_metric,
	[KEY_ROUTE_PREFIX] = parse_route_prefix,
	[KEY_ALARM] = parse_alarm,
	[KEY_CHOICE] = parse_choice,
	[KEY_WORD] = parse_choice,
	[KEY_MARK] = parse_mark,
};

bool value_parse(struct parse *p, const struct key *key, const struct word *w, unsigned int n,
		 struct value *v)
{
	v->place = w->place;
	v->except = key->flags & KEY_EXCEPT;
	return parsers[key->type](p, key, w, n, v);
}
