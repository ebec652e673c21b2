// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/genetlink.h>

#include "attr.h"
#include "json.h"
#include "names.h"
#include "print.h"
#include "text.h"
#include "usage.h"

#define TRIES 10

static const uint8_t pool_kinds[ERNAT_POOL_USAGE_MAX + 1] = {
	[ERNAT_POOL_USAGE_NAME] = ATTR_STRING,
	[ERNAT_POOL_USAGE_RANGE] = ATTR_NEST,
	[ERNAT_POOL_USAGE_PORTS] = ATTR_U64,
	[ERNAT_POOL_USAGE_SESSIONS] = ATTR_U64,
	[ERNAT_POOL_USAGE_PEAK_SESSIONS] = ATTR_U64,
	[ERNAT_POOL_USAGE_HOSTS] = ATTR_U64,
	[ERNAT_POOL_USAGE_ALARM] = ATTR_U8,
	[ERNAT_POOL_USAGE_CREATED] = ATTR_U64,
	[ERNAT_POOL_USAGE_EXHAUSTED] = ATTR_U64,
	[ERNAT_POOL_USAGE_HOST_LIMITED] = ATTR_U64,
	[ERNAT_POOL_USAGE_OVERFLOWED] = ATTR_U64,
	[ERNAT_POOL_USAGE_RECLAIMED] = ATTR_U64,
	[ERNAT_POOL_USAGE_REROUTED] = ATTR_U64,
	[ERNAT_POOL_USAGE_BUSIEST_ADDR] = ATTR_ADDR,
	[ERNAT_POOL_USAGE_BUSIEST_PORT] = ATTR_U16,
	[ERNAT_POOL_USAGE_BUSIEST_PROTOCOL] = ATTR_U8,
	[ERNAT_POOL_USAGE_BUSIEST_SESSIONS] = ATTR_U64,
	[ERNAT_POOL_USAGE_BUSIEST_USED] = ATTR_U64,
	[ERNAT_POOL_USAGE_BUSIEST_PORTS] = ATTR_U64,
};

static const uint8_t source_kinds[ERNAT_SOURCE_USAGE_MAX + 1] = {
	[ERNAT_SOURCE_USAGE_NAME] = ATTR_STRING, [ERNAT_SOURCE_USAGE_ROLE] = ATTR_U8,
	[ERNAT_SOURCE_USAGE_HITS] = ATTR_U64,	 [ERNAT_SOURCE_USAGE_SESSIONS] = ATTR_U64,
	[ERNAT_SOURCE_USAGE_CREATED] = ATTR_U64,
};

static const uint8_t rule_kinds[ERNAT_RULE_USAGE_MAX + 1] = {
	[ERNAT_RULE_USAGE_NAME] = ATTR_STRING,	[ERNAT_RULE_USAGE_ACTION] = ATTR_U8,
	[ERNAT_RULE_USAGE_POOL] = ATTR_STRING,	[ERNAT_RULE_USAGE_HITS] = ATTR_U64,
	[ERNAT_RULE_USAGE_SESSIONS] = ATTR_U64, [ERNAT_RULE_USAGE_CREATED] = ATTR_U64,
	[ERNAT_RULE_USAGE_FAILED] = ATTR_U64,
};

static const uint8_t range_kinds[ERNAT_USAGE_RANGE_MAX + 1] = {
	[ERNAT_USAGE_RANGE_FIRST] = ATTR_ADDR,
	[ERNAT_USAGE_RANGE_LAST] = ATTR_ADDR,
	[ERNAT_USAGE_RANGE_STATE] = ATTR_U8,
	[ERNAT_USAGE_RANGE_SESSIONS] = ATTR_U64,
};

/* struct usage_kind - how the objects of one command look */
struct usage_kind {
	uint8_t cmd;
	uint16_t attr;
	uint16_t name;
	uint16_t max;
	const uint8_t *kinds;
	const char *what;
};

static const struct usage_kind usage_kinds[] = {
	{ ERNAT_CMD_GET_POOL, ERNAT_A_POOL_USAGE, ERNAT_POOL_USAGE_NAME, ERNAT_POOL_USAGE_MAX,
	  pool_kinds, "pool" },
	{ ERNAT_CMD_GET_SOURCE, ERNAT_A_SOURCE_USAGE, ERNAT_SOURCE_USAGE_NAME,
	  ERNAT_SOURCE_USAGE_MAX, source_kinds, "route-source" },
	{ ERNAT_CMD_GET_RULE, ERNAT_A_RULE_USAGE, ERNAT_RULE_USAGE_NAME, ERNAT_RULE_USAGE_MAX,
	  rule_kinds, "rule" },
};

static const struct usage_kind *find_kind(uint8_t cmd)
{
	const struct usage_kind *k = usage_kinds;

	while (k->cmd != cmd)
		k++;
	return k;
}

/* Kept as they come; they are read once it is known that they belong together. */
int usage_keep(const struct nlmsghdr *nlh, void *data)
{
	size_t len = MNL_ALIGN(nlh->nlmsg_len);
	struct usage_list *list = data;

	if (list->size - list->len < len) {
		list->size = (list->len + len) * 2;
		list->data = xrealloc(list->data, list->size);
	}
	memcpy(list->data + list->len, nlh, nlh->nlmsg_len);
	list->len += len;
	return MNL_CB_OK;
}

static bool add_range(struct usage *usage, const struct nlattr *attr)
{
	const struct nlattr *tb[ERNAT_USAGE_RANGE_MAX + 1];
	struct usage_range *range;

	if (!attr_parse(attr, tb, ERNAT_USAGE_RANGE_MAX, range_kinds))
		return false;
	if (!(usage->n_ranges & (usage->n_ranges - 1)))
		usage->range =
			xrealloc(usage->range, (usage->n_ranges * 2 + 1) * sizeof(*usage->range));
	range = &usage->range[usage->n_ranges++];
	range->first = tb[ERNAT_USAGE_RANGE_FIRST];
	range->last = tb[ERNAT_USAGE_RANGE_LAST];
	range->state = attr_u8(tb[ERNAT_USAGE_RANGE_STATE]);
	range->sessions = attr_u64(tb[ERNAT_USAGE_RANGE_SESSIONS]);
	return range->first;
}

static bool add_ranges(struct usage *usage, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == ERNAT_POOL_USAGE_RANGE && !add_range(usage, attr))
			return false;
	return true;
}

/* A pool of many ranges comes in several messages: the later ones add to it. */
static bool read_message(struct usage_list *list, const struct usage_kind *kind,
			 const struct nlmsghdr *nlh)
{
	const struct nlattr *tb[ERNAT_A_MAX + 1];
	struct usage *usage;

	client_parse(nlh, tb);
	if (!tb[kind->attr])
		return false;
	if (!tb[ERNAT_A_CONTINUE]) {
		if (!(list->n & (list->n - 1)))
			list->v = xrealloc(list->v, (list->n * 2 + 1) * sizeof(*list->v));
		usage = memset(&list->v[list->n++], 0, sizeof(*usage));
		if (!attr_parse(tb[kind->attr], usage->tb, kind->max, kind->kinds) ||
		    !usage->tb[kind->name])
			return false;
	}
	if (!list->n)
		return false;
	return kind->cmd != ERNAT_CMD_GET_POOL || add_ranges(&list->v[list->n - 1], tb[kind->attr]);
}

bool usage_read(struct usage_list *list, uint8_t cmd)
{
	const struct usage_kind *kind = find_kind(cmd);
	const struct nlmsghdr *nlh = (void *)list->data;
	int len = list->len;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (!read_message(list, kind, nlh)) {
			print_error("%s: the module's answer makes no sense to this command",
				    kind->what);
			return false;
		}
	}
	return true;
}

bool usage_get(struct client *c, uint8_t cmd, const char *name, struct usage_list *list)
{
	const struct usage_kind *kind = find_kind(cmd);
	struct nlmsghdr *nlh;
	int i;

	for (i = 0; i < TRIES; i++) {
		list->len = 0;
		nlh = client_msg(c, cmd, NLM_F_DUMP);
		if (name)
			mnl_attr_put_strz(nlh, ERNAT_A_NAME, name);
		if (client_talk(c, nlh, usage_keep, list)) {
			client_perror(c, kind->what);
			return false;
		}
		if (!client_interrupted(c))
			return usage_read(list, cmd);
	}
	print_error("%s: the ruleset changes faster than it can be read", kind->what);
	return false;
}

void usage_free(struct usage_list *list)
{
	unsigned int i;

	for (i = 0; i < list->n; i++)
		free(list->v[i].range);
	free(list->v);
	free(list->data);
}

double usage_busiest_percent(const struct usage *pool)
{
	return percent(attr_u64(pool->tb[ERNAT_POOL_USAGE_BUSIEST_USED]),
		       attr_u64(pool->tb[ERNAT_POOL_USAGE_BUSIEST_PORTS]));
}

const char *usage_state(uint8_t state)
{
	static const char *const words[] = {
		[ERNAT_STATE_ACTIVE] = "active",
		[ERNAT_STATE_STANDBY] = "standby",
		[ERNAT_STATE_DRAIN] = "drain",
	};

	return NAME_OF(words, state);
}

const char *usage_role(uint8_t role)
{
	static const char *const words[] = {
		[ERNAT_ROLE_NONE] = "none",
		[ERNAT_ROLE_MICROSOFT] = "microsoft",
		[ERNAT_ROLE_INTERNET] = "internet",
		[ERNAT_ROLE_PRIVATE] = "private",
	};

	return NAME_OF(words, role);
}

const char *usage_action(uint8_t action)
{
	static const char *const words[] = {
		[ERNAT_ACTION_SNAT] = "snat",
		[ERNAT_ACTION_EXEMPT] = "exempt",
		[ERNAT_ACTION_DROP] = "drop",
	};

	return NAME_OF(words, action);
}

void usage_busiest_json(const struct usage *pool)
{
	const struct nlattr *const *tb = pool->tb;
	char addr[PRINT_ADDR];

	if (!tb[ERNAT_POOL_USAGE_BUSIEST_ADDR]) {
		json_out_null("busiest");
		return;
	}
	json_out_object("busiest");
	json_out_string("destination", print_addr(tb[ERNAT_POOL_USAGE_BUSIEST_ADDR], addr));
	json_out_uint("destination_port", attr_u16(tb[ERNAT_POOL_USAGE_BUSIEST_PORT]));
	json_out_string("protocol",
			ip_protocol_name(attr_u8(tb[ERNAT_POOL_USAGE_BUSIEST_PROTOCOL])));
	json_out_uint("sessions", attr_u64(tb[ERNAT_POOL_USAGE_BUSIEST_SESSIONS]));
	json_out_share("percent", attr_u64(tb[ERNAT_POOL_USAGE_BUSIEST_USED]),
		       attr_u64(tb[ERNAT_POOL_USAGE_BUSIEST_PORTS]));
	json_out_object_end();
}

static void ranges_json(const struct usage *pool)
{
	char range[PRINT_ADDR];
	unsigned int i;

	json_out_array("addresses");
	for (i = 0; i < pool->n_ranges; i++) {
		json_out_object(NULL);
		json_out_string("range",
				print_range(pool->range[i].first, pool->range[i].last, range));
		json_out_string("state", usage_state(pool->range[i].state));
		json_out_uint("sessions", pool->range[i].sessions);
		json_out_object_end();
	}
	json_out_array_end();
}

void usage_pool_json(const struct usage *pool)
{
	const struct nlattr *const *tb = pool->tb;

	json_out_object(NULL);
	json_out_string("name", attr_str(tb[ERNAT_POOL_USAGE_NAME]));
	ranges_json(pool);
	json_out_uint("ports", attr_u64(tb[ERNAT_POOL_USAGE_PORTS]));
	json_out_uint("sessions", attr_u64(tb[ERNAT_POOL_USAGE_SESSIONS]));
	json_out_uint("peak_sessions", attr_u64(tb[ERNAT_POOL_USAGE_PEAK_SESSIONS]));
	json_out_uint("hosts", attr_u64(tb[ERNAT_POOL_USAGE_HOSTS]));
	usage_busiest_json(pool);
	json_out_bool("alarm", attr_u8(tb[ERNAT_POOL_USAGE_ALARM]));
	json_out_uint("created", attr_u64(tb[ERNAT_POOL_USAGE_CREATED]));
	json_out_uint("exhausted", attr_u64(tb[ERNAT_POOL_USAGE_EXHAUSTED]));
	json_out_uint("host_limited", attr_u64(tb[ERNAT_POOL_USAGE_HOST_LIMITED]));
	json_out_uint("overflowed", attr_u64(tb[ERNAT_POOL_USAGE_OVERFLOWED]));
	json_out_uint("reclaimed", attr_u64(tb[ERNAT_POOL_USAGE_RECLAIMED]));
	json_out_uint("rerouted", attr_u64(tb[ERNAT_POOL_USAGE_REROUTED]));
	json_out_object_end();
}

void usage_source_json(const struct usage *source, const uint64_t *routes)
{
	const struct nlattr *const *tb = source->tb;

	json_out_object(NULL);
	json_out_string("name", attr_str(tb[ERNAT_SOURCE_USAGE_NAME]));
	json_out_string("role", usage_role(attr_u8(tb[ERNAT_SOURCE_USAGE_ROLE])));
	if (routes)
		json_out_uint("routes", *routes);
	json_out_uint("hits", attr_u64(tb[ERNAT_SOURCE_USAGE_HITS]));
	json_out_uint("sessions", attr_u64(tb[ERNAT_SOURCE_USAGE_SESSIONS]));
	json_out_uint("created", attr_u64(tb[ERNAT_SOURCE_USAGE_CREATED]));
	json_out_object_end();
}
