// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ernat_version.h>

#include "alarm.h"
#include "attr.h"
#include "config.h"
#include "json.h"
#include "main.h"
#include "print.h"
#include "routes.h"
#include "status.h"
#include "table.h"
#include "usage.h"

#define BAR 20

static const uint8_t status_kinds[ERNAT_STATUS_MAX + 1] = {
	[ERNAT_STATUS_VERSION] = ATTR_STRING, [ERNAT_STATUS_GENERATION] = ATTR_U32,
	[ERNAT_STATUS_AGE] = ATTR_U64,	      [ERNAT_STATUS_FILE] = ATTR_STRING,
	[ERNAT_STATUS_HASH] = ATTR_HASH,      [ERNAT_STATUS_ROUTER] = ATTR_STRING,
	[ERNAT_STATUS_SETS] = ATTR_U32,	      [ERNAT_STATUS_POOLS] = ATTR_U32,
	[ERNAT_STATUS_SOURCES] = ATTR_U32,    [ERNAT_STATUS_RULES] = ATTR_U32,
	[ERNAT_STATUS_SESSIONS] = ATTR_U64,   [ERNAT_STATUS_CT_COUNT] = ATTR_U32,
	[ERNAT_STATUS_CT_MAX] = ATTR_U32,     [ERNAT_STATUS_CT_ALARM] = ATTR_U8,
};

static void copy(char *to, size_t size, const struct nlattr *attr)
{
	snprintf(to, size, "%s", attr ? attr_str(attr) : "");
}

static void copy_hash(char hash[65], const struct nlattr *attr)
{
	const uint8_t *bytes;
	unsigned int i;

	if (!attr)
		return;
	bytes = mnl_attr_get_payload(attr);
	for (i = 0; i < 32; i++)
		sprintf(hash + 2 * i, "%02x", bytes[i]);
}

static int read_status(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[ERNAT_STATUS_MAX + 1];
	struct status *s = data;

	if (!attr_parse_reply(nlh, ERNAT_A_STATUS, tb, ERNAT_STATUS_MAX, status_kinds))
		return MNL_CB_ERROR;
	copy(s->version, sizeof(s->version), tb[ERNAT_STATUS_VERSION]);
	copy(s->file, sizeof(s->file), tb[ERNAT_STATUS_FILE]);
	copy(s->router, sizeof(s->router), tb[ERNAT_STATUS_ROUTER]);
	copy_hash(s->hash, tb[ERNAT_STATUS_HASH]);
	s->generation = attr_u32(tb[ERNAT_STATUS_GENERATION]);
	s->age = attr_u64(tb[ERNAT_STATUS_AGE]);
	s->sets = attr_u32(tb[ERNAT_STATUS_SETS]);
	s->pools = attr_u32(tb[ERNAT_STATUS_POOLS]);
	s->sources = attr_u32(tb[ERNAT_STATUS_SOURCES]);
	s->rules = attr_u32(tb[ERNAT_STATUS_RULES]);
	s->sessions = attr_u64(tb[ERNAT_STATUS_SESSIONS]);
	s->ct_count = attr_u32(tb[ERNAT_STATUS_CT_COUNT]);
	s->ct_max = attr_u32(tb[ERNAT_STATUS_CT_MAX]);
	s->ct_alarm = attr_u8(tb[ERNAT_STATUS_CT_ALARM]);
	return MNL_CB_OK;
}

int status_get(struct client *c, struct status *status)
{
	memset(status, 0, sizeof(*status));
	return client_talk(c, client_msg(c, ERNAT_CMD_GET_STATUS, 0), read_status, status);
}

/* struct picture - all that one screen shows */
struct picture {
	struct status status;
	struct usage_list sources;
	struct usage_list pools;
	struct route_counts routes;
	int drift; /* 0: the file says what runs, 1: it does not, -1: unknown */
};

static bool take_picture(struct client *c, struct picture *p)
{
	if (status_get(c, &p->status)) {
		client_perror(c, "status");
		return false;
	}
	p->drift = -1;
	if (p->status.generation && *p->status.file)
		p->drift = config_drift(c, p->status.file);
	if (p->status.sources)
		routes_count(c, &p->routes);
	return usage_get(c, ERNAT_CMD_GET_SOURCE, NULL, &p->sources) &&
	       usage_get(c, ERNAT_CMD_GET_POOL, NULL, &p->pools);
}

static const uint64_t *source_routes(const struct picture *p, const struct usage *source)
{
	return routes_of(&p->routes, attr_str(source->tb[ERNAT_SOURCE_USAGE_NAME]));
}

/* -- JSON ---------------------------------------------------------------- */

static void ruleset_json(const struct picture *p)
{
	const struct status *s = &p->status;

	if (!s->generation) {
		json_out_null("ruleset");
		return;
	}
	json_out_object("ruleset");
	json_out_uint("generation", s->generation);
	json_out_string("file", *s->file ? s->file : NULL);
	json_out_string("hash", *s->hash ? s->hash : NULL);
	json_out_uint("age", s->age);
	if (p->drift < 0)
		json_out_null("drift");
	else
		json_out_bool("drift", p->drift);
	json_out_string("router", *s->router ? s->router : NULL);
	json_out_uint("sets", s->sets);
	json_out_uint("pools", s->pools);
	json_out_uint("route_sources", s->sources);
	json_out_uint("rules", s->rules);
	json_out_object_end();
}

static void counts_json(const struct status *s)
{
	json_out_uint("count", s->ct_count);
	json_out_uint("max", s->ct_max);
	json_out_percent("percent", percent(s->ct_count, s->ct_max));
}

static void conntrack_json(const struct status *s)
{
	json_out_object("conntrack");
	counts_json(s);
	json_out_bool("alarm", s->ct_alarm);
	json_out_object_end();
}

static bool in_alarm(const struct usage *pool)
{
	return attr_u8(pool->tb[ERNAT_POOL_USAGE_ALARM]);
}

/* The words of the event that raised it, with what is now. */
static void alarms_json(const struct picture *p)
{
	const struct status *s = &p->status;
	unsigned int i;

	json_out_array("alarms");
	for (i = 0; i < p->pools.n; i++) {
		if (!in_alarm(&p->pools.v[i]))
			continue;
		json_out_object(NULL);
		json_out_string("subject", "pool");
		json_out_string("pool", attr_str(p->pools.v[i].tb[ERNAT_POOL_USAGE_NAME]));
		usage_busiest_json(&p->pools.v[i]);
		json_out_object_end();
	}
	if (s->ct_alarm) {
		json_out_object(NULL);
		json_out_string("subject", "conntrack");
		counts_json(s);
		json_out_object_end();
	}
	json_out_array_end();
}

static void picture_json(const struct picture *p)
{
	unsigned int i;

	json_out_object(NULL);
	json_out_uint("schema", JSON_SCHEMA);
	json_out_string("command", ERNAT_VERSION);
	json_out_string("module", p->status.version);
	ruleset_json(p);
	json_out_uint("sessions", p->status.sessions);
	conntrack_json(&p->status);
	alarms_json(p);
	json_out_array("route_sources");
	for (i = 0; i < p->sources.n; i++)
		usage_source_json(&p->sources.v[i], source_routes(p, &p->sources.v[i]));
	json_out_array_end();
	json_out_array("pools");
	for (i = 0; i < p->pools.n; i++)
		usage_pool_json(&p->pools.v[i]);
	json_out_array_end();
	json_out_object_end();
}

/* -- Text ---------------------------------------------------------------- */

static const char *bar(double share, char buf[BAR + 3])
{
	unsigned int full = share >= 100 ? BAR : (unsigned int)(share * BAR / 100 + 0.5);
	char *s = buf;

	/* What is not nothing is to be seen. */
	if (!full && share > 0)
		full = 1;
	*s++ = '[';
	memset(s, '#', full);
	memset(s + full, '.', BAR - full);
	strcpy(s + BAR, "]");
	return buf;
}

static void title(const char *what)
{
	printf("%s%-10s%s ", print_color(COLOR_BOLD), what, print_color(COLOR_NONE));
}

static void warn(const char *text)
{
	printf("%s%s%s", print_color(COLOR_YELLOW), text, print_color(COLOR_NONE));
}

static void print_versions(const struct status *s)
{
	char name[PRINT_NAME];

	title("ernat");
	printf("command %s, module %s", ERNAT_VERSION, print_escape(name, s->version));
	if (strcmp(s->version, ERNAT_VERSION))
		warn("  these differ");
	putchar('\n');
}

static void print_number(uint32_t n, const char *what, const char *end)
{
	printf("%u %s%s%s", n, what, PLURAL(n), end);
}

static void print_ruleset(const struct picture *p)
{
	const struct status *s = &p->status;
	char buf[PRINT_NAME], age[PRINT_NUM];

	title("ruleset");
	if (!s->generation) {
		printf("no ruleset in this network namespace: ernat apply FILE\n");
		return;
	}
	printf("%s, applied %s ago", *s->file ? print_escape(buf, s->file) : "(no file)",
	       print_age(s->age, age));
	if (*s->hash)
		printf(", sha256 %.12s", s->hash);
	if (p->drift == 0)
		printf(", file unchanged");
	else if (p->drift > 0)
		warn(", the file has changed since: ernat diff shows how");
	else if (*s->file)
		warn(", the file is missing or no ruleset now");
	printf("\n%-10s ", "");
	if (*s->router)
		printf("router %s; ", print_escape(buf, s->router));
	print_number(s->sets, "set", ", ");
	print_number(s->pools, "pool", ", ");
	print_number(s->sources, "route source", ", ");
	print_number(s->rules, "rule", "\n");
}

static void print_conntrack(const struct status *s)
{
	double share = percent(s->ct_count, s->ct_max);
	char n[PRINT_NUM], max[PRINT_NUM], fill[BAR + 3];

	title("sessions");
	printf("%s\n", print_count(s->sessions, n));
	title("conntrack");
	printf("%s%s %5.1f%%%s  %s of %s\n", print_color(percent_color(share)), bar(share, fill),
	       share, print_color(COLOR_NONE), print_count(s->ct_count, n),
	       print_count(s->ct_max, max));
}

static void pool_alarm(struct text *t, const struct usage *pool)
{
	const struct nlattr *const *tb = pool->tb;

	alarm_pool(t, attr_str(tb[ERNAT_POOL_USAGE_NAME]), tb[ERNAT_POOL_USAGE_BUSIEST_ADDR],
		   attr_u16(tb[ERNAT_POOL_USAGE_BUSIEST_PORT]),
		   attr_u8(tb[ERNAT_POOL_USAGE_BUSIEST_PROTOCOL]),
		   attr_u64(tb[ERNAT_POOL_USAGE_BUSIEST_USED]),
		   attr_u64(tb[ERNAT_POOL_USAGE_BUSIEST_PORTS]));
}

/* Prints the text and empties it. */
static void alarm_line(struct text *t, bool first)
{
	title(first ? "alarms" : "");
	printf("%s%s%s\n", print_color(COLOR_RED), t->s, print_color(COLOR_NONE));
	text_free(t);
}

static void print_alarms(const struct picture *p)
{
	const struct status *s = &p->status;
	struct text text = {};
	bool first = true;
	unsigned int i;

	for (i = 0; i < p->pools.n; i++) {
		if (!in_alarm(&p->pools.v[i]))
			continue;
		pool_alarm(&text, &p->pools.v[i]);
		alarm_line(&text, first);
		first = false;
	}
	if (s->ct_alarm) {
		alarm_conntrack(&text, s->ct_count, s->ct_max);
		alarm_line(&text, first);
		first = false;
	}
	if (!first)
		return;
	title("alarms");
	printf("none\n");
}

static void print_sources(const struct picture *p)
{
	const struct usage_list *list = &p->sources;
	const uint64_t *routes;
	char buf[PRINT_NUM];
	struct table *t;
	unsigned int i;

	if (!list->n)
		return;
	putchar('\n');
	t = table_new();
	table_column(t, "ROUTE-SOURCE", TABLE_SHRINK);
	table_column(t, "ROLE", 0);
	table_column(t, "ROUTES", TABLE_RIGHT);
	table_column(t, "HITS", TABLE_RIGHT);
	table_column(t, "SESSIONS", TABLE_RIGHT);
	for (i = 0; i < list->n; i++) {
		const struct nlattr *const *tb = list->v[i].tb;

		table_cell(t, COLOR_NONE, "%s", attr_str(tb[ERNAT_SOURCE_USAGE_NAME]));
		table_cell(t, COLOR_NONE, "%s", usage_role(attr_u8(tb[ERNAT_SOURCE_USAGE_ROLE])));
		routes = source_routes(p, &list->v[i]);
		table_cell(t, COLOR_NONE, "%s", routes ? print_count(*routes, buf) : "-");
		table_count(t, COLOR_NONE, attr_u64(tb[ERNAT_SOURCE_USAGE_HITS]));
		table_count(t, COLOR_NONE, attr_u64(tb[ERNAT_SOURCE_USAGE_SESSIONS]));
	}
	table_end(t);
}

/* Without a busiest destination there is no share, rather than one of nothing. */
static void share_cells(struct table *t, const struct usage *pool)
{
	uint64_t ports = attr_u64(pool->tb[ERNAT_POOL_USAGE_BUSIEST_PORTS]);
	double share = usage_busiest_percent(pool);
	char buf[BAR + 3];

	if (ports)
		table_cell(t, percent_color(share), "%s", bar(share, buf));
	else
		table_cell(t, COLOR_DIM, "-");
	table_share(t, attr_u64(pool->tb[ERNAT_POOL_USAGE_BUSIEST_USED]), ports);
}

static void pool_row(struct table *t, const struct usage *pool)
{
	uint64_t failed = attr_u64(pool->tb[ERNAT_POOL_USAGE_EXHAUSTED]) +
			  attr_u64(pool->tb[ERNAT_POOL_USAGE_HOST_LIMITED]);
	bool alarm = in_alarm(pool);

	table_cell(t, COLOR_NONE, "%s", attr_str(pool->tb[ERNAT_POOL_USAGE_NAME]));
	share_cells(t, pool);
	table_count(t, COLOR_NONE, attr_u64(pool->tb[ERNAT_POOL_USAGE_SESSIONS]));
	table_count(t, COLOR_NONE, attr_u64(pool->tb[ERNAT_POOL_USAGE_PORTS]));
	table_count(t, failed ? COLOR_RED : COLOR_NONE, failed);
	table_cell(t, alarm ? COLOR_RED : COLOR_NONE, "%s", alarm ? "ALARM" : "-");
}

static void print_pools(const struct usage_list *list)
{
	struct table *t;
	unsigned int i;

	if (!list->n)
		return;
	putchar('\n');
	t = table_new();
	table_column(t, "POOL", TABLE_SHRINK);
	table_column(t, "BUSIEST DESTINATION", 0);
	table_column(t, "SHARE", TABLE_RIGHT);
	table_column(t, "SESSIONS", TABLE_RIGHT);
	table_column(t, "PORTS", TABLE_RIGHT);
	table_column(t, "FAILED", TABLE_RIGHT);
	table_column(t, "ALARM", 0);
	for (i = 0; i < list->n; i++)
		pool_row(t, &list->v[i]);
	table_end(t);
}

static void print_picture(const struct picture *p)
{
	print_versions(&p->status);
	print_ruleset(p);
	print_conntrack(&p->status);
	print_alarms(p);
	print_sources(p);
	print_pools(&p->pools);
}

int status_main(int argc, char **argv)
{
	struct picture *p;
	int code = EXIT_FAILED;
	struct client *c;

	(void)argv;
	if (argc > 1)
		return usage_error("status", "it takes no words");
	c = client_open();
	if (!c)
		return EXIT_FAILED;
	p = xalloc(sizeof(*p));
	if (take_picture(c, p)) {
		if (opts.json)
			picture_json(p);
		else
			print_picture(p);
		code = EXIT_OK;
	}
	routes_free(&p->routes);
	usage_free(&p->sources);
	usage_free(&p->pools);
	free(p);
	client_close(c);
	return code;
}
