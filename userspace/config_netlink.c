// SPDX-License-Identifier: GPL-2.0-or-later
/* One object as the attributes of ERNAT_CMD_ADD, by the table of keys. */
#include <stdlib.h>
#include <string.h>

#include "config_netlink.h"
#include "diag.h"

static void mark_place(struct object_writer *w, const struct place *place)
{
	w->mark(w->data, w->nlh->nlmsg_seq, w->nlh->nlmsg_len, place);
}

static void put_range(struct object_writer *w, uint16_t attr, const struct value *v)
{
	unsigned int size = family_size(v->range.family);
	struct nlattr *nest = mnl_attr_nest_start(w->nlh, attr);

	mnl_attr_put(w->nlh, ERNAT_RANGE_FIRST, size, v->range.first);
	if (memcmp(v->range.first, v->range.last, size))
		mnl_attr_put(w->nlh, ERNAT_RANGE_LAST, size, v->range.last);
	if (v->except)
		mnl_attr_put(w->nlh, ERNAT_RANGE_EXCEPT, 0, NULL);
	if (v->state)
		mnl_attr_put_u8(w->nlh, ERNAT_RANGE_STATE, v->state);
	if (v->name)
		mnl_attr_put_strz(w->nlh, ERNAT_RANGE_ROUTER, v->name);
	mnl_attr_nest_end(w->nlh, nest);
}

/* What is in a nest of its own: a match or a list of names. */
static void put_element(struct object_writer *w, const struct key *key, const struct value *v)
{
	bool match = key->type == KEY_MATCH;

	if (v->form == FORM_RANGE)
		put_range(w, ERNAT_MATCH_RANGE, v);
	else if (v->form == FORM_NAME)
		mnl_attr_put_strz(w->nlh, match ? ERNAT_MATCH_SET : ERNAT_LIST_NAME, v->name);
	else
		mnl_attr_put(w->nlh, match ? ERNAT_MATCH_LOCAL : ERNAT_LIST_NONE, 0, NULL);
}

static void put_nest(struct object_writer *w, const struct key *key, const struct values *vals)
{
	struct nlattr *nest = mnl_attr_nest_start(w->nlh, key->attr);
	const struct value *v;

	for_each_value(v, vals)
	{
		if (w->nlh->nlmsg_len > OBJECT_LIMIT)
			break;
		mark_place(w, &v->place);
		put_element(w, key, v);
	}
	mnl_attr_nest_end(w->nlh, nest);
}

/* One element of an array; returns its size. */
static size_t array_element(const struct key *key, const struct value *v, void *at)
{
	struct ernat_u16_range ports = { v->min, v->max };
	struct ernat_u32_range range = { v->min, v->max };
	uint8_t byte = v->min;

	switch (key->type) {
	case KEY_PORTS:
		memcpy(at, &ports, sizeof(ports));
		return sizeof(ports);
	case KEY_METRIC:
		memcpy(at, &range, sizeof(range));
		return sizeof(range);
	case KEY_ROUTE_PREFIX:
		memcpy(at, &v->prefix, sizeof(v->prefix));
		return sizeof(v->prefix);
	case KEY_ROUTE_PROTOCOL:
	case KEY_IP_PROTOCOL:
		memcpy(at, &byte, sizeof(byte));
		return sizeof(byte);
	default:
		memcpy(at, &range.min, sizeof(range.min));
		return sizeof(range.min);
	}
}

static void put_array(struct object_writer *w, const struct key *key, const struct values *vals)
{
	char *buf = xalloc(vals->n * sizeof(struct ernat_route_prefix));
	const struct value *v;
	size_t len = 0;

	for_each_value(v, vals) len += array_element(key, v, buf + len);
	mnl_attr_put(w->nlh, key->attr, len, buf);
	free(buf);
}

static void put_single(struct object_writer *w, const struct key *key, const struct value *v)
{
	struct ernat_mark mark = { .value = v->min, .mask = v->max };

	switch (key->type) {
	case KEY_REF:
		mnl_attr_put_strz(w->nlh, key->attr, v->name);
		break;
	case KEY_ALARM:
		mnl_attr_put_u8(w->nlh, key->attr, v->min);
		mark_place(w, &v->place);
		mnl_attr_put_u8(w->nlh, key->attr2, v->max);
		break;
	case KEY_MARK:
		mnl_attr_put(w->nlh, key->attr, sizeof(mark), &mark);
		break;
	case KEY_WORD:
		mnl_attr_put(w->nlh, key->attr, 0, NULL);
		break;
	case KEY_CHOICE:
		mnl_attr_put_u8(w->nlh, key->attr, v->min);
		break;
	default:
		if (key->flags & KEY_U8)
			mnl_attr_put_u8(w->nlh, key->attr, v->min);
		else
			mnl_attr_put_u32(w->nlh, key->attr, v->min);
	}
}

static void start(struct object_writer *w, const struct object *obj, bool more)
{
	const struct kind_info *info = &kinds[obj->kind];

	w->nlh = w->message(w->data);
	if (more)
		mnl_attr_put(w->nlh, ERNAT_A_CONTINUE, 0, NULL);
	mark_place(w, &obj->place);
	w->nest = mnl_attr_nest_start(w->nlh, info->attr);
	if (info->name_attr)
		mnl_attr_put_strz(w->nlh, info->name_attr, obj->name);
}

static bool finish(struct object_writer *w)
{
	mnl_attr_nest_end(w->nlh, w->nest);
	return w->send(w->data);
}

/* The addresses of a set or a pool, in as many messages as it takes. */
static bool put_ranges(struct object_writer *w, const struct object *obj, const struct key *key,
		       const struct values *vals)
{
	const struct value *v;

	for_each_value(v, vals)
	{
		if (w->nlh->nlmsg_len > MESSAGE_LIMIT) {
			if (!finish(w))
				return false;
			start(w, obj, true);
		}
		mark_place(w, &v->place);
		put_range(w, key->attr, v);
	}
	return true;
}

static void put_key(struct object_writer *w, const struct key *key, const struct values *vals)
{
	bool nest = key->type == KEY_MATCH || key->type == KEY_SOURCES || key->type == KEY_DEVICE;

	mark_place(w, nest ? &vals->place : &vals->first->place);
	if (nest)
		put_nest(w, key, vals);
	else if (key->flags & KEY_LIST)
		put_array(w, key, vals);
	else
		put_single(w, key, vals->first);
	mark_place(w, &w->obj->place);
}

static bool is_range_list(const struct key *key)
{
	return key->type == KEY_RANGE || key->type == KEY_POOL_RANGE;
}

static void put_action(struct object_writer *w, const struct object *obj)
{
	unsigned int key = has_key(obj, RULE_SNAT)   ? RULE_SNAT :
			   has_key(obj, RULE_EXEMPT) ? RULE_EXEMPT :
						       RULE_DROP;
	uint8_t action = key == RULE_SNAT   ? ERNAT_ACTION_SNAT :
			 key == RULE_EXEMPT ? ERNAT_ACTION_EXEMPT :
					      ERNAT_ACTION_DROP;

	mark_place(w, &obj->key[key].place);
	mnl_attr_put_u8(w->nlh, ERNAT_RULE_ACTION, action);
	mark_place(w, &obj->place);
}

static bool put_userdata(struct object_writer *w, const struct object *obj)
{
	uint16_t attr = kinds[obj->kind].userdata_attr;
	char *s = attr ? userdata_pack(obj) : NULL;
	size_t len = s ? strlen(s) : 0;

	if (len > ERNAT_USERDATA_MAX) {
		diag_error(w->cfg, &obj->place,
			   "description and what is for the audit take %zu bytes, %d are possible",
			   len, ERNAT_USERDATA_MAX);
	} else if (s) {
		mnl_attr_put(w->nlh, attr, len, s);
	}
	free(s);
	return len <= ERNAT_USERDATA_MAX;
}

static void put_origin(struct object_writer *w)
{
	const struct config *cfg = w->cfg;

	if (cfg->router)
		mnl_attr_put_strz(w->nlh, ERNAT_SETTINGS_ROUTER, cfg->router);
	if (cfg->path)
		mnl_attr_put_strz(w->nlh, ERNAT_SETTINGS_FILE, cfg->path);
	if (cfg->has_hash)
		mnl_attr_put(w->nlh, ERNAT_SETTINGS_HASH, sizeof(cfg->hash), cfg->hash);
}

bool object_write(struct object_writer *w, const struct object *obj)
{
	const struct key *key = kinds[obj->kind].keys;
	unsigned int i, n = kinds[obj->kind].n_keys;

	w->obj = obj;
	start(w, obj, false);
	for (i = 0; i < n; i++) {
		if (!key[i].attr || is_range_list(&key[i]) || !obj->key[i].n)
			continue;
		put_key(w, &key[i], &obj->key[i]);
	}
	if (obj->kind == KIND_RULE)
		put_action(w, obj);
	else if (obj->kind == KIND_SETTINGS)
		put_origin(w);
	if (!put_userdata(w, obj))
		return false;
	/* ranges last: only they may go on in another message */
	for (i = 0; i < n; i++) {
		if (key[i].attr && is_range_list(&key[i]) &&
		    !put_ranges(w, obj, &key[i], &obj->key[i]))
			return false;
	}
	return finish(w);
}
