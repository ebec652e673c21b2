// SPDX-License-Identifier: GPL-2.0-or-later
/* The running ruleset, from ERNAT_CMD_GET_CONFIG, by the table of keys. */
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>

#include "client.h"
#include "config_netlink.h"
#include "diag.h"

#define MAX_TRIES 8 /* while somebody else goes on applying */

static uint32_t get_uint(const struct nlattr *attr)
{
	switch (mnl_attr_get_payload_len(attr)) {
	case sizeof(uint8_t):
		return mnl_attr_get_u8(attr);
	case sizeof(uint32_t):
		return mnl_attr_get_u32(attr);
	default:
		return 0;
	}
}

static const char *get_string(struct config *cfg, const struct nlattr *attr)
{
	const char *s = mnl_attr_get_payload(attr);

	return config_strndup(cfg, s, strnlen(s, mnl_attr_get_payload_len(attr)));
}

static struct value *new_value(struct config *cfg, struct values *vals, enum value_form form)
{
	struct value *v = config_value(cfg, vals, NULL);

	v->form = form;
	return v;
}

static void get_range(struct config *cfg, struct value *v, const struct nlattr *nest)
{
	const struct nlattr *attr;
	bool has_last = false;
	uint16_t len;

	v->form = FORM_RANGE;
	mnl_attr_for_each_nested(attr, nest) {
		const void *data = mnl_attr_get_payload(attr);

		len = mnl_attr_get_payload_len(attr);
		switch (mnl_attr_get_type(attr)) {
		case ERNAT_RANGE_FIRST:
			v->range.family = len == 4 ? AF_INET : AF_INET6;
			memcpy(v->range.first, data, len < 16 ? len : 16);
			break;
		case ERNAT_RANGE_LAST:
			memcpy(v->range.last, data, len < 16 ? len : 16);
			has_last = true;
			break;
		case ERNAT_RANGE_EXCEPT:
			v->except = true;
			break;
		case ERNAT_RANGE_STATE:
			v->state = get_uint(attr);
			break;
		case ERNAT_RANGE_ROUTER:
			v->name = get_string(cfg, attr);
			break;
		}
	}
	if (!has_last)
		memcpy(v->range.last, v->range.first, sizeof(v->range.last));
}

static void get_match(struct config *cfg, struct values *vals, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case ERNAT_MATCH_RANGE:
			get_range(cfg, config_value(cfg, vals, NULL), attr);
			break;
		case ERNAT_MATCH_SET:
			new_value(cfg, vals, FORM_NAME)->name = get_string(cfg, attr);
			break;
		case ERNAT_MATCH_LOCAL:
			new_value(cfg, vals, FORM_WORD);
			break;
		}
	}
}

static void get_names(struct config *cfg, struct values *vals, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == ERNAT_LIST_NAME)
			new_value(cfg, vals, FORM_NAME)->name = get_string(cfg, attr);
		else if (mnl_attr_get_type(attr) == ERNAT_LIST_NONE)
			new_value(cfg, vals, FORM_WORD);
	}
}

static size_t element_size(const struct key *key)
{
	switch (key->type) {
	case KEY_PORTS:
		return sizeof(struct ernat_u16_range);
	case KEY_METRIC:
		return sizeof(struct ernat_u32_range);
	case KEY_ROUTE_PREFIX:
		return sizeof(struct ernat_route_prefix);
	default:
		return key->flags & KEY_U8 ? sizeof(uint8_t) : sizeof(uint32_t);
	}
}

static void get_element(const struct key *key, struct value *v, const void *at)
{
	struct ernat_u16_range ports;
	struct ernat_u32_range range;
	uint32_t number;

	switch (key->type) {
	case KEY_PORTS:
		memcpy(&ports, at, sizeof(ports));
		v->min = ports.min;
		v->max = ports.max;
		break;
	case KEY_METRIC:
		memcpy(&range, at, sizeof(range));
		v->min = range.min;
		v->max = range.max;
		break;
	case KEY_ROUTE_PREFIX:
		v->form = FORM_PREFIX;
		memcpy(&v->prefix, at, sizeof(v->prefix));
		break;
	default:
		memcpy(&number, at, sizeof(number));
		v->min = key->flags & KEY_U8 ? *(const uint8_t *)at : number;
		v->max = v->min;
	}
}

static void get_array(struct config *cfg, const struct key *key, struct values *vals,
		      const struct nlattr *attr)
{
	const char *data = mnl_attr_get_payload(attr);
	size_t size = element_size(key), len = mnl_attr_get_payload_len(attr);

	for (; len >= size; data += size, len -= size) {
		/* an array of bytes ends wherever it likes */
		uint8_t copy[sizeof(struct ernat_route_prefix)] = { 0 };

		memcpy(copy, data, size);
		get_element(key, new_value(cfg, vals, FORM_PAIR), copy);
	}
}

/* Either half may be missing: the kernel leaves out what is usual. */
static void get_alarm(struct config *cfg, const struct key *key, struct values *vals,
		      const struct nlattr *attr)
{
	struct value *v = vals->first;

	if (!v) {
		v = new_value(cfg, vals, FORM_PAIR);
		v->min = key->dflt;
		v->max = key->dflt2;
	}
	if (mnl_attr_get_type(attr) == key->attr)
		v->min = get_uint(attr);
	else
		v->max = get_uint(attr);
	if (v->max > v->min)
		v->max = v->min;
}

static void get_mark(struct config *cfg, struct values *vals, const struct nlattr *attr)
{
	struct ernat_mark mark = { 0 };
	struct value *v;

	if (mnl_attr_get_payload_len(attr) < sizeof(mark))
		return;
	memcpy(&mark, mnl_attr_get_payload(attr), sizeof(mark));
	v = new_value(cfg, vals, FORM_PAIR);
	v->min = mark.value;
	v->max = mark.mask;
}

static void get_single(struct config *cfg, const struct key *key, struct values *vals,
		       const struct nlattr *attr)
{
	struct value *v;

	switch (key->type) {
	case KEY_REF:
		v = new_value(cfg, vals, FORM_NAME);
		v->name = get_string(cfg, attr);
		break;
	case KEY_ALARM:
		get_alarm(cfg, key, vals, attr);
		break;
	case KEY_MARK:
		get_mark(cfg, vals, attr);
		break;
	case KEY_WORD:
		v = new_value(cfg, vals, FORM_PAIR);
		v->min = v->max = key->choices[0].number;
		break;
	default:
		v = new_value(cfg, vals, FORM_PAIR);
		v->min = v->max = get_uint(attr);
	}
}

static void get_key(struct config *cfg, const struct key *key, struct values *vals,
		    const struct nlattr *attr)
{
	if (key->type == KEY_MATCH)
		get_match(cfg, vals, attr);
	else if (key->type == KEY_SOURCES || key->type == KEY_DEVICE)
		get_names(cfg, vals, attr);
	else if (key->flags & KEY_LIST)
		get_array(cfg, key, vals, attr);
	else
		get_single(cfg, key, vals, attr);
}

/* "address" and "except" share an attribute. */
static void get_addresses(struct config *cfg, struct object *obj, const struct nlattr *attr)
{
	bool set = obj->kind == KIND_SET;
	struct value v = { 0 };
	struct values *vals;

	get_range(cfg, &v, attr);
	vals = &obj->key[v.except ? (set ? SET_EXCEPT : POOL_EXCEPT) :
			 set	  ? SET_ADDRESS :
				    POOL_ADDRESS];
	*config_value(cfg, vals, NULL) = v;
}

static void get_rule_action(struct config *cfg, struct object *obj, uint8_t action)
{
	if (action == ERNAT_ACTION_EXEMPT)
		new_value(cfg, &obj->key[RULE_EXEMPT], FORM_WORD);
	else if (action == ERNAT_ACTION_DROP)
		new_value(cfg, &obj->key[RULE_DROP], FORM_WORD);
}

static void get_origin(struct config *cfg, const struct nlattr *attr)
{
	switch (mnl_attr_get_type(attr)) {
	case ERNAT_SETTINGS_ROUTER:
		cfg->router = get_string(cfg, attr);
		break;
	case ERNAT_SETTINGS_FILE:
		free(cfg->path);
		cfg->path = strndup(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
		break;
	case ERNAT_SETTINGS_HASH:
		if (mnl_attr_get_payload_len(attr) != sizeof(cfg->hash))
			break;
		memcpy(cfg->hash, mnl_attr_get_payload(attr), sizeof(cfg->hash));
		cfg->has_hash = true;
		break;
	}
}

static void get_attr(struct config *cfg, struct object *obj, const struct nlattr *attr)
{
	const struct kind_info *info = &kinds[obj->kind];
	uint16_t type = mnl_attr_get_type(attr);
	unsigned int i;

	if (info->userdata_attr && type == info->userdata_attr) {
		userdata_unpack(cfg, obj, mnl_attr_get_payload(attr),
				mnl_attr_get_payload_len(attr));
		return;
	}
	if (obj->kind == KIND_SETTINGS)
		get_origin(cfg, attr);
	if (obj->kind == KIND_RULE && type == ERNAT_RULE_ACTION)
		get_rule_action(cfg, obj, get_uint(attr));
	if ((obj->kind == KIND_SET && type == ERNAT_SET_RANGE) ||
	    (obj->kind == KIND_POOL && type == ERNAT_POOL_RANGE)) {
		get_addresses(cfg, obj, attr);
		return;
	}
	for (i = 0; i < info->n_keys; i++) {
		const struct key *key = &info->keys[i];

		if (key->attr && (key->attr == type || key->attr2 == type))
			get_key(cfg, key, &obj->key[i], attr);
	}
}

static struct object *get_object(struct config *cfg, enum kind kind, const struct nlattr *nest)
{
	const struct nlattr *attr;
	struct object *obj;
	const char *name;

	if (kind == KIND_SETTINGS)
		return cfg->settings;
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) != kinds[kind].name_attr)
			continue;
		name = get_string(cfg, attr);
		obj = config_find(cfg, kind, name); /* goes on */
		return obj ? obj : config_add(cfg, kind, name, NULL);
	}
	return NULL;
}

int config_message(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[ERNAT_A_MAX + 1];
	struct config *cfg = data;
	const struct nlattr *attr;
	struct object *obj;
	enum kind kind;

	client_parse(nlh, tb);
	for (kind = 0; kind < KIND_MAX; kind++) {
		if (!tb[kinds[kind].attr])
			continue;
		obj = get_object(cfg, kind, tb[kinds[kind].attr]);
		if (!obj)
			continue;
		mnl_attr_for_each_nested(attr, tb[kinds[kind].attr])
			get_attr(cfg, obj, attr);
	}
	return MNL_CB_OK;
}

static int status_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[ERNAT_A_MAX + 1];
	const struct nlattr *status[ERNAT_STATUS_MAX + 1];
	struct config *cfg = data;

	client_parse(nlh, tb);
	if (!tb[ERNAT_A_STATUS])
		return MNL_CB_OK;
	client_parse_nested(tb[ERNAT_A_STATUS], status, ERNAT_STATUS_MAX);
	if (status[ERNAT_STATUS_GENERATION])
		cfg->generation = get_uint(status[ERNAT_STATUS_GENERATION]);
	return MNL_CB_OK;
}

static int read_running(struct client *c, struct config *cfg)
{
	int err;

	err = client_talk(c, client_msg(c, ERNAT_CMD_GET_STATUS, 0), status_cb, cfg);
	if (err || !cfg->generation)
		return err;
	return client_talk(c, client_msg(c, ERNAT_CMD_GET_CONFIG, NLM_F_DUMP), config_message, cfg);
}

struct config *config_running(struct client *c)
{
	struct config *cfg;
	int tries, err;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		cfg = config_new();
		err = read_running(c, cfg);
		if (err) {
			diag_error(NULL, NULL, "cannot read the running ruleset: %s",
				   client_errmsg(c));
			config_free(cfg);
			return NULL;
		}
		if (!client_interrupted(c)) {
			config_normalise(cfg);
			return cfg;
		}
		config_free(cfg);
	}
	diag_error(NULL, NULL, "the running ruleset keeps changing");
	return NULL;
}
