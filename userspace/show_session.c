// SPDX-License-Identifier: GPL-2.0-or-later
#include "attr.h"
#include "json.h"
#include "main.h"
#include "names.h"
#include "print.h"
#include "session.h"

static const uint8_t session_kinds[ERNAT_SESSION_MAX + 1] = {
	[ERNAT_SESSION_POOL] = ATTR_STRING,   [ERNAT_SESSION_RULE] = ATTR_STRING,
	[ERNAT_SESSION_SOURCE] = ATTR_STRING, [ERNAT_SESSION_PROTOCOL] = ATTR_U8,
	[ERNAT_SESSION_HOST] = ATTR_ADDR,     [ERNAT_SESSION_HOST_PORT] = ATTR_U16,
	[ERNAT_SESSION_MAPPED] = ATTR_ADDR,   [ERNAT_SESSION_MAPPED_PORT] = ATTR_U16,
	[ERNAT_SESSION_DEST] = ATTR_ADDR,     [ERNAT_SESSION_DEST_PORT] = ATTR_U16,
	[ERNAT_SESSION_ZONE] = ATTR_U16,      [ERNAT_SESSION_STATE] = ATTR_U8,
	[ERNAT_SESSION_AGE] = ATTR_U64,	      [ERNAT_SESSION_VRF] = ATTR_STRING,
};

#define NEEDED                                                           \
	(ATTR_BIT(ERNAT_SESSION_HOST) | ATTR_BIT(ERNAT_SESSION_MAPPED) | \
	 ATTR_BIT(ERNAT_SESSION_DEST))

bool session_parse(const struct nlattr **tb, const struct nlattr *nest)
{
	return attr_parse(nest, tb, ERNAT_SESSION_MAX, session_kinds) && attr_have(tb, NEEDED);
}

const char *session_state(const struct nlattr *const *tb)
{
	static const char *const words[] = {
		[ERNAT_SESSION_STATE_NEW] = "new",
		[ERNAT_SESSION_STATE_UNREPLIED] = "unreplied",
		[ERNAT_SESSION_STATE_REPLIED] = "replied",
		[ERNAT_SESSION_STATE_ASSURED] = "assured",
		[ERNAT_SESSION_STATE_SYN_SENT] = "syn_sent",
		[ERNAT_SESSION_STATE_SYN_RECV] = "syn_recv",
		[ERNAT_SESSION_STATE_ESTABLISHED] = "established",
		[ERNAT_SESSION_STATE_FIN_WAIT] = "fin_wait",
		[ERNAT_SESSION_STATE_CLOSE_WAIT] = "close_wait",
		[ERNAT_SESSION_STATE_LAST_ACK] = "last_ack",
		[ERNAT_SESSION_STATE_TIME_WAIT] = "time_wait",
		[ERNAT_SESSION_STATE_CLOSE] = "close",
		[ERNAT_SESSION_STATE_ENDED] = "ended",
	};

	return NAME_OF(words, attr_u8(tb[ERNAT_SESSION_STATE]));
}

void session_json(const char *key, const struct nlattr *const *tb)
{
	char addr[PRINT_ADDR];

	json_out_object(key);
	json_out_string("pool", attr_str(tb[ERNAT_SESSION_POOL]));
	json_out_string("rule", attr_str(tb[ERNAT_SESSION_RULE]));
	json_out_string("route_source", attr_str(tb[ERNAT_SESSION_SOURCE]));
	json_out_string("protocol", ip_protocol_name(attr_u8(tb[ERNAT_SESSION_PROTOCOL])));
	json_out_string("source", print_addr(tb[ERNAT_SESSION_HOST], addr));
	json_out_uint("source_port", attr_u16(tb[ERNAT_SESSION_HOST_PORT]));
	json_out_string("mapped", print_addr(tb[ERNAT_SESSION_MAPPED], addr));
	json_out_uint("mapped_port", attr_u16(tb[ERNAT_SESSION_MAPPED_PORT]));
	json_out_string("destination", print_addr(tb[ERNAT_SESSION_DEST], addr));
	json_out_uint("destination_port", attr_u16(tb[ERNAT_SESSION_DEST_PORT]));
	json_out_uint("zone", attr_u16(tb[ERNAT_SESSION_ZONE]));
	json_out_string("vrf", attr_str(tb[ERNAT_SESSION_VRF]));
	json_out_string("state", session_state(tb));
	json_out_uint("age", attr_u64(tb[ERNAT_SESSION_AGE]));
	json_out_object_end();
}

static void json(const struct nlattr *const *tb)
{
	session_json(NULL, tb);
}

static void columns(struct table *t)
{
	table_column(t, "PROTO", 0);
	table_column(t, "SOURCE", 0);
	table_column(t, "MAPPED", 0);
	table_column(t, "DESTINATION", 0);
	table_column(t, "STATE", 0);
	table_column(t, "AGE", TABLE_RIGHT);
	table_column(t, "POOL", TABLE_SHRINK);
	table_column(t, "RULE", TABLE_SHRINK);
	table_column(t, "ROUTE-SOURCE", TABLE_SHRINK);
	table_column(t, "VRF", TABLE_SHRINK);
	table_column(t, "ZONE", TABLE_RIGHT);
}

static void addr_cell(struct table *t, const struct nlattr *addr, const struct nlattr *port)
{
	char buf[PRINT_ADDR];

	table_cell(t, COLOR_NONE, "%s", print_addr_port(addr, attr_u16(port), buf));
}

static void row(struct table *t, const struct nlattr *const *tb)
{
	char buf[PRINT_NUM];

	table_cell(t, COLOR_NONE, "%s", ip_protocol_name(attr_u8(tb[ERNAT_SESSION_PROTOCOL])));
	addr_cell(t, tb[ERNAT_SESSION_HOST], tb[ERNAT_SESSION_HOST_PORT]);
	addr_cell(t, tb[ERNAT_SESSION_MAPPED], tb[ERNAT_SESSION_MAPPED_PORT]);
	addr_cell(t, tb[ERNAT_SESSION_DEST], tb[ERNAT_SESSION_DEST_PORT]);
	table_cell(t, COLOR_NONE, "%s", session_state(tb));
	table_cell(t, COLOR_NONE, "%s", print_age(attr_u64(tb[ERNAT_SESSION_AGE]), buf));
	table_name(t, attr_str(tb[ERNAT_SESSION_POOL]));
	table_name(t, attr_str(tb[ERNAT_SESSION_RULE]));
	table_name(t, attr_str(tb[ERNAT_SESSION_SOURCE]));
	table_name(t, attr_str(tb[ERNAT_SESSION_VRF]));
	table_cell(t, COLOR_NONE, "%u", attr_u16(tb[ERNAT_SESSION_ZONE]));
}

const struct stream_view session_view = {
	.filter = { "show session", FILTER_SESSIONS, 0 },
	.what = "session",
	.cmd = ERNAT_CMD_GET_SESSION,
	.attr = ERNAT_A_SESSION,
	.max = ERNAT_SESSION_MAX,
	.kinds = session_kinds,
	.needed = NEEDED,
	.columns = columns,
	.row = row,
	.json = json,
};

int show_session_main(int argc, char **argv)
{
	return stream_main(&session_view, argc, argv);
}
