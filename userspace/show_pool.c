// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "attr.h"
#include "json.h"
#include "main.h"
#include "names.h"
#include "print.h"
#include "table.h"
#include "usage.h"

static uint64_t count(const struct usage *pool, unsigned int attr)
{
	return attr_u64(pool->tb[attr]);
}

static void addresses_cell(struct table *t, const struct usage *pool)
{
	char range[PRINT_ADDR];

	if (!pool->n_ranges)
		table_cell(t, COLOR_DIM, "(removed)");
	else if (pool->n_ranges == 1)
		table_cell(t, COLOR_NONE, "%s",
			   print_range(pool->range->first, pool->range->last, range));
	else
		table_cell(t, COLOR_NONE, "%s +%u",
			   print_range(pool->range->first, pool->range->last, range),
			   pool->n_ranges - 1);
}

static uint64_t failed(const struct usage *pool)
{
	return count(pool, ERNAT_POOL_USAGE_EXHAUSTED) + count(pool, ERNAT_POOL_USAGE_HOST_LIMITED);
}

static void busiest_cells(struct table *t, const struct usage *pool)
{
	const struct nlattr *const *tb = pool->tb;
	char addr[PRINT_ADDR];

	if (!tb[ERNAT_POOL_USAGE_BUSIEST_ADDR]) {
		table_cell(t, COLOR_DIM, "-");
		table_cell(t, COLOR_DIM, "-");
		return;
	}
	table_cell(t, COLOR_NONE, "%s %s",
		   ip_protocol_name(attr_u8(tb[ERNAT_POOL_USAGE_BUSIEST_PROTOCOL])),
		   print_addr_port(tb[ERNAT_POOL_USAGE_BUSIEST_ADDR],
				   attr_u16(tb[ERNAT_POOL_USAGE_BUSIEST_PORT]), addr));
	table_share(t, count(pool, ERNAT_POOL_USAGE_BUSIEST_USED),
		    count(pool, ERNAT_POOL_USAGE_BUSIEST_PORTS));
}

static void print_pools(const struct usage_list *list)
{
	struct table *t = table_new();
	unsigned int i;

	table_column(t, "POOL", TABLE_SHRINK);
	table_column(t, "ADDRESSES", TABLE_SHRINK);
	table_column(t, "PORTS", TABLE_RIGHT);
	table_column(t, "SESSIONS", TABLE_RIGHT);
	table_column(t, "PEAK", TABLE_RIGHT);
	table_column(t, "HOSTS", TABLE_RIGHT);
	table_column(t, "BUSIEST", TABLE_SHRINK);
	table_column(t, "SHARE", TABLE_RIGHT);
	table_column(t, "FAILED", TABLE_RIGHT);
	table_column(t, "ALARM", 0);
	for (i = 0; i < list->n; i++) {
		const struct usage *pool = &list->v[i];
		bool alarm = attr_u8(pool->tb[ERNAT_POOL_USAGE_ALARM]);

		table_cell(t, COLOR_BOLD, "%s", attr_str(pool->tb[ERNAT_POOL_USAGE_NAME]));
		addresses_cell(t, pool);
		table_count(t, COLOR_NONE, count(pool, ERNAT_POOL_USAGE_PORTS));
		table_count(t, COLOR_NONE, count(pool, ERNAT_POOL_USAGE_SESSIONS));
		table_count(t, COLOR_NONE, count(pool, ERNAT_POOL_USAGE_PEAK_SESSIONS));
		table_count(t, COLOR_NONE, count(pool, ERNAT_POOL_USAGE_HOSTS));
		busiest_cells(t, pool);
		table_count(t, failed(pool) ? COLOR_RED : COLOR_NONE, failed(pool));
		table_cell(t, alarm ? COLOR_RED : COLOR_NONE, "%s", alarm ? "ALARM" : "-");
	}
	table_end(t);
}

static void count_line(const struct usage *pool, const char *what, unsigned int attr)
{
	char buf[PRINT_NUM];

	print_line(what, print_count(count(pool, attr), buf));
}

static void busiest_line(const struct usage *pool)
{
	const struct nlattr *const *tb = pool->tb;
	double share = usage_busiest_percent(pool);
	char addr[PRINT_ADDR], n[PRINT_NUM], text[256];
	int len;

	if (!tb[ERNAT_POOL_USAGE_BUSIEST_ADDR]) {
		print_line("busiest", "no destination has sessions");
		return;
	}
	len = snprintf(text, sizeof(text), "%s %s: %s sessions",
		       ip_protocol_name(attr_u8(tb[ERNAT_POOL_USAGE_BUSIEST_PROTOCOL])),
		       print_addr_port(tb[ERNAT_POOL_USAGE_BUSIEST_ADDR],
				       attr_u16(tb[ERNAT_POOL_USAGE_BUSIEST_PORT]), addr),
		       print_count(count(pool, ERNAT_POOL_USAGE_BUSIEST_SESSIONS), n));
	if (count(pool, ERNAT_POOL_USAGE_BUSIEST_PORTS))
		snprintf(text + len, sizeof(text) - len, ", %s%.1f%%%s of its ports",
			 print_color(percent_color(share)), share, print_color(COLOR_NONE));
	print_line("busiest", text);
}

static void print_ranges(const struct usage *pool)
{
	struct table *t = table_new();
	char range[PRINT_ADDR];
	unsigned int i;

	table_column(t, "  ADDRESSES", 0);
	table_column(t, "STATE", 0);
	table_column(t, "SESSIONS", TABLE_RIGHT);
	for (i = 0; i < pool->n_ranges; i++) {
		const struct usage_range *r = &pool->range[i];
		bool active = r->state == ERNAT_STATE_ACTIVE;

		table_cell(t, COLOR_NONE, "  %s", print_range(r->first, r->last, range));
		table_cell(t, active ? COLOR_GREEN : COLOR_YELLOW, "%s", usage_state(r->state));
		table_count(t, COLOR_NONE, r->sessions);
	}
	table_end(t);
}

static void print_pool(const struct usage *pool)
{
	bool alarm = attr_u8(pool->tb[ERNAT_POOL_USAGE_ALARM]);
	char name[PRINT_NAME];

	printf("%spool %s%s", print_color(COLOR_BOLD),
	       print_escape(name, attr_str(pool->tb[ERNAT_POOL_USAGE_NAME])),
	       print_color(COLOR_NONE));
	if (alarm)
		printf("  %sALARM%s", print_color(COLOR_RED), print_color(COLOR_NONE));
	putchar('\n');
	if (!pool->n_ranges)
		printf("  no longer in the ruleset; its last sessions run out\n");
	count_line(pool, "ports", ERNAT_POOL_USAGE_PORTS);
	count_line(pool, "sessions", ERNAT_POOL_USAGE_SESSIONS);
	count_line(pool, "peak sessions", ERNAT_POOL_USAGE_PEAK_SESSIONS);
	count_line(pool, "hosts", ERNAT_POOL_USAGE_HOSTS);
	busiest_line(pool);
	printf("  since the module was loaded:\n");
	count_line(pool, "created", ERNAT_POOL_USAGE_CREATED);
	count_line(pool, "exhausted", ERNAT_POOL_USAGE_EXHAUSTED);
	count_line(pool, "host limited", ERNAT_POOL_USAGE_HOST_LIMITED);
	count_line(pool, "overflowed", ERNAT_POOL_USAGE_OVERFLOWED);
	count_line(pool, "reclaimed", ERNAT_POOL_USAGE_RECLAIMED);
	count_line(pool, "rerouted", ERNAT_POOL_USAGE_REROUTED);
	if (pool->n_ranges)
		print_ranges(pool);
}

static void print_json(const struct usage_list *list)
{
	unsigned int i;

	json_out_array(NULL);
	for (i = 0; i < list->n; i++)
		usage_pool_json(&list->v[i]);
	json_out_array_end();
}

int show_pool_main(int argc, char **argv)
{
	struct usage_list list = {};
	const char *name = argc > 1 ? argv[1] : NULL;
	int code = EXIT_FAILED;
	struct client *c;

	if (argc > 2)
		return usage_error("show pool", "it takes one NAME");
	c = client_open();
	if (!c)
		return EXIT_FAILED;
	if (usage_get(c, ERNAT_CMD_GET_POOL, name, &list)) {
		code = EXIT_OK;
		if (name && !list.n) {
			print_error("there is no pool \"%s\"", name);
			code = EXIT_FAILED;
		} else if (opts.json) {
			print_json(&list);
		} else if (name) {
			print_pool(&list.v[0]);
		} else {
			print_pools(&list);
		}
	}
	usage_free(&list);
	client_close(c);
	return code;
}
