// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What show and explain print of messages as the kernel sends them, and what
 * they refuse: a wrong size, a missing name, text that would steer a terminal.
 */
#include "attr.h"
#include "decision.h"
#include "filter.h"
#include "json.h"
#include "print.h"
#include "session.h"
#include "show.h"
#include "stats.h"
#include "table.h"
#include "usage.h"

static void put_range(struct nlmsghdr *nlh, const char *first, const char *last, uint8_t state)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, ERNAT_POOL_USAGE_RANGE);

	put_addr(nlh, ERNAT_USAGE_RANGE_FIRST, first);
	put_addr(nlh, ERNAT_USAGE_RANGE_LAST, last);
	mnl_attr_put_u8(nlh, ERNAT_USAGE_RANGE_STATE, state);
	mnl_attr_put_u64(nlh, ERNAT_USAGE_RANGE_SESSIONS, 3);
	mnl_attr_nest_end(nlh, nest);
}

static void put_session(struct nlmsghdr *nlh, uint16_t type)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put_strz(nlh, ERNAT_SESSION_POOL, "msft");
	mnl_attr_put_strz(nlh, ERNAT_SESSION_RULE, "m\033[2J");
	mnl_attr_put_u8(nlh, ERNAT_SESSION_PROTOCOL, IPPROTO_TCP);
	put_addr(nlh, ERNAT_SESSION_HOST, "2001:db8::2");
	mnl_attr_put_u16(nlh, ERNAT_SESSION_HOST_PORT, 40000);
	put_addr(nlh, ERNAT_SESSION_MAPPED, "2001:db8:beef::1");
	mnl_attr_put_u16(nlh, ERNAT_SESSION_MAPPED_PORT, 2000);
	put_addr(nlh, ERNAT_SESSION_DEST, "2603:1000::1");
	mnl_attr_put_u16(nlh, ERNAT_SESSION_DEST_PORT, 443);
	mnl_attr_put_u16(nlh, ERNAT_SESSION_ZONE, 7);
	mnl_attr_put_u8(nlh, ERNAT_SESSION_STATE, ERNAT_SESSION_STATE_ESTABLISHED);
	mnl_attr_put_u64(nlh, ERNAT_SESSION_AGE, 61);
	mnl_attr_nest_end(nlh, nest);
}

/* -- tests ---------------------------------------------------------------- */

static void test_numbers(void)
{
	char n[PRINT_NUM], name[PRINT_NAME];

	is(print_count(0, n), "0", "count: 0");
	is(print_count(1234567, n), "1,234,567", "count: thousands");
	is(print_count(UINT64_MAX, n), "1.8e+19", "count: what no one counts");
	is(print_age(59, n), "59s", "age: seconds");
	is(print_age(303, n), "5m03s", "age: minutes");
	is(print_age(90061, n), "1d01h", "age: days");
	ok(percent(1, 0) == 0.0, "percent: of nothing");
	is(print_escape(name, "a\033[0mb\xff"), "a\\x1b[0mb\\xff", "escape: control, no UTF-8");
}

static void test_stats(void)
{
	unsigned int i;
	bool all = true;

	for (i = 1; i <= ERNAT_STAT_MAX; i++)
		all = all && stat_infos[i].name && stat_infos[i].meaning;
	ok(all, "stats: every counter has a name and a meaning");
}

static void test_json(void)
{
	capture();
	json_out_object(NULL);
	json_out_string("a\"b", "c\\d\n\xff\xc3\xa9");
	json_out_uint("n", UINT64_MAX);
	json_out_array("empty");
	json_out_array_end();
	json_out_array("list");
	json_out_bool(NULL, true);
	json_out_null(NULL);
	json_out_array_end();
	json_out_object_end();
	is(release(),
	   "{\n  \"a\\\"b\": \"c\\\\d\\u000a\\ufffd\xc3\xa9\",\n"
	   "  \"n\": 18446744073709551615,\n  \"empty\": [],\n"
	   "  \"list\": [\n    true,\n    null\n  ]\n}\n",
	   "json: escapes, nesting, empty array");
}

static void test_table(void)
{
	struct table *t = table_new();
	unsigned int i, lines = 0;
	const char *s;

	capture();
	table_column(t, "NAME", 0);
	table_column(t, "N", TABLE_RIGHT);
	table_cell(t, COLOR_NONE, "a");
	table_cell(t, COLOR_NONE, "1");
	table_cell(t, COLOR_NONE, "b\n\xc3\xa9");
	table_cell(t, COLOR_RED, "1000");
	table_end(t);
	is(release(),
	   "NAME       N\n"
	   "a          1\n"
	   "b\\x0a\xc3\xa9  1000\n",
	   "table: aligned, escaped, no colour off a terminal");

	capture();
	t = table_new();
	table_column(t, "N", TABLE_RIGHT);
	for (i = 0; i < 3000; i++)
		table_cell(t, COLOR_NONE, "%u", i);
	table_end(t);
	for (s = release(); *s; s++)
		lines += *s == '\n';
	ok(lines == 3001, "table: streams what it does not keep");
}

/* As "show session" reads and sends it */
static bool filter(const char *line, struct nlmsghdr **nlh)
{
	struct filter f;
	char *argv[32];

	*nlh = begin();
	if (!filter_read(&f, &session_view.filter, split(line, argv), argv))
		return false;
	filter_put(*nlh, &f);
	return true;
}

/* Does the filter's nest of this type go from first to last? */
static bool spans(const struct nlattr *nest, const char *want)
{
	const struct nlattr *tb[ERNAT_RANGE_MAX + 1];
	char text[PRINT_ADDR];

	if (!nest)
		return false;
	client_parse_nested(nest, tb, ERNAT_RANGE_MAX);
	return !strcmp(print_range(tb[ERNAT_RANGE_FIRST], tb[ERNAT_RANGE_LAST], text), want);
}

static void test_filter(void)
{
	const struct nlattr *tb[ERNAT_FILTER_MAX + 1];
	struct nlmsghdr *nlh;

	ok(filter("", &nlh) && !find(nlh, ERNAT_A_FILTER), "filter: nothing is no filter");
	ok(filter("host 10.0.0.0/8 mapped 198.51.100.1:80 dest [2001:db8::/32]:443 protocol udp "
		  "pool p rule r route-source s vrf red",
		  &nlh),
	   "filter: all words");
	client_parse_nested(find(nlh, ERNAT_A_FILTER), tb, ERNAT_FILTER_MAX);
	ok(spans(tb[ERNAT_FILTER_HOST], "10.0.0.0/8"), "filter: host is a prefix");
	ok(!tb[ERNAT_FILTER_HOST_PORT], "filter: no port where none is said");
	ok(spans(tb[ERNAT_FILTER_MAPPED], "198.51.100.1") &&
		   attr_u16(tb[ERNAT_FILTER_MAPPED_PORT]) == 80,
	   "filter: IPv4 and port");
	ok(spans(tb[ERNAT_FILTER_DEST], "2001:db8::/32") &&
		   attr_u16(tb[ERNAT_FILTER_DEST_PORT]) == 443,
	   "filter: IPv6 prefix and port");
	ok(attr_u8(tb[ERNAT_FILTER_PROTOCOL]) == IPPROTO_UDP, "filter: protocol by name");
	is(attr_str(tb[ERNAT_FILTER_SOURCE]), "s", "filter: route source");
	ok(filter("host 2001:db8::1", &nlh), "filter: colons alone are IPv6, not a port");
	ok(filter("host 10.0.0.1-10.0.0.9:22", &nlh), "filter: a range and a port");
}

static void test_bad_filter(void)
{
	static const char *const bad[] = {
		"foo",
		"pool",
		"pool p pool q",
		"host 10.0.0.1/8",
		"host 10.0.0.1:65536",
		"host 10.0.0.1:",
		"host [::1",
		"host [::1]x",
		"host ::1/129",
		"protocol 256",
		"protocol nope",
		"vrf sixteen-letters-x",
		"dest :80",
		"host 10.0.0.9-10.0.0.1",
		"pool p rule",
	};
	struct nlmsghdr *nlh;
	char what[128];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(what, sizeof(what), "filter: refuses \"%s\"", bad[i]);
		ok(!filter(bad[i], &nlh), what);
	}
}

static void keep_pool(struct usage_list *list, bool more)
{
	struct nlmsghdr *nlh = begin();
	struct nlattr *nest;

	if (more)
		mnl_attr_put(nlh, ERNAT_A_CONTINUE, 0, NULL);
	nest = mnl_attr_nest_start(nlh, ERNAT_A_POOL_USAGE);
	mnl_attr_put_strz(nlh, ERNAT_POOL_USAGE_NAME, "p\"");
	if (more) {
		put_range(nlh, "2001:db8::", "2001:db8::f", ERNAT_STATE_DRAIN);
	} else {
		mnl_attr_put_u64(nlh, ERNAT_POOL_USAGE_PORTS, 1000);
		mnl_attr_put_u64(nlh, ERNAT_POOL_USAGE_SESSIONS, 250);
		mnl_attr_put_u8(nlh, ERNAT_POOL_USAGE_ALARM, 1);
		put_addr(nlh, ERNAT_POOL_USAGE_BUSIEST_ADDR, "52.96.0.1");
		mnl_attr_put_u16(nlh, ERNAT_POOL_USAGE_BUSIEST_PORT, 443);
		mnl_attr_put_u8(nlh, ERNAT_POOL_USAGE_BUSIEST_PROTOCOL, IPPROTO_TCP);
		mnl_attr_put_u64(nlh, ERNAT_POOL_USAGE_BUSIEST_SESSIONS, 130);
		mnl_attr_put_u64(nlh, ERNAT_POOL_USAGE_BUSIEST_USED, 125);
		mnl_attr_put_u64(nlh, ERNAT_POOL_USAGE_BUSIEST_PORTS, 500);
		put_range(nlh, "198.51.100.1", "198.51.100.3", ERNAT_STATE_ACTIVE);
	}
	mnl_attr_nest_end(nlh, nest);
	usage_keep(nlh, list);
}

static void test_pool(void)
{
	struct usage_list list = {};

	keep_pool(&list, false);
	keep_pool(&list, true);
	ok(usage_read(&list, ERNAT_CMD_GET_POOL) && list.n == 1 && list.v[0].n_ranges == 2,
	   "pool: a message that goes on adds addresses");
	capture();
	usage_pool_json(&list.v[0]);
	is(release(),
	   "{\n  \"name\": \"p\\\"\",\n  \"addresses\": [\n"
	   "    {\n      \"range\": \"198.51.100.1-198.51.100.3\",\n"
	   "      \"state\": \"active\",\n      \"sessions\": 3\n    },\n"
	   "    {\n      \"range\": \"2001:db8::/124\",\n"
	   "      \"state\": \"drain\",\n      \"sessions\": 3\n    }\n  ],\n"
	   "  \"ports\": 1000,\n  \"sessions\": 250,\n  \"peak_sessions\": 0,\n"
	   "  \"hosts\": 0,\n  \"busiest\": {\n    \"destination\": \"52.96.0.1\",\n"
	   "    \"destination_port\": 443,\n    \"protocol\": \"tcp\",\n"
	   "    \"sessions\": 130,\n    \"percent\": 25.0\n  },\n"
	   "  \"alarm\": true,\n  \"created\": 0,\n  \"exhausted\": 0,\n"
	   "  \"host_limited\": 0,\n  \"overflowed\": 0,\n  \"reclaimed\": 0,\n"
	   "  \"rerouted\": 0\n}\n",
	   "pool: JSON");
	usage_free(&list);
}

static void test_bad_usage(void)
{
	struct usage_list list = {};
	struct nlmsghdr *nlh = begin();
	struct nlattr *nest = mnl_attr_nest_start(nlh, ERNAT_A_RULE_USAGE);

	mnl_attr_put_strz(nlh, ERNAT_RULE_USAGE_NAME, "r");
	mnl_attr_put_u32(nlh, ERNAT_RULE_USAGE_HITS, 1);
	mnl_attr_nest_end(nlh, nest);
	usage_keep(nlh, &list);
	ok(!usage_read(&list, ERNAT_CMD_GET_RULE), "rule: a count of four bytes is refused");
	usage_free(&list);

	memset(&list, 0, sizeof(list));
	keep_pool(&list, true);
	ok(!usage_read(&list, ERNAT_CMD_GET_POOL), "pool: what goes on needs a beginning");
	usage_free(&list);
}

static void test_session(void)
{
	struct nlmsghdr *nlh = begin();
	const struct nlattr *s[ERNAT_SESSION_MAX + 1];

	put_session(nlh, ERNAT_A_SESSION);
	ok(session_parse(s, find(nlh, ERNAT_A_SESSION)), "session: is read");
	capture();
	session_json(NULL, s);
	is(release(),
	   "{\n  \"pool\": \"msft\",\n  \"rule\": \"m\\u001b[2J\",\n  \"route_source\": null,\n"
	   "  \"protocol\": \"tcp\",\n  \"source\": \"2001:db8::2\",\n"
	   "  \"source_port\": 40000,\n  \"mapped\": \"2001:db8:beef::1\",\n"
	   "  \"mapped_port\": 2000,\n  \"destination\": \"2603:1000::1\",\n"
	   "  \"destination_port\": 443,\n  \"zone\": 7,\n  \"vrf\": null,\n"
	   "  \"state\": \"established\",\n  \"age\": 61\n}\n",
	   "session: JSON");
	ok(!session_parse(s, NULL), "session: nothing is none");
}

static void put_route(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, ERNAT_DECISION_ROUTE);

	mnl_attr_put_strz(nlh, ERNAT_ROUTE_SOURCE, "er");
	put_addr(nlh, ERNAT_ROUTE_PREFIX, "52.96.0.0");
	mnl_attr_put_u8(nlh, ERNAT_ROUTE_PREFIX_LEN, 16);
	mnl_attr_put_u32(nlh, ERNAT_ROUTE_TABLE, 254);
	mnl_attr_put_u8(nlh, ERNAT_ROUTE_PROTOCOL, 186);
	mnl_attr_put_u32(nlh, ERNAT_ROUTE_METRIC, 20);
	mnl_attr_put_strz(nlh, ERNAT_ROUTE_DEVICE, "er0");
	put_addr(nlh, ERNAT_ROUTE_VIA, "203.0.113.2");
	mnl_attr_nest_end(nlh, nest);
}

static void put_step(struct nlmsghdr *nlh, const char *rule, uint8_t key)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, ERNAT_DECISION_STEP);

	mnl_attr_put_strz(nlh, ERNAT_STEP_RULE, rule);
	mnl_attr_put_u8(nlh, ERNAT_STEP_KEY, key);
	mnl_attr_nest_end(nlh, nest);
}

static void test_explain(void)
{
	struct nlmsghdr *nlh = begin();
	struct nlattr *nest = mnl_attr_nest_start(nlh, ERNAT_A_DECISION);
	char question[256];
	struct nlmsghdr *q = mnl_nlmsg_put_header(question);
	struct nlattr *flow_nest = mnl_attr_nest_start(q, ERNAT_A_FLOW);
	struct decision d;
	struct flow flow;

	put_route(nlh);
	put_step(nlh, "leaked", ERNAT_RULE_FROM);
	put_step(nlh, "m365", 0);
	mnl_attr_put_strz(nlh, ERNAT_DECISION_RULE, "m365");
	mnl_attr_put_u8(nlh, ERNAT_DECISION_ACTION, ERNAT_ACTION_SNAT);
	mnl_attr_put_strz(nlh, ERNAT_DECISION_POOL, "msft");
	put_addr(nlh, ERNAT_DECISION_ADDRESS, "198.51.100.7");
	mnl_attr_put(nlh, ERNAT_DECISION_PAIRED, 0, NULL);
	mnl_attr_nest_end(nlh, nest);
	put_addr(q, ERNAT_FLOW_FROM, "10.1.2.3");
	put_addr(q, ERNAT_FLOW_TO, "52.96.0.1");
	mnl_attr_put_u16(q, ERNAT_FLOW_DPORT, 443);
	mnl_attr_nest_end(q, flow_nest);
	client_parse_nested(flow_nest, flow.tb, ERNAT_FLOW_MAX);

	ok(decision_parse(&d, nlh), "explain: is read");
	capture();
	decision_print(&d, &flow);
	is(release(),
	   "packet   tcp from 10.1.2.3 to 52.96.0.1:443\n"
	   "route    52.96.0.0/16 via 203.0.113.2 dev er0 table main proto bgp metric 20\n"
	   "         route source er\n"
	   "rules    leaked               no: \"from\" does not hold\n"
	   "         m365                 matches\n"
	   "decision translated from pool msft: 198.51.100.7, which the host holds now\n"
	   "session  none lives\n",
	   "explain: the story");
	capture();
	decision_json(&d);
	ok(strstr(release(), "\"steps\": [\n    {\n      \"rule\": \"leaked\",\n"
			     "      \"matched\": false,\n      \"key\": \"from\"\n    },"),
	   "explain: steps in JSON");
}

int main(void)
{
	setenv("NO_COLOR", "1", 1);
	test_numbers();
	test_stats();
	test_json();
	test_table();
	test_filter();
	test_bad_filter();
	test_pool();
	test_bad_usage();
	test_session();
	test_explain();
	return finish();
}
