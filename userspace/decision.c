// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "attr.h"
#include "client.h"
#include "decision.h"
#include "json.h"
#include "keys.h"
#include "names.h"
#include "print.h"
#include "usage.h"

static const uint8_t decision_kinds[ERNAT_DECISION_MAX + 1] = {
	[ERNAT_DECISION_SKIP] = ATTR_U8,      [ERNAT_DECISION_IN] = ATTR_STRING,
	[ERNAT_DECISION_OUT] = ATTR_STRING,   [ERNAT_DECISION_ROUTE] = ATTR_NEST,
	[ERNAT_DECISION_RETURN] = ATTR_NEST,  [ERNAT_DECISION_STEP] = ATTR_NEST,
	[ERNAT_DECISION_RULE] = ATTR_STRING,  [ERNAT_DECISION_ACTION] = ATTR_U8,
	[ERNAT_DECISION_POOL] = ATTR_STRING,  [ERNAT_DECISION_ADDRESS] = ATTR_ADDR,
	[ERNAT_DECISION_PAIRED] = ATTR_FLAG,  [ERNAT_DECISION_REPLY_MARK] = ATTR_MARK,
	[ERNAT_DECISION_SESSION] = ATTR_NEST,
};

static const uint8_t route_kinds[ERNAT_ROUTE_MAX + 1] = {
	[ERNAT_ROUTE_SOURCE] = ATTR_STRING, [ERNAT_ROUTE_PREFIX] = ATTR_ADDR,
	[ERNAT_ROUTE_PREFIX_LEN] = ATTR_U8, [ERNAT_ROUTE_TABLE] = ATTR_U32,
	[ERNAT_ROUTE_PROTOCOL] = ATTR_U8,   [ERNAT_ROUTE_METRIC] = ATTR_U32,
	[ERNAT_ROUTE_REALM] = ATTR_U32,	    [ERNAT_ROUTE_DEVICE] = ATTR_STRING,
	[ERNAT_ROUTE_VIA] = ATTR_ADDR,	    [ERNAT_ROUTE_LOOKUP] = ATTR_FLAG,
};

static const uint8_t step_kinds[ERNAT_STEP_MAX + 1] = {
	[ERNAT_STEP_RULE] = ATTR_STRING,
	[ERNAT_STEP_KEY] = ATTR_U8,
};

/* struct step - a rule that was asked */
struct step {
	const char *rule;
	const char *key; /* the first that does not hold; NULL: the rule matched */
};

bool decision_parse(struct decision *d, const struct nlmsghdr *nlh)
{
	const struct nlattr *tb[ERNAT_A_MAX + 1];

	memset(d, 0, sizeof(*d));
	client_parse(nlh, tb);
	d->nest = tb[ERNAT_A_DECISION];
	if (!d->nest) {
		errno = EBADMSG;
		return false;
	}
	if (!attr_parse(d->nest, d->tb, ERNAT_DECISION_MAX, decision_kinds) ||
	    !attr_parse(d->tb[ERNAT_DECISION_ROUTE], d->route, ERNAT_ROUTE_MAX, route_kinds) ||
	    !attr_parse(d->tb[ERNAT_DECISION_RETURN], d->back, ERNAT_ROUTE_MAX, route_kinds))
		return false;
	return !d->tb[ERNAT_DECISION_SESSION] ||
	       session_parse(d->session, d->tb[ERNAT_DECISION_SESSION]);
}

static const char *key_name(uint8_t attr)
{
	const struct kind_info *rule = &kinds[KIND_RULE];
	unsigned int i;

	for (i = 0; i < rule->n_keys; i++)
		if (rule->keys[i].attr == attr)
			return rule->keys[i].name;
	return "unknown";
}

static bool step_parse(struct step *step, const struct nlattr *attr)
{
	const struct nlattr *tb[ERNAT_STEP_MAX + 1];
	uint8_t key;

	if (mnl_attr_get_type(attr) != ERNAT_DECISION_STEP ||
	    !attr_parse(attr, tb, ERNAT_STEP_MAX, step_kinds) || !tb[ERNAT_STEP_RULE])
		return false;
	key = attr_u8(tb[ERNAT_STEP_KEY]);
	step->rule = attr_str(tb[ERNAT_STEP_RULE]);
	step->key = key ? key_name(key) : NULL;
	return true;
}

/* One word for scripts, a sentence for people. */
static const struct {
	const char *word;
	const char *text;
} skips[] = {
	[ERNAT_SKIP_NONE] = { NULL, NULL },
	[ERNAT_SKIP_OWN] = { "own",
			     "the router's own packet, and no rule says \"from local\": not touched" },
	[ERNAT_SKIP_MULTICAST] = { "multicast", "multicast or broadcast: not touched" },
	[ERNAT_SKIP_LOCAL] = { "local", "delivered to the router itself: not touched" },
	[ERNAT_SKIP_XFRM] = { "xfrm", "to be encrypted by IPsec first: not touched" },
	[ERNAT_SKIP_UNROUTABLE] = { "unroutable", "no route leads there: the router drops it" },
};

static unsigned int skip_of(const struct decision *d)
{
	unsigned int skip = attr_u8(d->tb[ERNAT_DECISION_SKIP]);

	return skip < sizeof(skips) / sizeof(skips[0]) ? skip : ERNAT_SKIP_NONE;
}

static uint8_t action_of(const struct decision *d)
{
	return attr_u8(d->tb[ERNAT_DECISION_ACTION]);
}

static const char *mark_str(const struct nlattr *attr, char buf[PRINT_NUM])
{
	struct ernat_mark mark;

	memcpy(&mark, mnl_attr_get_payload(attr), sizeof(mark));
	snprintf(buf, PRINT_NUM, "0x%x/0x%x", mark.value, mark.mask);
	return buf;
}

static const char *prefix_str(const struct nlattr *const *route, char buf[PRINT_ADDR + 4])
{
	char addr[PRINT_ADDR];

	snprintf(buf, PRINT_ADDR + 4, "%s/%u", print_addr(route[ERNAT_ROUTE_PREFIX], addr),
		 attr_u8(route[ERNAT_ROUTE_PREFIX_LEN]));
	return buf;
}

/* -- JSON ---------------------------------------------------------------- */

static void route_json(const char *key, const struct nlattr *const *route, bool there)
{
	char prefix[PRINT_ADDR + 4], via[PRINT_ADDR];

	if (!there) {
		json_out_null(key);
		return;
	}
	json_out_object(key);
	json_out_string("route_source", attr_str(route[ERNAT_ROUTE_SOURCE]));
	if (route[ERNAT_ROUTE_PREFIX]) {
		json_out_string("prefix", prefix_str(route, prefix));
		json_out_string("table", route_table_name(attr_u32(route[ERNAT_ROUTE_TABLE])));
		json_out_string("protocol",
				route_protocol_name(attr_u8(route[ERNAT_ROUTE_PROTOCOL])));
		json_out_uint("metric", attr_u32(route[ERNAT_ROUTE_METRIC]));
		json_out_bool("lookup", route[ERNAT_ROUTE_LOOKUP]);
	}
	if (route[ERNAT_ROUTE_REALM])
		json_out_uint("realm", attr_u32(route[ERNAT_ROUTE_REALM]));
	json_out_string("device", attr_str(route[ERNAT_ROUTE_DEVICE]));
	json_out_string("via",
			route[ERNAT_ROUTE_VIA] ? print_addr(route[ERNAT_ROUTE_VIA], via) : NULL);
	json_out_object_end();
}

static void steps_json(const struct decision *d)
{
	const struct nlattr *attr;
	struct step step;

	json_out_array("steps");
	mnl_attr_for_each_nested(attr, d->nest) {
		if (!step_parse(&step, attr))
			continue;
		json_out_object(NULL);
		json_out_string("rule", step.rule);
		json_out_bool("matched", !step.key);
		json_out_string("key", step.key);
		json_out_object_end();
	}
	json_out_array_end();
}

void decision_json(const struct decision *d)
{
	const struct nlattr *mark = d->tb[ERNAT_DECISION_REPLY_MARK];
	const struct nlattr *addr = d->tb[ERNAT_DECISION_ADDRESS];
	char buf[PRINT_ADDR];

	json_out_object(NULL);
	json_out_uint("schema", JSON_SCHEMA);
	json_out_string("skip", skips[skip_of(d)].word);
	json_out_string("in", attr_str(d->tb[ERNAT_DECISION_IN]));
	json_out_string("out", attr_str(d->tb[ERNAT_DECISION_OUT]));
	route_json("route", d->route, d->tb[ERNAT_DECISION_ROUTE]);
	route_json("return", d->back, d->tb[ERNAT_DECISION_RETURN]);
	steps_json(d);
	json_out_string("rule", attr_str(d->tb[ERNAT_DECISION_RULE]));
	json_out_string("action", action_of(d) ? usage_action(action_of(d)) : NULL);
	json_out_string("pool", attr_str(d->tb[ERNAT_DECISION_POOL]));
	json_out_string("address", addr ? print_addr(addr, buf) : NULL);
	json_out_bool("paired", d->tb[ERNAT_DECISION_PAIRED]);
	json_out_string("reply_mark", mark ? mark_str(mark, buf) : NULL);
	if (d->tb[ERNAT_DECISION_SESSION])
		session_json("session", d->session);
	else
		json_out_null("session");
	json_out_object_end();
}

/* -- Text ---------------------------------------------------------------- */

static void title(const char *what)
{
	printf("%s%-9s%s", print_color(COLOR_BOLD), what, print_color(COLOR_NONE));
}

/* A device or a name in front of which this word stands. */
static void named(const char *before, const struct nlattr *name)
{
	char buf[PRINT_NAME];

	if (name)
		printf("%s%s", before, print_escape(buf, attr_str(name)));
}

static void print_packet(const struct decision *d, const struct flow *flow)
{
	const struct nlattr *const *tb = flow->tb;
	uint8_t protocol = tb[ERNAT_FLOW_PROTOCOL] ? attr_u8(tb[ERNAT_FLOW_PROTOCOL]) : IPPROTO_TCP;
	char from[PRINT_ADDR], to[PRINT_ADDR];

	title("packet");
	printf("%s from %s to %s", ip_protocol_name(protocol),
	       tb[ERNAT_FLOW_SPORT] ?
		       print_addr_port(tb[ERNAT_FLOW_FROM], attr_u16(tb[ERNAT_FLOW_SPORT]), from) :
		       print_addr(tb[ERNAT_FLOW_FROM], from),
	       tb[ERNAT_FLOW_DPORT] ?
		       print_addr_port(tb[ERNAT_FLOW_TO], attr_u16(tb[ERNAT_FLOW_DPORT]), to) :
		       print_addr(tb[ERNAT_FLOW_TO], to));
	named(", in ", d->tb[ERNAT_DECISION_IN]);
	named(", out ", d->tb[ERNAT_DECISION_OUT]);
	if (tb[ERNAT_FLOW_MARK])
		printf(", mark 0x%x", attr_u32(tb[ERNAT_FLOW_MARK]));
	putchar('\n');
}

static void print_route(const char *what, const struct nlattr *const *route)
{
	char prefix[PRINT_ADDR + 4], via[PRINT_ADDR];

	title(what);
	printf("%s", route[ERNAT_ROUTE_PREFIX] ? prefix_str(route, prefix) : "none found");
	if (route[ERNAT_ROUTE_VIA])
		printf(" via %s", print_addr(route[ERNAT_ROUTE_VIA], via));
	named(" dev ", route[ERNAT_ROUTE_DEVICE]);
	if (route[ERNAT_ROUTE_PREFIX])
		printf(" table %s proto %s metric %u",
		       route_table_name(attr_u32(route[ERNAT_ROUTE_TABLE])),
		       route_protocol_name(attr_u8(route[ERNAT_ROUTE_PROTOCOL])),
		       attr_u32(route[ERNAT_ROUTE_METRIC]));
	if (route[ERNAT_ROUTE_REALM])
		printf(" realm %u", attr_u32(route[ERNAT_ROUTE_REALM]));
	putchar('\n');
	title("");
	if (route[ERNAT_ROUTE_SOURCE])
		named("route source ", route[ERNAT_ROUTE_SOURCE]);
	else
		printf("of no route source");
	printf("%s\n", route[ERNAT_ROUTE_LOOKUP] ? ", by that table alone" : "");
}

static void print_steps(const struct decision *d)
{
	const char *what = "rules";
	const struct nlattr *attr;
	char name[PRINT_NAME];
	struct step step;

	mnl_attr_for_each_nested(attr, d->nest) {
		if (!step_parse(&step, attr))
			continue;
		title(what);
		what = "";
		printf("%-20s ", print_escape(name, step.rule));
		if (step.key)
			printf("%sno: \"%s\" does not hold%s\n", print_color(COLOR_DIM), step.key,
			       print_color(COLOR_NONE));
		else
			printf("%smatches%s\n", print_color(COLOR_GREEN), print_color(COLOR_NONE));
	}
}

static void print_snat(const struct decision *d)
{
	const struct nlattr *addr = d->tb[ERNAT_DECISION_ADDRESS];
	char buf[PRINT_ADDR];

	named("translated from pool ", d->tb[ERNAT_DECISION_POOL]);
	if (!addr) {
		printf("; no active address of the family is in it\n");
		return;
	}
	printf(": %s, %s\n", print_addr(addr, buf),
	       d->tb[ERNAT_DECISION_PAIRED] ? "which the host holds now" :
					      "which the host would prefer");
}

static void print_action(const struct decision *d)
{
	const struct nlattr *mark = d->tb[ERNAT_DECISION_REPLY_MARK];
	unsigned int skip = skip_of(d);
	char buf[PRINT_NUM];

	title("decision");
	if (skip != ERNAT_SKIP_NONE)
		printf("%s\n", skips[skip].text);
	else if (action_of(d) == ERNAT_ACTION_SNAT)
		print_snat(d);
	else if (action_of(d) == ERNAT_ACTION_EXEMPT)
		printf("exempt: leaves untranslated, no later NAT rule is asked\n");
	else if (action_of(d) == ERNAT_ACTION_DROP)
		printf("dropped\n");
	else
		printf("no rule matches: left to others\n");
	if (!mark)
		return;
	title("");
	printf("its replies get the mark %s\n", mark_str(mark, buf));
}

static void print_session(const struct decision *d)
{
	const struct nlattr *const *tb = d->session;
	char from[PRINT_ADDR], mapped[PRINT_ADDR], to[PRINT_ADDR], age[PRINT_NUM];

	title("session");
	if (!d->tb[ERNAT_DECISION_SESSION]) {
		printf("none lives\n");
		return;
	}
	printf("%s as %s to %s, %s for %s",
	       print_addr_port(tb[ERNAT_SESSION_HOST], attr_u16(tb[ERNAT_SESSION_HOST_PORT]), from),
	       print_addr_port(tb[ERNAT_SESSION_MAPPED], attr_u16(tb[ERNAT_SESSION_MAPPED_PORT]),
			       mapped),
	       print_addr_port(tb[ERNAT_SESSION_DEST], attr_u16(tb[ERNAT_SESSION_DEST_PORT]), to),
	       session_state(tb), print_age(attr_u64(tb[ERNAT_SESSION_AGE]), age));
	named(", rule ", tb[ERNAT_SESSION_RULE]);
	named(", pool ", tb[ERNAT_SESSION_POOL]);
	putchar('\n');
}

void decision_print(const struct decision *d, const struct flow *flow)
{
	print_packet(d, flow);
	/* What is not asked for a route has none worth a line. */
	if (d->route[ERNAT_ROUTE_PREFIX] || skip_of(d) == ERNAT_SKIP_NONE)
		print_route("route", d->route);
	if (d->tb[ERNAT_DECISION_RETURN])
		print_route("return", d->back);
	print_steps(d);
	print_action(d);
	print_session(d);
}
