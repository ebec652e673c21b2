// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "attr.h"
#include "client.h"
#include "filter.h"
#include "json.h"
#include "main.h"
#include "names.h"
#include "print.h"
#include "session.h"
#include "table.h"

static const uint8_t session_kinds[ERNAT_SESSION_MAX + 1] = {
	[ERNAT_SESSION_POOL] = ATTR_STRING,   [ERNAT_SESSION_RULE] = ATTR_STRING,
	[ERNAT_SESSION_SOURCE] = ATTR_STRING, [ERNAT_SESSION_PROTOCOL] = ATTR_U8,
	[ERNAT_SESSION_HOST] = ATTR_ADDR,     [ERNAT_SESSION_HOST_PORT] = ATTR_U16,
	[ERNAT_SESSION_MAPPED] = ATTR_ADDR,   [ERNAT_SESSION_MAPPED_PORT] = ATTR_U16,
	[ERNAT_SESSION_DEST] = ATTR_ADDR,     [ERNAT_SESSION_DEST_PORT] = ATTR_U16,
	[ERNAT_SESSION_ZONE] = ATTR_U16,      [ERNAT_SESSION_STATE] = ATTR_U8,
	[ERNAT_SESSION_AGE] = ATTR_U64,	      [ERNAT_SESSION_VRF] = ATTR_STRING,
};

bool session_parse(struct session *s, const struct nlattr *nest)
{
	if (!attr_parse(nest, s->tb, ERNAT_SESSION_MAX, session_kinds))
		return false;
	if (s->tb[ERNAT_SESSION_HOST] && s->tb[ERNAT_SESSION_MAPPED] && s->tb[ERNAT_SESSION_DEST])
		return true;
	errno = EBADMSG;
	return false;
}

const char *session_state(const struct session *s)
{
	static const char *const words[__ERNAT_SESSION_STATE_MAX] = {
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
	uint8_t state = attr_u8(s->tb[ERNAT_SESSION_STATE]);

	return state < __ERNAT_SESSION_STATE_MAX ? words[state] : "unknown";
}

void session_json(const char *key, const struct session *s)
{
	const struct nlattr *const *tb = s->tb;
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
	json_out_string("state", session_state(s));
	json_out_uint("age", attr_u64(tb[ERNAT_SESSION_AGE]));
	json_out_object_end();
}

static struct table *new_table(void)
{
	struct table *t = table_new();

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
	return t;
}

static void addr_cell(struct table *t, const struct session *s, unsigned int addr,
		      unsigned int port)
{
	char buf[PRINT_ADDR];

	table_cell(t, COLOR_NONE, "%s", print_addr_port(s->tb[addr], attr_u16(s->tb[port]), buf));
}

static void name_cell(struct table *t, const struct nlattr *name)
{
	table_cell(t, COLOR_NONE, "%s", name ? attr_str(name) : "-");
}

static void row(struct table *t, const struct session *s)
{
	char buf[PRINT_NUM];

	table_cell(t, COLOR_NONE, "%s", ip_protocol_name(attr_u8(s->tb[ERNAT_SESSION_PROTOCOL])));
	addr_cell(t, s, ERNAT_SESSION_HOST, ERNAT_SESSION_HOST_PORT);
	addr_cell(t, s, ERNAT_SESSION_MAPPED, ERNAT_SESSION_MAPPED_PORT);
	addr_cell(t, s, ERNAT_SESSION_DEST, ERNAT_SESSION_DEST_PORT);
	table_cell(t, COLOR_NONE, "%s", session_state(s));
	table_cell(t, COLOR_NONE, "%s", print_age(attr_u64(s->tb[ERNAT_SESSION_AGE]), buf));
	name_cell(t, s->tb[ERNAT_SESSION_POOL]);
	name_cell(t, s->tb[ERNAT_SESSION_RULE]);
	name_cell(t, s->tb[ERNAT_SESSION_SOURCE]);
	name_cell(t, s->tb[ERNAT_SESSION_VRF]);
	table_cell(t, COLOR_NONE, "%u", attr_u16(s->tb[ERNAT_SESSION_ZONE]));
}

/* struct output - begun with the first session, so that a refusal prints nothing */
struct output {
	struct table *table;
	bool begun;
};

static void begin(struct output *out)
{
	if (out->begun)
		return;
	out->begun = true;
	if (!opts.json) {
		out->table = new_table();
		return;
	}
	json_out_array(NULL);
	json_out_one_line();
}

static void end(struct output *out)
{
	if (out->table)
		table_end(out->table);
	else
		json_out_array_end();
}

static int print_session(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[ERNAT_A_MAX + 1];
	struct output *out = data;
	struct session s;

	client_parse(nlh, tb);
	if (!session_parse(&s, tb[ERNAT_A_SESSION]))
		return MNL_CB_ERROR;
	begin(out);
	if (out->table)
		row(out->table, &s);
	else
		session_json(NULL, &s);
	if (!print_failed())
		return MNL_CB_OK;
	errno = EPIPE;
	return MNL_CB_ERROR;
}

static int print_sessions(struct client *c, struct nlmsghdr *nlh)
{
	struct output out = {};
	int err = client_talk(c, nlh, print_session, &out);

	if (!err)
		begin(&out);
	if (out.begun)
		end(&out);
	/* That stdout failed is said, or not, where it is closed. */
	if (err && err != -EPIPE)
		client_perror(c, "session");
	else if (!err && client_interrupted(c))
		print_error("the table was resized meanwhile: a session may be listed twice");
	return err ? EXIT_FAILED : EXIT_OK;
}

int show_session_main(int argc, char **argv)
{
	struct nlmsghdr *nlh;
	struct client *c;
	int code;

	if (!filter_check(argc - 1, argv + 1))
		return EXIT_USAGE;
	c = client_open();
	if (!c)
		return EXIT_FAILED;
	nlh = client_msg(c, ERNAT_CMD_GET_SESSION, NLM_F_DUMP);
	filter_put(nlh, argc - 1, argv + 1);
	code = print_sessions(c, nlh);
	client_close(c);
	return code;
}
