// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "attr.h"
#include "client.h"
#include "json.h"
#include "main.h"
#include "print.h"
#include "stats.h"
#include "table.h"

const struct stat_info stat_infos[ERNAT_STAT_MAX + 1] = {
	[ERNAT_STAT_SESSIONS] = { "sessions", "sessions that live now" },
	[ERNAT_STAT_CREATED] = { "created", "sessions created" },
	[ERNAT_STAT_ENDED] = { "ended", "sessions ended" },
	[ERNAT_STAT_UNCONFIRMED] = { "unconfirmed",
				     "of the ended: conntrack never confirmed them" },
	[ERNAT_STAT_ADOPTED] = { "adopted", "of the created: found, not made by a first packet" },
	[ERNAT_STAT_SHARED] = { "shared",
				"first packets that took the mapping of a live session of their flow" },
	[ERNAT_STAT_EXEMPT] = { "exempt", "connections bound to no NAT by a rule" },
	[ERNAT_STAT_UNMATCHED] = { "unmatched",
				   "connections that no rule matched: left to others" },
	[ERNAT_STAT_OWN] = { "own", "connections of the router's own, not touched" },
	[ERNAT_STAT_DROP_RULE] = { "drop_rule", "dropped: a rule says drop" },
	[ERNAT_STAT_DROP_EXHAUSTED] = { "drop_exhausted",
					"dropped: no port left in the pool and its overflow" },
	[ERNAT_STAT_DROP_NO_ADDRESS] = { "drop_no_address",
					 "dropped: the pool has no active address of the family" },
	[ERNAT_STAT_DROP_HOST_LIMIT] = { "drop_host_limit",
					 "dropped: the host has as many sessions as it may" },
	[ERNAT_STAT_DROP_NO_MEMORY] = { "drop_no_memory",
					"dropped: the kernel had no memory for the session" },
	[ERNAT_STAT_DROP_NAT] = { "drop_nat", "dropped: nf_nat would not take the mapping" },
	[ERNAT_STAT_REJECTED] = { "rejected", "of the dropped: answered by ICMP" },
	[ERNAT_STAT_FOREIGN_PORT] = { "foreign_port",
				      "ports passed over: a conntrack entry of others has them" },
	[ERNAT_STAT_ROUTE_MISMATCH] = { "route_mismatch",
					"the route found has no next hop that the packet takes" },
	[ERNAT_STAT_REPLY_MARKED] = { "reply_marked", "connections given a reply-mark" },
	[ERNAT_STAT_DRAINED] = { "drained",
				 "sessions whose address left the ruleset while they lived" },
	[ERNAT_STAT_RECLAIMED] = { "reclaimed",
				   "closed TCP connections that gave their port to a new one early" },
	[ERNAT_STAT_CLEARED] = { "cleared", "sessions ended by request" },
	[ERNAT_STAT_UNMAPPED] = { "unmapped",
				  "connections ended: a snat rule matches them, nothing maps them" },
	[ERNAT_STAT_EVENTS] = { "events", "events made" },
	[ERNAT_STAT_EVENTS_SUPPRESSED] = { "events_suppressed",
					   "events not made: too many of a kind" },
	[ERNAT_STAT_EVENTS_LOST] = { "events_lost",
				     "events not sent: the kernel had no memory for them" },
	[ERNAT_STAT_SWEEPS] = { "sweeps", "searches for sessions that have ended" },
	[ERNAT_STAT_SWEEP_NS] = { "sweep_ns", "nanoseconds that the last search took" },
	[ERNAT_STAT_COMMITS] = { "commits", "rulesets made to run" },
	[ERNAT_STAT_REFUSED] = { "refused", "rulesets and objects of them refused" },
	[ERNAT_STAT_CT_COUNT] = { "ct_count", "conntrack: entries of this namespace" },
	[ERNAT_STAT_CT_MAX] = { "ct_max", "conntrack: how many it may have (nf_conntrack_max)" },
	[ERNAT_STAT_CT_INSERT_FAILED] = { "ct_insert_failed",
					  "conntrack: packets dropped, their mapping was taken" },
	[ERNAT_STAT_CT_DROP] = { "ct_drop", "conntrack: packets dropped, the table was full" },
	[ERNAT_STAT_CT_EARLY_DROP] = { "ct_early_drop",
				       "conntrack: entries given up early to make room" },
};

/* What is not 0 here cost somebody a connection. */
static bool is_failure(unsigned int i)
{
	return !strncmp(stat_infos[i].name, "drop_", 5) || i == ERNAT_STAT_CT_INSERT_FAILED ||
	       i == ERNAT_STAT_CT_DROP || i == ERNAT_STAT_CT_EARLY_DROP;
}

static void print_json(const struct nlattr *const *tb)
{
	unsigned int i;

	json_out_object(NULL);
	json_out_uint("schema", JSON_SCHEMA);
	for (i = 1; i <= ERNAT_STAT_MAX; i++)
		if (tb[i])
			json_out_uint(stat_infos[i].name, attr_u64(tb[i]));
	json_out_object_end();
}

static void print_table(const struct nlattr *const *tb)
{
	struct table *t = table_new();
	char buf[PRINT_NUM];
	enum print_color color;
	unsigned int i;

	table_column(t, "COUNTER", 0);
	table_column(t, "VALUE", TABLE_RIGHT);
	table_column(t, "MEANING", TABLE_SHRINK);
	for (i = 1; i <= ERNAT_STAT_MAX; i++) {
		if (!tb[i])
			continue;
		color = is_failure(i) && attr_u64(tb[i]) ? COLOR_RED : COLOR_NONE;
		table_cell(t, COLOR_NONE, "%s", stat_infos[i].name);
		table_cell(t, color, "%s", print_count(attr_u64(tb[i]), buf));
		table_cell(t, COLOR_NONE, "%s", stat_infos[i].meaning);
	}
	table_end(t);
}

static int print_stats(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[ERNAT_STAT_MAX + 1];
	uint8_t kinds[ERNAT_STAT_MAX + 1];

	(void)data;
	memset(kinds, ATTR_U64, sizeof(kinds));
	if (!attr_parse_reply(nlh, ERNAT_A_STATS, tb, ERNAT_STAT_MAX, kinds))
		return MNL_CB_ERROR;
	if (opts.json)
		print_json(tb);
	else
		print_table(tb);
	return MNL_CB_OK;
}

int show_stats_main(int argc, char **argv)
{
	int code = EXIT_OK;
	struct client *c;

	(void)argv;
	if (argc > 1)
		return usage_error("show stats", "it takes no words");
	c = client_open();
	if (!c)
		return EXIT_FAILED;
	if (client_talk(c, client_msg(c, ERNAT_CMD_GET_STATS, 0), print_stats, NULL)) {
		client_perror(c, "stats");
		code = EXIT_FAILED;
	}
	client_close(c);
	return code;
}
