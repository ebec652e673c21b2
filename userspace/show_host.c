// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "attr.h"
#include "event.h"
#include "host.h"
#include "json.h"
#include "main.h"
#include "names.h"
#include "print.h"

static const uint8_t kinds[ERNAT_HOST_MAX + 1] = {
	[ERNAT_HOST_POOL] = ATTR_STRING,       [ERNAT_HOST_ADDR] = ATTR_ADDR,
	[ERNAT_HOST_PREFIX_LEN] = ATTR_U8,     [ERNAT_HOST_ZONE] = ATTR_U16,
	[ERNAT_HOST_SESSIONS] = ATTR_U32,      [ERNAT_HOST_LIMIT] = ATTR_U32,
	[ERNAT_HOST_ALARM] = ATTR_U8,	       [ERNAT_HOST_MAPPED] = ATTR_ADDR,
	[ERNAT_HOST_FAILED] = ATTR_U64,	       [ERNAT_HOST_FAILURE_REASON] = ATTR_U8,
	[ERNAT_HOST_FAILURE_TIME] = ATTR_U64,  [ERNAT_HOST_FAILURE_PROTOCOL] = ATTR_U8,
	[ERNAT_HOST_FAILURE_DEST] = ATTR_ADDR, [ERNAT_HOST_FAILURE_DEST_PORT] = ATTR_U16,
};

/* Is it a group of hosts by host-prefix? */
static bool is_prefix(const struct nlattr *const *tb)
{
	const struct nlattr *len = tb[ERNAT_HOST_PREFIX_LEN];

	return len && attr_u8(len) != mnl_attr_get_payload_len(tb[ERNAT_HOST_ADDR]) * 8;
}

static const char *print_host(const struct nlattr *const *tb, char buf[PRINT_ADDR])
{
	char addr[PRINT_ADDR];

	print_addr(tb[ERNAT_HOST_ADDR], addr);
	if (is_prefix(tb))
		snprintf(buf, PRINT_ADDR, "%.45s/%u", addr, attr_u8(tb[ERNAT_HOST_PREFIX_LEN]));
	else
		snprintf(buf, PRINT_ADDR, "%.45s", addr);
	return buf;
}

static void failure_json(const struct nlattr *const *tb)
{
	char buf[PRINT_ADDR], time[PRINT_NUM];

	if (!tb[ERNAT_HOST_FAILURE_REASON]) {
		json_out_null("last_failure");
		return;
	}
	json_out_object("last_failure");
	json_out_string("reason", event_reason(attr_u8(tb[ERNAT_HOST_FAILURE_REASON])));
	json_out_string("time", print_time_utc(attr_u64(tb[ERNAT_HOST_FAILURE_TIME]), time));
	json_out_string("protocol", ip_protocol_name(attr_u8(tb[ERNAT_HOST_FAILURE_PROTOCOL])));
	json_out_string("destination", tb[ERNAT_HOST_FAILURE_DEST] ?
					       print_addr(tb[ERNAT_HOST_FAILURE_DEST], buf) :
					       NULL);
	json_out_uint("destination_port", attr_u16(tb[ERNAT_HOST_FAILURE_DEST_PORT]));
	json_out_object_end();
}

static void json(const struct nlattr *const *tb)
{
	char addr[PRINT_ADDR];

	json_out_object(NULL);
	json_out_string("pool", attr_str(tb[ERNAT_HOST_POOL]));
	json_out_string("host", print_addr(tb[ERNAT_HOST_ADDR], addr));
	if (is_prefix(tb))
		json_out_uint("prefix_length", attr_u8(tb[ERNAT_HOST_PREFIX_LEN]));
	json_out_uint("zone", attr_u16(tb[ERNAT_HOST_ZONE]));
	json_out_uint("sessions", attr_u32(tb[ERNAT_HOST_SESSIONS]));
	if (tb[ERNAT_HOST_LIMIT])
		json_out_uint("limit", attr_u32(tb[ERNAT_HOST_LIMIT]));
	else
		json_out_null("limit");
	json_out_bool("alarm", attr_u8(tb[ERNAT_HOST_ALARM]));
	json_out_string("mapped",
			tb[ERNAT_HOST_MAPPED] ? print_addr(tb[ERNAT_HOST_MAPPED], addr) : NULL);
	json_out_uint("failed", attr_u64(tb[ERNAT_HOST_FAILED]));
	failure_json(tb);
	json_out_object_end();
}

static void columns(struct table *t)
{
	table_column(t, "HOST", 0);
	table_column(t, "POOL", TABLE_SHRINK);
	table_column(t, "MAPPED", 0);
	table_column(t, "SESSIONS", TABLE_RIGHT);
	table_column(t, "LIMIT", TABLE_RIGHT);
	table_column(t, "FAILED", TABLE_RIGHT);
	table_column(t, "LAST FAILURE", 0);
	table_column(t, "ZONE", TABLE_RIGHT);
	table_column(t, "ALARM", 0);
}

static void row(struct table *t, const struct nlattr *const *tb)
{
	uint64_t failed = attr_u64(tb[ERNAT_HOST_FAILED]);
	bool alarm = attr_u8(tb[ERNAT_HOST_ALARM]);
	char buf[PRINT_ADDR], time[PRINT_NUM];

	table_cell(t, COLOR_NONE, "%s", print_host(tb, buf));
	table_name(t, attr_str(tb[ERNAT_HOST_POOL]));
	table_cell(t, COLOR_NONE, "%s", print_addr(tb[ERNAT_HOST_MAPPED], buf));
	table_count(t, COLOR_NONE, attr_u32(tb[ERNAT_HOST_SESSIONS]));
	if (tb[ERNAT_HOST_LIMIT])
		table_count(t, COLOR_NONE, attr_u32(tb[ERNAT_HOST_LIMIT]));
	else
		table_cell(t, COLOR_DIM, "-");
	table_count(t, failed ? COLOR_RED : COLOR_NONE, failed);
	if (tb[ERNAT_HOST_FAILURE_REASON])
		table_cell(t, COLOR_NONE, "%s %s",
			   print_time(attr_u64(tb[ERNAT_HOST_FAILURE_TIME]), time),
			   event_reason(attr_u8(tb[ERNAT_HOST_FAILURE_REASON])));
	else
		table_cell(t, COLOR_DIM, "-");
	table_cell(t, COLOR_NONE, "%u", attr_u16(tb[ERNAT_HOST_ZONE]));
	table_cell(t, alarm ? COLOR_RED : COLOR_NONE, "%s", alarm ? "ALARM" : "-");
}

static const char *reason_sentence(uint8_t reason)
{
	static const char *const words[] = {
		[ERNAT_REASON_EXHAUSTED] = "no port was left in the pool and its overflow",
		[ERNAT_REASON_NO_ADDRESS] = "the pool has no active address of the family",
		[ERNAT_REASON_HOST_LIMIT] = "the host had as many sessions as it may",
		[ERNAT_REASON_NO_MEMORY] = "the kernel had no memory for the session",
		[ERNAT_REASON_NAT] = "nf_nat would not take the mapping",
	};

	return NAME_OF(words, reason);
}

static void failure_line(const struct nlattr *const *tb)
{
	char buf[PRINT_ADDR], time[PRINT_NUM], text[256];

	if (!tb[ERNAT_HOST_FAILURE_REASON]) {
		print_line("last failure", attr_u64(tb[ERNAT_HOST_FAILED]) ? "not lately" : "none");
		return;
	}
	snprintf(text, sizeof(text), "%s, to %s %s: %s",
		 print_time(attr_u64(tb[ERNAT_HOST_FAILURE_TIME]), time),
		 print_addr_port(tb[ERNAT_HOST_FAILURE_DEST],
				 attr_u16(tb[ERNAT_HOST_FAILURE_DEST_PORT]), buf),
		 ip_protocol_name(attr_u8(tb[ERNAT_HOST_FAILURE_PROTOCOL])),
		 reason_sentence(attr_u8(tb[ERNAT_HOST_FAILURE_REASON])));
	print_line("last failure", text);
}

/* One host by itself: all that is known, in lines. */
static void lines(const struct nlattr *const *tb)
{
	char buf[PRINT_ADDR], name[PRINT_NAME], n[PRINT_NUM], limit[PRINT_NUM], text[128];

	printf("%shost %s%s", print_color(COLOR_BOLD), print_host(tb, buf),
	       print_color(COLOR_NONE));
	if (attr_u8(tb[ERNAT_HOST_ALARM]))
		printf("  %sALARM%s", print_color(COLOR_RED), print_color(COLOR_NONE));
	putchar('\n');
	print_line("pool", print_escape(name, attr_str(tb[ERNAT_HOST_POOL])));
	snprintf(text, sizeof(text), "%u", attr_u16(tb[ERNAT_HOST_ZONE]));
	print_line("zone", text);
	print_line("mapped", print_addr(tb[ERNAT_HOST_MAPPED], buf));
	print_count(attr_u32(tb[ERNAT_HOST_SESSIONS]), n);
	if (tb[ERNAT_HOST_LIMIT])
		snprintf(text, sizeof(text), "%s of %s", n,
			 print_count(attr_u32(tb[ERNAT_HOST_LIMIT]), limit));
	print_line("sessions", tb[ERNAT_HOST_LIMIT] ? text : n);
	print_line("failed", print_count(attr_u64(tb[ERNAT_HOST_FAILED]), n));
	failure_line(tb);
}

static void rank(const struct nlattr *const *tb, struct heap_rank *rank)
{
	rank->count = attr_u32(tb[ERNAT_HOST_SESSIONS]);
}

const struct stream_view host_view = {
	.filter = { "show host", FILTER_BIT(ERNAT_FILTER_POOL) | FILTER_BIT(ERNAT_FILTER_HOST),
		    ERNAT_FILTER_HOST },
	.what = "host",
	.cmd = ERNAT_CMD_GET_HOST,
	.attr = ERNAT_A_HOST,
	.max = ERNAT_HOST_MAX,
	.kinds = kinds,
	.needed = ATTR_BIT(ERNAT_HOST_POOL) | ATTR_BIT(ERNAT_HOST_ADDR),
	.columns = columns,
	.row = row,
	.line = lines,
	.json = json,
	.rank = rank,
	.single = ERNAT_FILTER_HOST,
	.none = "no sessions of that host live, and none of its connections failed lately",
};

int show_host_main(int argc, char **argv)
{
	return stream_main(&host_view, argc, argv);
}
