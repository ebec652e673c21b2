// SPDX-License-Identifier: GPL-2.0-or-later
#include "attr.h"
#include "json.h"
#include "main.h"
#include "print.h"
#include "table.h"
#include "usage.h"

static void rule_json(const struct usage *rule)
{
	const struct nlattr *const *tb = rule->tb;

	json_out_object(NULL);
	json_out_string("name", attr_str(tb[ERNAT_RULE_USAGE_NAME]));
	json_out_string("action", usage_action(attr_u8(tb[ERNAT_RULE_USAGE_ACTION])));
	json_out_string("pool", attr_str(tb[ERNAT_RULE_USAGE_POOL]));
	json_out_uint("hits", attr_u64(tb[ERNAT_RULE_USAGE_HITS]));
	json_out_uint("sessions", attr_u64(tb[ERNAT_RULE_USAGE_SESSIONS]));
	json_out_uint("created", attr_u64(tb[ERNAT_RULE_USAGE_CREATED]));
	json_out_uint("failed", attr_u64(tb[ERNAT_RULE_USAGE_FAILED]));
	json_out_object_end();
}

static void rule_columns(struct table *t)
{
	table_column(t, "RULE", TABLE_SHRINK);
	table_column(t, "ACTION", 0);
	table_column(t, "POOL", TABLE_SHRINK);
	table_column(t, "HITS", TABLE_RIGHT);
	table_column(t, "SESSIONS", TABLE_RIGHT);
	table_column(t, "CREATED", TABLE_RIGHT);
	table_column(t, "FAILED", TABLE_RIGHT);
}

static void rule_row(struct table *t, const struct usage *rule)
{
	uint64_t failed = attr_u64(rule->tb[ERNAT_RULE_USAGE_FAILED]);

	table_cell(t, COLOR_BOLD, "%s", attr_str(rule->tb[ERNAT_RULE_USAGE_NAME]));
	table_cell(t, COLOR_NONE, "%s", usage_action(attr_u8(rule->tb[ERNAT_RULE_USAGE_ACTION])));
	table_name(t, attr_str(rule->tb[ERNAT_RULE_USAGE_POOL]));
	table_count(t, COLOR_NONE, attr_u64(rule->tb[ERNAT_RULE_USAGE_HITS]));
	table_count(t, COLOR_NONE, attr_u64(rule->tb[ERNAT_RULE_USAGE_SESSIONS]));
	table_count(t, COLOR_NONE, attr_u64(rule->tb[ERNAT_RULE_USAGE_CREATED]));
	table_count(t, failed ? COLOR_RED : COLOR_NONE, failed);
}

static void source_json(const struct usage *source)
{
	usage_source_json(source, NULL);
}

static void source_columns(struct table *t)
{
	table_column(t, "ROUTE-SOURCE", TABLE_SHRINK);
	table_column(t, "ROLE", 0);
	table_column(t, "HITS", TABLE_RIGHT);
	table_column(t, "SESSIONS", TABLE_RIGHT);
	table_column(t, "CREATED", TABLE_RIGHT);
}

static void source_row(struct table *t, const struct usage *source)
{
	table_cell(t, COLOR_BOLD, "%s", attr_str(source->tb[ERNAT_SOURCE_USAGE_NAME]));
	table_cell(t, COLOR_NONE, "%s", usage_role(attr_u8(source->tb[ERNAT_SOURCE_USAGE_ROLE])));
	table_count(t, COLOR_NONE, attr_u64(source->tb[ERNAT_SOURCE_USAGE_HITS]));
	table_count(t, COLOR_NONE, attr_u64(source->tb[ERNAT_SOURCE_USAGE_SESSIONS]));
	table_count(t, COLOR_NONE, attr_u64(source->tb[ERNAT_SOURCE_USAGE_CREATED]));
}

/* struct view - how one kind of object is shown */
struct view {
	const char *command;
	const char *what;
	uint8_t cmd;
	void (*columns)(struct table *t);
	void (*row)(struct table *t, const struct usage *usage);
	void (*json)(const struct usage *usage);
};

static void print_list(const struct view *view, const struct usage_list *list)
{
	struct table *t = NULL;
	unsigned int i;

	if (opts.json) {
		json_out_array(NULL);
	} else {
		t = table_new();
		view->columns(t);
	}
	for (i = 0; i < list->n; i++) {
		if (t)
			view->row(t, &list->v[i]);
		else
			view->json(&list->v[i]);
	}
	if (t)
		table_end(t);
	else
		json_out_array_end();
}

static int show(const struct view *view, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	struct usage_list list = {};
	int code = EXIT_FAILED;
	struct client *c;

	if (argc > 2)
		return usage_error(view->command, "it takes one NAME");
	c = client_open();
	if (!c)
		return EXIT_FAILED;
	if (usage_get(c, view->cmd, name, &list)) {
		if (name && !list.n) {
			print_error("there is no %s \"%s\"", view->what, name);
		} else {
			print_list(view, &list);
			code = EXIT_OK;
		}
	}
	usage_free(&list);
	client_close(c);
	return code;
}

int show_rule_main(int argc, char **argv)
{
	static const struct view view = {
		.command = "show rule",
		.what = "rule",
		.cmd = ERNAT_CMD_GET_RULE,
		.columns = rule_columns,
		.row = rule_row,
		.json = rule_json,
	};

	return show(&view, argc, argv);
}

int show_route_source_main(int argc, char **argv)
{
	static const struct view view = {
		.command = "show route-source",
		.what = "route source",
		.cmd = ERNAT_CMD_GET_SOURCE,
		.columns = source_columns,
		.row = source_row,
		.json = source_json,
	};

	return show(&view, argc, argv);
}
