// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "alarm.h"
#include "attr.h"
#include "event.h"
#include "json.h"
#include "main.h"
#include "names.h"
#include "print.h"

#define NSEC 1000000000ULL

static const uint8_t event_kinds[ERNAT_EVENT_MAX + 1] = {
	[ERNAT_EVENT_TYPE] = ATTR_U8,	     [ERNAT_EVENT_SEQ] = ATTR_U64,
	[ERNAT_EVENT_TIME] = ATTR_U64,	     [ERNAT_EVENT_SUBJECT] = ATTR_U8,
	[ERNAT_EVENT_REASON] = ATTR_U8,	     [ERNAT_EVENT_POOL] = ATTR_STRING,
	[ERNAT_EVENT_RULE] = ATTR_STRING,    [ERNAT_EVENT_SOURCE] = ATTR_STRING,
	[ERNAT_EVENT_PROTOCOL] = ATTR_U8,    [ERNAT_EVENT_HOST] = ATTR_ADDR,
	[ERNAT_EVENT_HOST_PORT] = ATTR_U16,  [ERNAT_EVENT_ZONE] = ATTR_U16,
	[ERNAT_EVENT_MAPPED] = ATTR_ADDR,    [ERNAT_EVENT_MAPPED_PORT] = ATTR_U16,
	[ERNAT_EVENT_DEST] = ATTR_ADDR,	     [ERNAT_EVENT_DEST_PORT] = ATTR_U16,
	[ERNAT_EVENT_COUNT] = ATTR_U64,	     [ERNAT_EVENT_MAX_COUNT] = ATTR_U64,
	[ERNAT_EVENT_ENDED] = ATTR_U64,	     [ERNAT_EVENT_SUPPRESSED] = ATTR_U64,
	[ERNAT_EVENT_GENERATION] = ATTR_U32, [ERNAT_EVENT_FILE] = ATTR_STRING,
	[ERNAT_EVENT_CREATED] = ATTR_U64,    [ERNAT_EVENT_HOST_PREFIX_LEN] = ATTR_U8,
};

#define NEEDED (ATTR_BIT(ERNAT_EVENT_TYPE) | ATTR_BIT(ERNAT_EVENT_SEQ) | ATTR_BIT(ERNAT_EVENT_TIME))

static const char *const subjects[] = {
	[ERNAT_EVENT_SUBJECT_POOL] = "pool",
	[ERNAT_EVENT_SUBJECT_HOST] = "host",
	[ERNAT_EVENT_SUBJECT_CONNTRACK] = "conntrack",
};

/* struct failure_words - a reason: by itself, as the name of an event, at the head of a line */
struct failure_words {
	const char *reason;
	const char *event;
	const char *text;
};

static const struct failure_words failures[] = {
	[ERNAT_REASON_NONE] = { "unknown", "failure", "failure" },
	[ERNAT_REASON_EXHAUSTED] = { "exhausted", "exhausted", "exhausted" },
	[ERNAT_REASON_NO_ADDRESS] = { "no-address", "no-address", "no address" },
	[ERNAT_REASON_HOST_LIMIT] = { "host-limit", "host-limited", "host limit" },
	[ERNAT_REASON_NO_MEMORY] = { "no-memory", "no-memory", "no memory" },
	[ERNAT_REASON_NAT] = { "nat", "nat-refused", "nf_nat refused" },
};

static const struct failure_words *failure(uint8_t reason)
{
	return &failures[reason < __ERNAT_REASON_MAX ? reason : ERNAT_REASON_NONE];
}

const char *event_reason(uint8_t reason)
{
	return failure(reason)->reason;
}

bool event_parse(const struct nlattr **tb, const struct nlmsghdr *nlh)
{
	return attr_parse_reply(nlh, ERNAT_A_EVENT, tb, ERNAT_EVENT_MAX, event_kinds) &&
	       attr_have(tb, NEEDED);
}

bool event_matches(const struct filter *f, const struct nlattr *const *tb)
{
	static const uint16_t types[ERNAT_FILTER_MAX + 1] = {
		[ERNAT_FILTER_POOL] = ERNAT_EVENT_POOL,
		[ERNAT_FILTER_RULE] = ERNAT_EVENT_RULE,
		[ERNAT_FILTER_SOURCE] = ERNAT_EVENT_SOURCE,
		[ERNAT_FILTER_HOST] = ERNAT_EVENT_HOST,
		[ERNAT_FILTER_HOST_PORT] = ERNAT_EVENT_HOST_PORT,
		[ERNAT_FILTER_MAPPED] = ERNAT_EVENT_MAPPED,
		[ERNAT_FILTER_MAPPED_PORT] = ERNAT_EVENT_MAPPED_PORT,
		[ERNAT_FILTER_DEST] = ERNAT_EVENT_DEST,
		[ERNAT_FILTER_DEST_PORT] = ERNAT_EVENT_DEST_PORT,
		[ERNAT_FILTER_PROTOCOL] = ERNAT_EVENT_PROTOCOL,
	};

	return filter_matches(f, tb, types);
}

/* -- Text ---------------------------------------------------------------- */

static unsigned long long number(const struct nlattr *attr)
{
	return attr_u64(attr);
}

static void suppressed_text(struct text *t, const struct nlattr *const *tb)
{
	if (attr_u64(tb[ERNAT_EVENT_SUPPRESSED]))
		text_printf(t, " (%llu more not shown)", number(tb[ERNAT_EVENT_SUPPRESSED]));
}

static void alarm_text(struct text *t, const struct nlattr *const *tb)
{
	const char *pool = attr_str(tb[ERNAT_EVENT_POOL]);
	uint64_t count = attr_u64(tb[ERNAT_EVENT_COUNT]);
	uint64_t max = attr_u64(tb[ERNAT_EVENT_MAX_COUNT]);

	switch (attr_u8(tb[ERNAT_EVENT_SUBJECT])) {
	case ERNAT_EVENT_SUBJECT_POOL:
		alarm_pool(t, pool, tb[ERNAT_EVENT_DEST], attr_u16(tb[ERNAT_EVENT_DEST_PORT]),
			   attr_u8(tb[ERNAT_EVENT_PROTOCOL]), count, max);
		return;
	case ERNAT_EVENT_SUBJECT_HOST:
		alarm_host(t, pool, tb[ERNAT_EVENT_HOST], attr_u8(tb[ERNAT_EVENT_HOST_PREFIX_LEN]),
			   attr_u16(tb[ERNAT_EVENT_ZONE]), count, max);
		return;
	case ERNAT_EVENT_SUBJECT_CONNTRACK:
		alarm_conntrack(t, count, max);
		return;
	default:
		text_printf(t, "subject %u: %llu of %llu", attr_u8(tb[ERNAT_EVENT_SUBJECT]),
			    (unsigned long long)count, (unsigned long long)max);
	}
}

/* "pool msft, rule m365, host 10.1.0.10 to 198.18.0.1:443 tcp", as far as it is known */
static void parties_text(struct text *t, const struct nlattr *const *tb)
{
	const char *before = "";
	char buf[PRINT_ADDR];

	if (tb[ERNAT_EVENT_POOL]) {
		text_puts(t, "pool ");
		text_name(t, attr_str(tb[ERNAT_EVENT_POOL]));
		before = ", ";
	}
	if (tb[ERNAT_EVENT_RULE]) {
		text_printf(t, "%srule ", before);
		text_name(t, attr_str(tb[ERNAT_EVENT_RULE]));
		before = ", ";
	}
	if (tb[ERNAT_EVENT_HOST]) {
		text_puts(t, before);
		alarm_host_addr(t, tb[ERNAT_EVENT_HOST], 0, attr_u16(tb[ERNAT_EVENT_ZONE]));
	}
	if (tb[ERNAT_EVENT_DEST])
		text_printf(t, " to %s %s",
			    print_addr_port(tb[ERNAT_EVENT_DEST],
					    attr_u16(tb[ERNAT_EVENT_DEST_PORT]), buf),
			    ip_protocol_name(attr_u8(tb[ERNAT_EVENT_PROTOCOL])));
}

static void failure_text(struct text *t, const struct nlattr *const *tb)
{
	text_printf(t, "%s: ", failure(attr_u8(tb[ERNAT_EVENT_REASON]))->text);
	parties_text(t, tb);
	suppressed_text(t, tb);
}

static void ruleset_text(struct text *t, const struct nlattr *const *tb)
{
	if (!attr_u32(tb[ERNAT_EVENT_GENERATION])) {
		text_puts(t, "ruleset flushed");
		return;
	}
	text_printf(t, "ruleset %u in force", attr_u32(tb[ERNAT_EVENT_GENERATION]));
	if (!tb[ERNAT_EVENT_FILE])
		return;
	text_puts(t, " (");
	text_name(t, attr_str(tb[ERNAT_EVENT_FILE]));
	text_putc(t, ')');
}

static void adopted_text(struct text *t, const struct nlattr *const *tb)
{
	unsigned long long adopted = number(tb[ERNAT_EVENT_COUNT]);
	unsigned long long ended = number(tb[ERNAT_EVENT_ENDED]);

	text_printf(t, "adopted %llu session%s, ended %llu connection%s that lacked a mapping",
		    adopted, PLURAL(adopted), ended, PLURAL(ended));
}

static void session_text(struct text *t, const struct nlattr *const *tb)
{
	char buf[PRINT_ADDR];

	text_puts(t, "pool ");
	text_name(t, attr_str(tb[ERNAT_EVENT_POOL]));
	text_puts(t, " rule ");
	text_name(t, attr_str(tb[ERNAT_EVENT_RULE]));
	text_printf(t, " %s ", ip_protocol_name(attr_u8(tb[ERNAT_EVENT_PROTOCOL])));
	text_puts(t,
		  print_addr_port(tb[ERNAT_EVENT_HOST], attr_u16(tb[ERNAT_EVENT_HOST_PORT]), buf));
	if (attr_u16(tb[ERNAT_EVENT_ZONE]))
		text_printf(t, " zone %u", attr_u16(tb[ERNAT_EVENT_ZONE]));
	text_printf(t, " -> %s",
		    print_addr_port(tb[ERNAT_EVENT_MAPPED], attr_u16(tb[ERNAT_EVENT_MAPPED_PORT]),
				    buf));
	text_printf(t, " -> %s",
		    print_addr_port(tb[ERNAT_EVENT_DEST], attr_u16(tb[ERNAT_EVENT_DEST_PORT]),
				    buf));
}

/* By a clock that may have been set back meanwhile */
static void after_text(struct text *t, const struct nlattr *const *tb)
{
	uint64_t created = attr_u64(tb[ERNAT_EVENT_CREATED]);
	uint64_t ended = attr_u64(tb[ERNAT_EVENT_TIME]);

	if (created && created <= ended)
		text_printf(t, " after %llu s", (unsigned long long)((ended - created) / NSEC));
}

static void event_text(struct text *t, const struct nlattr *const *tb)
{
	unsigned long long count = number(tb[ERNAT_EVENT_COUNT]);
	uint8_t type = attr_u8(tb[ERNAT_EVENT_TYPE]);

	switch (type) {
	case ERNAT_EVENT_TYPE_ALARM_RAISED:
	case ERNAT_EVENT_TYPE_ALARM_CLEARED:
		text_printf(t, "alarm %s: ",
			    type == ERNAT_EVENT_TYPE_ALARM_RAISED ? "raised" : "cleared");
		alarm_text(t, tb);
		suppressed_text(t, tb);
		return;
	case ERNAT_EVENT_TYPE_FAILURE:
		failure_text(t, tb);
		return;
	case ERNAT_EVENT_TYPE_RULESET:
		ruleset_text(t, tb);
		return;
	case ERNAT_EVENT_TYPE_ADOPTED:
		adopted_text(t, tb);
		return;
	case ERNAT_EVENT_TYPE_CLEARED:
		text_printf(t, "cleared %llu session%s", count, PLURAL(count));
		return;
	case ERNAT_EVENT_TYPE_SESSION_CREATED:
		text_puts(t, "session created: ");
		session_text(t, tb);
		return;
	case ERNAT_EVENT_TYPE_SESSION_ENDED:
		text_puts(t, "session ended: ");
		session_text(t, tb);
		after_text(t, tb);
		return;
	default:
		text_printf(t, "event of type %u, which this command does not know", type);
		if (tb[ERNAT_EVENT_POOL] || tb[ERNAT_EVENT_RULE] || tb[ERNAT_EVENT_HOST])
			text_puts(t, ": ");
		parties_text(t, tb);
	}
}

void event_line(const struct nlattr *const *tb)
{
	struct text text = {};
	char time[PRINT_NUM];

	event_text(&text, tb);
	printf("%s %s\n", print_time_ms(attr_u64(tb[ERNAT_EVENT_TIME]), time), text.s);
	text_free(&text);
}

/* -- JSON ---------------------------------------------------------------- */

static void name_json(const struct nlattr *const *tb)
{
	static const char *const names[] = {
		[ERNAT_EVENT_TYPE_ALARM_RAISED] = "alarm-raised",
		[ERNAT_EVENT_TYPE_ALARM_CLEARED] = "alarm-cleared",
		[ERNAT_EVENT_TYPE_RULESET] = "ruleset",
		[ERNAT_EVENT_TYPE_ADOPTED] = "adopted",
		[ERNAT_EVENT_TYPE_CLEARED] = "cleared",
		[ERNAT_EVENT_TYPE_SESSION_CREATED] = "session-created",
		[ERNAT_EVENT_TYPE_SESSION_ENDED] = "session-ended",
	};
	uint8_t type = attr_u8(tb[ERNAT_EVENT_TYPE]);
	char number[PRINT_NUM];

	snprintf(number, sizeof(number), "type-%u", type);
	if (type == ERNAT_EVENT_TYPE_FAILURE)
		json_out_string("event", failure(attr_u8(tb[ERNAT_EVENT_REASON]))->event);
	else if (type && type < __ERNAT_EVENT_TYPE_MAX)
		json_out_string("event", NAME_OF(names, type));
	else
		json_out_string("event", number);
}

static void string_json(const char *key, const struct nlattr *attr)
{
	if (attr)
		json_out_string(key, attr_str(attr));
}

static void uint_json(const char *key, const struct nlattr *attr)
{
	if (attr)
		json_out_uint(key, attr_u64(attr));
}

static void addr_json(const char *key, const struct nlattr *attr)
{
	char buf[PRINT_ADDR];

	if (attr)
		json_out_string(key, print_addr(attr, buf));
}

static void u16_json(const char *key, const struct nlattr *attr)
{
	if (attr)
		json_out_uint(key, attr_u16(attr));
}

static void time_json(const char *key, const struct nlattr *attr)
{
	char buf[PRINT_NUM];

	if (attr)
		json_out_string(key, print_time_utc(attr_u64(attr), buf));
}

/* Hosts that are counted as one */
static bool is_group(const struct nlattr *const *tb)
{
	return tb[ERNAT_EVENT_HOST] && tb[ERNAT_EVENT_HOST_PREFIX_LEN] &&
	       attr_u8(tb[ERNAT_EVENT_HOST_PREFIX_LEN]) <
		       8 * mnl_attr_get_payload_len(tb[ERNAT_EVENT_HOST]);
}

static void count_json(const struct nlattr *const *tb)
{
	uint_json("count", tb[ERNAT_EVENT_COUNT]);
	if (!tb[ERNAT_EVENT_MAX_COUNT])
		return;
	uint_json("max", tb[ERNAT_EVENT_MAX_COUNT]);
	json_out_share("percent", attr_u64(tb[ERNAT_EVENT_COUNT]),
		       attr_u64(tb[ERNAT_EVENT_MAX_COUNT]));
}

void event_json(const struct nlattr *const *tb)
{
	json_out_object(NULL);
	name_json(tb);
	time_json("time", tb[ERNAT_EVENT_TIME]);
	uint_json("seq", tb[ERNAT_EVENT_SEQ]);
	if (tb[ERNAT_EVENT_SUBJECT])
		json_out_string("subject", NAME_OF(subjects, attr_u8(tb[ERNAT_EVENT_SUBJECT])));
	string_json("pool", tb[ERNAT_EVENT_POOL]);
	string_json("rule", tb[ERNAT_EVENT_RULE]);
	string_json("route_source", tb[ERNAT_EVENT_SOURCE]);
	if (tb[ERNAT_EVENT_PROTOCOL])
		json_out_string("protocol", ip_protocol_name(attr_u8(tb[ERNAT_EVENT_PROTOCOL])));
	addr_json("source", tb[ERNAT_EVENT_HOST]);
	if (is_group(tb))
		json_out_uint("prefix_length", attr_u8(tb[ERNAT_EVENT_HOST_PREFIX_LEN]));
	u16_json("source_port", tb[ERNAT_EVENT_HOST_PORT]);
	u16_json("zone", tb[ERNAT_EVENT_ZONE]);
	addr_json("mapped", tb[ERNAT_EVENT_MAPPED]);
	u16_json("mapped_port", tb[ERNAT_EVENT_MAPPED_PORT]);
	addr_json("destination", tb[ERNAT_EVENT_DEST]);
	u16_json("destination_port", tb[ERNAT_EVENT_DEST_PORT]);
	count_json(tb);
	uint_json("suppressed", tb[ERNAT_EVENT_SUPPRESSED]);
	if (tb[ERNAT_EVENT_GENERATION])
		json_out_uint("generation", attr_u32(tb[ERNAT_EVENT_GENERATION]));
	string_json("file", tb[ERNAT_EVENT_FILE]);
	time_json("created", tb[ERNAT_EVENT_CREATED]);
	uint_json("ended", tb[ERNAT_EVENT_ENDED]);
	json_out_object_end();
}

const struct stream_view event_view = {
	.filter = { "show event", FILTER_EVENTS, ERNAT_FILTER_HOST },
	.what = "event",
	.cmd = ERNAT_CMD_GET_EVENT,
	.attr = ERNAT_A_EVENT,
	.max = ERNAT_EVENT_MAX,
	.kinds = event_kinds,
	.needed = NEEDED,
	.line = event_line,
	.json = event_json,
	.matches = event_matches,
};

int show_event_main(int argc, char **argv)
{
	return stream_main(&event_view, argc, argv);
}
