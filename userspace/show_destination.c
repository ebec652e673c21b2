// SPDX-License-Identifier: GPL-2.0-or-later
#include "attr.h"
#include "destination.h"
#include "json.h"
#include "main.h"
#include "names.h"
#include "print.h"

static const uint8_t kinds[ERNAT_DEST_MAX + 1] = {
	[ERNAT_DEST_POOL] = ATTR_STRING,  [ERNAT_DEST_PROTOCOL] = ATTR_U8,
	[ERNAT_DEST_ADDR] = ATTR_ADDR,	  [ERNAT_DEST_PORT] = ATTR_U16,
	[ERNAT_DEST_SESSIONS] = ATTR_U64, [ERNAT_DEST_USED] = ATTR_U64,
	[ERNAT_DEST_PORTS] = ATTR_U64,
};

static void json(const struct nlattr *const *tb)
{
	uint64_t used = attr_u64(tb[ERNAT_DEST_USED]);
	uint64_t ports = attr_u64(tb[ERNAT_DEST_PORTS]);
	char addr[PRINT_ADDR];

	json_out_object(NULL);
	json_out_string("pool", attr_str(tb[ERNAT_DEST_POOL]));
	json_out_string("protocol", ip_protocol_name(attr_u8(tb[ERNAT_DEST_PROTOCOL])));
	json_out_string("destination", print_addr(tb[ERNAT_DEST_ADDR], addr));
	json_out_uint("destination_port", attr_u16(tb[ERNAT_DEST_PORT]));
	json_out_uint("sessions", attr_u64(tb[ERNAT_DEST_SESSIONS]));
	json_out_uint("used", used);
	json_out_uint("ports", ports);
	json_out_share("percent", used, ports);
	json_out_object_end();
}

static void columns(struct table *t)
{
	table_column(t, "PROTO", 0);
	table_column(t, "DESTINATION", 0);
	table_column(t, "POOL", TABLE_SHRINK);
	table_column(t, "SESSIONS", TABLE_RIGHT);
	table_column(t, "USED", TABLE_RIGHT);
	table_column(t, "PORTS", TABLE_RIGHT);
	table_column(t, "SHARE", TABLE_RIGHT);
}

static void row(struct table *t, const struct nlattr *const *tb)
{
	uint64_t used = attr_u64(tb[ERNAT_DEST_USED]);
	uint64_t ports = attr_u64(tb[ERNAT_DEST_PORTS]);
	char addr[PRINT_ADDR];

	table_cell(t, COLOR_NONE, "%s", ip_protocol_name(attr_u8(tb[ERNAT_DEST_PROTOCOL])));
	table_cell(t, COLOR_NONE, "%s",
		   print_addr_port(tb[ERNAT_DEST_ADDR], attr_u16(tb[ERNAT_DEST_PORT]), addr));
	table_name(t, attr_str(tb[ERNAT_DEST_POOL]));
	table_count(t, COLOR_NONE, attr_u64(tb[ERNAT_DEST_SESSIONS]));
	table_count(t, COLOR_NONE, used);
	table_count(t, COLOR_NONE, ports);
	table_share(t, used, ports);
}

static void rank(const struct nlattr *const *tb, struct heap_rank *rank)
{
	rank->part = attr_u64(tb[ERNAT_DEST_USED]);
	rank->whole = attr_u64(tb[ERNAT_DEST_PORTS]);
	rank->count = attr_u64(tb[ERNAT_DEST_SESSIONS]);
}

const struct stream_view destination_view = {
	.filter = { "show destination",
		    FILTER_BIT(ERNAT_FILTER_POOL) | FILTER_BIT(ERNAT_FILTER_DEST) |
			    FILTER_BIT(ERNAT_FILTER_DEST_PORT) | FILTER_BIT(ERNAT_FILTER_PROTOCOL),
		    ERNAT_FILTER_DEST },
	.what = "destination",
	.cmd = ERNAT_CMD_GET_DEST,
	.attr = ERNAT_A_DEST,
	.max = ERNAT_DEST_MAX,
	.kinds = kinds,
	.needed = ATTR_BIT(ERNAT_DEST_POOL) | ATTR_BIT(ERNAT_DEST_ADDR),
	.columns = columns,
	.row = row,
	.json = json,
	.rank = rank,
};

int show_destination_main(int argc, char **argv)
{
	return stream_main(&destination_view, argc, argv);
}
