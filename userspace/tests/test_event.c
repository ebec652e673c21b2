// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events as "show event" and "monitor" print them, which of them a filter
 * lets through, and what is said of those that were lost.
 */
#include "attr.h"
#include "event.h"
#include "json.h"
#include "main.h"
#include "monitor.h"
#include "show.h"

/* 2026-11-23 02:50:01.123456789 UTC */
#define NOW 1795402201123456789ULL
#define NSEC 1000000000ULL

static struct nlattr *nest;

static struct nlmsghdr *open_event(uint8_t type, uint64_t seq)
{
	struct nlmsghdr *nlh = begin();

	nest = mnl_attr_nest_start(nlh, ERNAT_A_EVENT);
	mnl_attr_put_u8(nlh, ERNAT_EVENT_TYPE, type);
	mnl_attr_put_u64(nlh, ERNAT_EVENT_SEQ, seq);
	mnl_attr_put_u64(nlh, ERNAT_EVENT_TIME, NOW);
	return nlh;
}

static struct nlmsghdr *close_event(struct nlmsghdr *nlh)
{
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

static void put_dest(struct nlmsghdr *nlh, const char *addr)
{
	mnl_attr_put_u8(nlh, ERNAT_EVENT_PROTOCOL, IPPROTO_TCP);
	put_addr(nlh, ERNAT_EVENT_DEST, addr);
	mnl_attr_put_u16(nlh, ERNAT_EVENT_DEST_PORT, 443);
}

static void put_counts(struct nlmsghdr *nlh, uint8_t subject, uint64_t count, uint64_t max)
{
	mnl_attr_put_u8(nlh, ERNAT_EVENT_SUBJECT, subject);
	mnl_attr_put_u64(nlh, ERNAT_EVENT_COUNT, count);
	mnl_attr_put_u64(nlh, ERNAT_EVENT_MAX_COUNT, max);
}

static struct nlmsghdr *pool_alarm(uint8_t type)
{
	struct nlmsghdr *nlh = open_event(type, 1);

	mnl_attr_put_strz(nlh, ERNAT_EVENT_POOL, "msft");
	put_dest(nlh, "52.96.0.1");
	put_counts(nlh, ERNAT_EVENT_SUBJECT_POOL, 51610, 64512);
	return close_event(nlh);
}

static struct nlmsghdr *host_alarm(void)
{
	struct nlmsghdr *nlh = open_event(ERNAT_EVENT_TYPE_ALARM_RAISED, 1);

	mnl_attr_put_strz(nlh, ERNAT_EVENT_POOL, "ms\033[2J");
	put_addr(nlh, ERNAT_EVENT_HOST, "10.1.0.10");
	mnl_attr_put_u16(nlh, ERNAT_EVENT_ZONE, 5);
	put_counts(nlh, ERNAT_EVENT_SUBJECT_HOST, 16383, 16384);
	return close_event(nlh);
}

static struct nlmsghdr *table_alarm(uint8_t subject)
{
	struct nlmsghdr *nlh = open_event(ERNAT_EVENT_TYPE_ALARM_RAISED, 1);

	put_counts(nlh, subject, 209716, 262144);
	return close_event(nlh);
}

static struct nlmsghdr *failed(uint8_t reason, uint64_t seq, uint64_t suppressed)
{
	struct nlmsghdr *nlh = open_event(ERNAT_EVENT_TYPE_FAILURE, seq);

	mnl_attr_put_u8(nlh, ERNAT_EVENT_REASON, reason);
	mnl_attr_put_strz(nlh, ERNAT_EVENT_POOL, "msft");
	mnl_attr_put_strz(nlh, ERNAT_EVENT_RULE, "m365");
	put_addr(nlh, ERNAT_EVENT_HOST, "10.1.0.10");
	mnl_attr_put_u16(nlh, ERNAT_EVENT_ZONE, 0);
	put_dest(nlh, "198.18.0.1");
	mnl_attr_put_u64(nlh, ERNAT_EVENT_SUPPRESSED, suppressed);
	return close_event(nlh);
}

static struct nlmsghdr *ruleset(uint32_t generation, const char *file)
{
	struct nlmsghdr *nlh = open_event(ERNAT_EVENT_TYPE_RULESET, 1);

	mnl_attr_put_u32(nlh, ERNAT_EVENT_GENERATION, generation);
	if (file)
		mnl_attr_put_strz(nlh, ERNAT_EVENT_FILE, file);
	return close_event(nlh);
}

static struct nlmsghdr *counted(uint8_t type, uint64_t count, uint64_t ended)
{
	struct nlmsghdr *nlh = open_event(type, 1);

	mnl_attr_put_u64(nlh, ERNAT_EVENT_COUNT, count);
	if (type == ERNAT_EVENT_TYPE_ADOPTED)
		mnl_attr_put_u64(nlh, ERNAT_EVENT_ENDED, ended);
	return close_event(nlh);
}

static struct nlmsghdr *session(uint8_t type, uint64_t seq)
{
	struct nlmsghdr *nlh = open_event(type, seq);

	mnl_attr_put_strz(nlh, ERNAT_EVENT_POOL, "msft");
	mnl_attr_put_strz(nlh, ERNAT_EVENT_RULE, "m365");
	mnl_attr_put_strz(nlh, ERNAT_EVENT_SOURCE, "er");
	put_addr(nlh, ERNAT_EVENT_HOST, "10.1.0.10");
	mnl_attr_put_u16(nlh, ERNAT_EVENT_HOST_PORT, 1234);
	mnl_attr_put_u16(nlh, ERNAT_EVENT_ZONE, 0);
	put_addr(nlh, ERNAT_EVENT_MAPPED, "198.51.100.1");
	mnl_attr_put_u16(nlh, ERNAT_EVENT_MAPPED_PORT, 5555);
	put_dest(nlh, "198.18.0.1");
	mnl_attr_put_u64(nlh, ERNAT_EVENT_CREATED, NOW - 12 * NSEC);
	return close_event(nlh);
}

static struct nlmsghdr *foreign(void)
{
	struct nlmsghdr *nlh = open_event(200, 1);

	mnl_attr_put_strz(nlh, ERNAT_EVENT_POOL, "msft");
	put_addr(nlh, ERNAT_EVENT_HOST, "10.1.0.10");
	mnl_attr_put_u32(nlh, ERNAT_EVENT_MAX + 7, 1);
	return close_event(nlh);
}

/* The line of an event, less its time */
static void says(const struct nlmsghdr *nlh, const char *want)
{
	const struct nlattr *tb[ERNAT_EVENT_MAX + 1];
	char line[512];

	snprintf(line, sizeof(line), "2026-11-23 02:50:01.123 %s\n", want);
	if (!event_parse(tb, nlh)) {
		ok(false, want);
		return;
	}
	capture();
	event_line(tb);
	is(release(), line, want);
}

static void says_json(const struct nlmsghdr *nlh, const char *want, const char *what)
{
	const struct nlattr *tb[ERNAT_EVENT_MAX + 1];
	char object[1024];

	snprintf(object, sizeof(object), "{%s}\n", want);
	if (!event_parse(tb, nlh)) {
		ok(false, what);
		return;
	}
	capture();
	json_out_one_line();
	event_json(tb);
	is(release(), object, what);
}

static void test_lines(void)
{
	says(pool_alarm(ERNAT_EVENT_TYPE_ALARM_RAISED),
	     "alarm raised: pool msft: 52.96.0.1:443 tcp uses 51610 of 64512 ports (80%)");
	says(pool_alarm(ERNAT_EVENT_TYPE_ALARM_CLEARED),
	     "alarm cleared: pool msft: 52.96.0.1:443 tcp uses 51610 of 64512 ports (80%)");
	says(host_alarm(), "alarm raised: pool ms\\x1b[2J: host 10.1.0.10 zone 5 has 16383 of "
			   "16384 sessions (99%)");
	says(table_alarm(ERNAT_EVENT_SUBJECT_CONNTRACK),
	     "alarm raised: conntrack table: 209716 of 262144 entries (80%)");
	says(table_alarm(77), "alarm raised: subject 77: 209716 of 262144");
	says(failed(ERNAT_REASON_EXHAUSTED, 1, 12),
	     "exhausted: pool msft, rule m365, host 10.1.0.10 to 198.18.0.1:443 tcp "
	     "(12 more not shown)");
	says(failed(ERNAT_REASON_HOST_LIMIT, 1, 0),
	     "host limit: pool msft, rule m365, host 10.1.0.10 to 198.18.0.1:443 tcp");
	says(failed(99, 1, 0),
	     "failure: pool msft, rule m365, host 10.1.0.10 to 198.18.0.1:443 tcp");
	says(ruleset(7, "/etc/ernat/ernat.conf"), "ruleset 7 in force (/etc/ernat/ernat.conf)");
	says(ruleset(7, NULL), "ruleset 7 in force");
	says(ruleset(0, NULL), "ruleset flushed");
	says(counted(ERNAT_EVENT_TYPE_ADOPTED, 12, 3),
	     "adopted 12 sessions, ended 3 connections that lacked a mapping");
	says(counted(ERNAT_EVENT_TYPE_CLEARED, 1, 0), "cleared 1 session");
	says(session(ERNAT_EVENT_TYPE_SESSION_CREATED, 1),
	     "session created: pool msft rule m365 tcp 10.1.0.10:1234 -> 198.51.100.1:5555 -> "
	     "198.18.0.1:443");
	says(session(ERNAT_EVENT_TYPE_SESSION_ENDED, 1),
	     "session ended: pool msft rule m365 tcp 10.1.0.10:1234 -> 198.51.100.1:5555 -> "
	     "198.18.0.1:443 after 12 s");
	says(foreign(), "event of type 200, which this command does not know: pool msft, "
			"host 10.1.0.10");
	says(close_event(open_event(201, 1)),
	     "event of type 201, which this command does not know");
}

#define HEAD(event) \
	"\"event\": \"" event "\", \"time\": \"2026-11-23T02:50:01.123456Z\", \"seq\": 1"

static void test_json(void)
{
	says_json(pool_alarm(ERNAT_EVENT_TYPE_ALARM_RAISED),
		  HEAD("alarm-raised") ", \"subject\": \"pool\", \"pool\": \"msft\", "
				       "\"protocol\": \"tcp\", \"destination\": \"52.96.0.1\", "
				       "\"destination_port\": 443, \"count\": 51610, "
				       "\"max\": 64512, \"percent\": 80.0",
		  "JSON: an alarm");
	says_json(failed(ERNAT_REASON_NAT, 1, 0),
		  HEAD("nat-refused") ", \"pool\": \"msft\", \"rule\": \"m365\", "
				      "\"protocol\": \"tcp\", \"source\": \"10.1.0.10\", "
				      "\"zone\": 0, \"destination\": \"198.18.0.1\", "
				      "\"destination_port\": 443, \"suppressed\": 0",
		  "JSON: a failure is called by its reason");
	says_json(ruleset(0, NULL), HEAD("ruleset") ", \"generation\": 0", "JSON: a flush");
	says_json(counted(ERNAT_EVENT_TYPE_ADOPTED, 12, 3),
		  HEAD("adopted") ", \"count\": 12, \"ended\": 3", "JSON: adoption");
	says_json(session(ERNAT_EVENT_TYPE_SESSION_ENDED, 1),
		  HEAD("session-ended") ", \"pool\": \"msft\", \"rule\": \"m365\", "
					"\"route_source\": \"er\", \"protocol\": \"tcp\", "
					"\"source\": \"10.1.0.10\", \"source_port\": 1234, "
					"\"zone\": 0, \"mapped\": \"198.51.100.1\", "
					"\"mapped_port\": 5555, \"destination\": \"198.18.0.1\", "
					"\"destination_port\": 443, "
					"\"created\": \"2026-11-23T02:49:49.123456Z\"",
		  "JSON: a session");
	says_json(foreign(), HEAD("type-200") ", \"pool\": \"msft\", \"source\": \"10.1.0.10\"",
		  "JSON: what a newer module tells");
}

static void test_bad_events(void)
{
	const struct nlattr *tb[ERNAT_EVENT_MAX + 1];
	struct nlmsghdr *nlh = begin();

	ok(!event_parse(tb, nlh), "an empty message is refused");
	nest = mnl_attr_nest_start(nlh, ERNAT_A_EVENT);
	mnl_attr_put_u8(nlh, ERNAT_EVENT_TYPE, ERNAT_EVENT_TYPE_RULESET);
	ok(!event_parse(tb, close_event(nlh)), "an event without number and time is refused");
	nlh = open_event(ERNAT_EVENT_TYPE_CLEARED, 1);
	mnl_attr_put_u32(nlh, ERNAT_EVENT_COUNT, 1);
	ok(!event_parse(tb, close_event(nlh)), "an event with a count of four bytes is refused");
}

/* Does "show event" with these words let the event through? */
static bool passes(const char *words, const struct nlmsghdr *nlh)
{
	const struct nlattr *tb[ERNAT_EVENT_MAX + 1];
	struct filter filter;
	char *argv[32];

	return filter_read(&filter, &event_view.filter, split(words, argv), argv) &&
	       event_parse(tb, nlh) && event_matches(&filter, tb);
}

static void test_filter(void)
{
	const uint8_t created = ERNAT_EVENT_TYPE_SESSION_CREATED;

	ok(passes("", ruleset(1, NULL)), "filter: nothing said, all pass");
	ok(passes("host 10.1.0.10", session(created, 1)), "filter: host");
	ok(passes("10.1.0.0/16", session(created, 1)), "filter: a bare prefix is a host");
	ok(passes("host 10.1.0.10:1234", session(created, 1)), "filter: host and port");
	ok(passes("mapped 198.51.100.1:5555 dest 198.18.0.0/15 protocol tcp pool msft rule m365 "
		  "route-source er",
		  session(created, 1)),
	   "filter: all words");
	ok(!passes("host 10.1.0.11", session(created, 1)), "filter: a host above");
	ok(!passes("host 10.1.0.0-10.1.0.9", session(created, 1)), "filter: a range below");
	ok(!passes("host ::/0", session(created, 1)), "filter: another family");
	ok(!passes("host 10.1.0.10:1235", session(created, 1)), "filter: another port");
	ok(!passes("host 10.1.0.10:1234", failed(ERNAT_REASON_NAT, 1, 0)),
	   "filter: a port where there is none");
	ok(!passes("mapped 198.51.100.1:5556", session(created, 1)), "filter: another mapping");
	ok(!passes("dest 198.18.0.1:80", session(created, 1)), "filter: another destination");
	ok(!passes("protocol udp", session(created, 1)), "filter: another protocol");
	ok(!passes("pool msf", session(created, 1)), "filter: a pool's name is taken whole");
	ok(!passes("rule m36 pool msft", session(created, 1)), "filter: all words have to hold");
	ok(!passes("host 10.1.0.10", ruleset(1, NULL)), "filter: no host is not that host");
	ok(!passes("vrf red", session(created, 1)), "filter: events have no VRF");
}

/* -- monitor --------------------------------------------------------------- */

static struct monitor monitor;
static struct monitor_group group;

/* What follows is heard by "monitor --count COUNT". */
static void watch(uint32_t count, bool json)
{
	memset(&monitor, 0, sizeof(monitor));
	monitor.count = count;
	group = (struct monitor_group){ .name = "sessions", .monitor = &monitor };
	opts.json = json;
	capture();
}

static void hear(uint64_t seq)
{
	monitor_take(session(ERNAT_EVENT_TYPE_SESSION_CREATED, seq), &group);
}

/* What was said of events that are lost, and how many lines there were in all */
static const char *heard(unsigned int *lines)
{
	static char lost[512];
	const char *s = release(), *end;

	opts.json = false;
	lost[0] = 0;
	for (*lines = 0; *s; s = end) {
		end = strchr(s, '\n') + 1;
		++*lines;
		if (strncmp(s, "2026-", 5))
			strncat(lost, s, end - s);
	}
	return lost;
}

static void test_gaps(void)
{
	unsigned int n;

	watch(0, false);
	hear(41);
	hear(42);
	hear(43);
	is(heard(&n), "", "monitor: no gap, nothing lost");
	ok(n == 3, "monitor: a line each");

	watch(0, false);
	hear(41);
	hear(44);
	hear(46);
	is(heard(&n), "2 events lost (sessions)\n1 event lost (sessions)\n",
	   "monitor: gaps are counted");

	watch(0, false);
	hear(1000);
	hear(1);
	hear(2);
	is(heard(&n), "", "monitor: numbers that begin anew are no gap");

	watch(0, false);
	hear(1);
	group.overrun = true;
	hear(2);
	hear(5);
	monitor_idle(&group);
	is(heard(&n), "2 events lost (sessions)\n",
	   "monitor: an overrun that a gap explains is said once");

	watch(0, false);
	hear(1);
	group.overrun = true;
	monitor_idle(&group);
	monitor_idle(&group);
	hear(4);
	is(heard(&n),
	   "events lost (sessions); the next one tells how many\n2 events lost (sessions)\n",
	   "monitor: an overrun does not wait for the next event");
}

static void test_monitor_filter(void)
{
	char *argv[32];
	unsigned int n;

	watch(0, false);
	filter_read(&monitor.filter, &event_view.filter, split("host 10.9.9.9", argv), argv);
	hear(1);
	hear(2);
	hear(4);
	is(heard(&n), "1 event lost (sessions)\n", "monitor: what is filtered out is not lost");
	ok(n == 1, "monitor: what is filtered out is not printed");

	watch(2, false);
	hear(1);
	ok(!monitor_done(&monitor), "monitor: one is not two");
	hear(2);
	ok(monitor_done(&monitor), "monitor: is done after so many");
	hear(3);
	heard(&n);
	ok(n == 2, "monitor: prints no more than so many");
	ok(monitor_take(begin(), &group) == MNL_CB_ERROR, "monitor: what is no event is refused");
}

static void test_monitor_json(void)
{
	watch(0, true);
	hear(1);
	group.overrun = true;
	monitor_idle(&group);
	monitor_take(ruleset(3, NULL), &group);
	monitor_take(failed(ERNAT_REASON_EXHAUSTED, 4, 0), &group);
	opts.json = false;
	is(release(),
	   "{\"event\": \"session-created\", \"time\": \"2026-11-23T02:50:01.123456Z\", "
	   "\"seq\": 1, \"pool\": \"msft\", \"rule\": \"m365\", \"route_source\": \"er\", "
	   "\"protocol\": \"tcp\", \"source\": \"10.1.0.10\", \"source_port\": 1234, \"zone\": 0, "
	   "\"mapped\": \"198.51.100.1\", \"mapped_port\": 5555, \"destination\": \"198.18.0.1\", "
	   "\"destination_port\": 443, \"created\": \"2026-11-23T02:49:49.123456Z\"}\n"
	   "{\"event\": \"lost\", \"group\": \"sessions\", \"count\": null}\n"
	   "{\"event\": \"ruleset\", \"time\": \"2026-11-23T02:50:01.123456Z\", \"seq\": 1, "
	   "\"generation\": 3}\n"
	   "{\"event\": \"lost\", \"group\": \"sessions\", \"count\": 2}\n"
	   "{\"event\": \"exhausted\", \"time\": \"2026-11-23T02:50:01.123456Z\", \"seq\": 4, "
	   "\"pool\": \"msft\", \"rule\": \"m365\", \"protocol\": \"tcp\", "
	   "\"source\": \"10.1.0.10\", \"zone\": 0, \"destination\": \"198.18.0.1\", "
	   "\"destination_port\": 443, \"suppressed\": 0}\n",
	   "monitor: a JSON object a line");
}

/* The ring is a stream of lines, or one array. */
static void test_ring(void)
{
	struct stream s;
	char *argv[32];

	capture();
	stream_init(&s, &event_view, split("pool msft", argv), argv);
	stream_take(ruleset(1, NULL), &s);
	stream_take(failed(ERNAT_REASON_EXHAUSTED, 1, 0), &s);
	stream_end(&s, true);
	is(release(),
	   "2026-11-23 02:50:01.123 exhausted: pool msft, rule m365, host 10.1.0.10 to "
	   "198.18.0.1:443 tcp\n",
	   "show event: filters by itself");
	opts.json = true;
	capture();
	stream_init(&s, &event_view, split("", argv), argv);
	stream_take(ruleset(1, NULL), &s);
	stream_take(ruleset(2, NULL), &s);
	stream_end(&s, true);
	opts.json = false;
	is(release(),
	   "[\n  {" HEAD("ruleset") ", \"generation\": 1},\n  {" HEAD(
		   "ruleset") ", \"generation\": 2}\n]\n",
	   "show event: JSON is an array");
}

int main(void)
{
	setenv("NO_COLOR", "1", 1);
	setenv("TZ", "UTC", 1);
	test_lines();
	test_json();
	test_bad_events();
	test_filter();
	test_gaps();
	test_monitor_filter();
	test_monitor_json();
	test_ring();
	return finish();
}
