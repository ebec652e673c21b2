// SPDX-License-Identifier: GPL-2.0-or-later
/* The canonical text of a ruleset: what config.y reads is this ruleset again. */
#include <string.h>

#include "config.h"
#include "names.h"

static void quoted(struct text *out, const char *s)
{
	text_putc(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			text_putc(out, '\\');
		text_putc(out, *s);
	}
	text_putc(out, '"');
}

/* Device names may hold what divides words. */
static void name_text(struct text *out, const char *name)
{
	if (*name && !strpbrk(name, ";,{}\"#"))
		text_puts(out, name);
	else
		quoted(out, name);
}

static void interval_text(struct text *out, const struct value *v)
{
	if (v->min == v->max)
		text_printf(out, "%u", v->min);
	else
		text_printf(out, "%u-%u", v->min, v->max);
}

static void prefix_text(struct text *out, const struct ernat_route_prefix *p)
{
	struct range range;

	range_from_prefix(&range, p->family, p->addr, p->len);
	range_text(out, &range);
	if (p->len == family_size(p->family) * 8)
		return;
	if (p->ge != p->len)
		text_printf(out, " ge %u", p->ge);
	if (p->le != (p->ge != p->len ? family_size(p->family) * 8 : p->len))
		text_printf(out, " le %u", p->le);
}

static void choice_text(struct text *out, const struct key *key, uint32_t n)
{
	const struct choice *c;

	for (c = key->choices; c->word; c++) {
		if (c->number == n)
			text_puts(out, c->word);
	}
}

static void pair_text(struct text *out, const struct key *key, const struct value *v)
{
	switch (key->type) {
	case KEY_ROUTE_PROTOCOL:
		text_puts(out, route_protocol_name(v->min));
		break;
	case KEY_IP_PROTOCOL:
		text_puts(out, ip_protocol_name(v->min));
		break;
	case KEY_TABLE:
		text_puts(out, route_table_name(v->min));
		break;
	case KEY_ALARM:
		text_printf(out, "%u%% %u%%", v->min, v->max);
		break;
	case KEY_CHOICE:
	case KEY_WORD:
		choice_text(out, key, v->min);
		break;
	case KEY_MARK:
		text_printf(out, "0x%x", v->min);
		if (v->max != UINT32_MAX)
			text_printf(out, "/0x%x", v->max);
		break;
	default:
		interval_text(out, v);
	}
}

void value_text(struct text *out, const struct key *key, const struct value *v)
{
	if (v->except && !(key->flags & KEY_EXCEPT))
		text_puts(out, "except ");
	switch ((enum value_form)v->form) {
	case FORM_RANGE:
		range_text(out, &v->range);
		if (v->name)
			text_printf(out, " router %s", v->name);
		else if (v->state)
			text_puts(out, v->state == ERNAT_STATE_DRAIN ? " drain" : " standby");
		break;
	case FORM_NAME:
		if (key->type == KEY_STRING)
			quoted(out, v->name);
		else
			name_text(out, v->name);
		break;
	case FORM_WORD:
		text_puts(out, key->type == KEY_SOURCES ? "none" : "local");
		break;
	case FORM_PAIR:
		pair_text(out, key, v);
		break;
	case FORM_PREFIX:
		prefix_text(out, &v->prefix);
		break;
	}
}

/* The key of a line; the addresses of a set have none. */
static void line_head(struct text *out, const struct key *key, bool bare)
{
	text_putc(out, '\t');
	if (bare)
		return;
	text_puts(out, key->name);
	text_putc(out, ' ');
}

void key_text(struct text *out, const struct key *key, const struct values *vals, bool in_set)
{
	bool bare = in_set && !(key->flags & KEY_EXCEPT);
	const struct value *v;

	if (!vals->n)
		return;
	if (key->type == KEY_FLAG) {
		text_printf(out, "\t%s;\n", key->name);
		return;
	}
	for_each_value(v, vals)
	{
		if (v == vals->first || (key->flags & KEY_LINES))
			line_head(out, key, bare);
		value_text(out, key, v);
		if (!v->next || (key->flags & KEY_LINES))
			text_puts(out, ";\n");
		else
			text_puts(out, ", ");
	}
}

void object_text(struct text *out, const struct object *obj)
{
	const struct kind_info *info = &kinds[obj->kind];
	unsigned int i;

	text_puts(out, info->word);
	text_putc(out, ' ');
	text_puts(out, obj->name);
	text_puts(out, " {\n");
	for (i = 0; i < info->n_keys; i++)
		key_text(out, &info->keys[i], &obj->key[i], obj->kind == KIND_SET);
	text_puts(out, "}\n");
}

static void settings_text(struct text *out, const struct object *obj)
{
	const struct key *key = kinds[KIND_SETTINGS].keys;
	struct text line = { 0 };
	unsigned int i;

	for (i = 0; i < kinds[KIND_SETTINGS].n_keys; i++) {
		line.len = 0;
		key_text(&line, &key[i], &obj->key[i], false);
		if (line.len)
			text_puts(out, line.s + 1); /* no tab here */
	}
	text_free(&line);
}

void config_text(struct text *out, const struct config *cfg, const char *only)
{
	const struct object *obj;
	enum kind kind;

	if (!only)
		settings_text(out, cfg->settings);
	for (kind = KIND_SET; kind < KIND_MAX; kind++) {
		for_each_object(obj, cfg, kind)
		{
			if (only && strcmp(only, obj->name))
				continue;
			if (out->len)
				text_putc(out, '\n');
			object_text(out, obj);
		}
	}
}
