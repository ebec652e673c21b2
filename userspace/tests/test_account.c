// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who uses what: hosts and destinations as "show host" and "show destination"
 * print them, the highest ones of many, and what they may be chosen by.
 */
#include "attr.h"
#include "destination.h"
#include "heap.h"
#include "host.h"
#include "main.h"
#include "option.h"
#include "session.h"
#include "show.h"
#include "status.h"
#include "stream.h"
#include "usage.h"

/* 2026-11-23 02:50:01.123456789 UTC */
#define NOW 1795402201123456789ULL

/* -- messages ------------------------------------------------------------- */

struct host {
	const char *pool;
	const char *addr;
	uint8_t len;
	uint32_t sessions;
	uint32_t limit;
	uint64_t failed;
	uint8_t reason;
};

static struct nlmsghdr *host_message(const struct host *h)
{
	struct nlmsghdr *nlh = begin();
	struct nlattr *nest = mnl_attr_nest_start(nlh, ERNAT_A_HOST);

	mnl_attr_put_strz(nlh, ERNAT_HOST_POOL, h->pool);
	put_addr(nlh, ERNAT_HOST_ADDR, h->addr);
	mnl_attr_put_u8(nlh, ERNAT_HOST_PREFIX_LEN, h->len);
	mnl_attr_put_u16(nlh, ERNAT_HOST_ZONE, 7);
	mnl_attr_put_u32(nlh, ERNAT_HOST_SESSIONS, h->sessions);
	mnl_attr_put_u8(nlh, ERNAT_HOST_ALARM, h->limit && h->sessions >= h->limit);
	mnl_attr_put_u64(nlh, ERNAT_HOST_FAILED, h->failed);
	if (h->limit)
		mnl_attr_put_u32(nlh, ERNAT_HOST_LIMIT, h->limit);
	if (h->sessions)
		put_addr(nlh, ERNAT_HOST_MAPPED, "198.51.100.3");
	if (h->reason) {
		mnl_attr_put_u8(nlh, ERNAT_HOST_FAILURE_REASON, h->reason);
		mnl_attr_put_u64(nlh, ERNAT_HOST_FAILURE_TIME, NOW);
		mnl_attr_put_u8(nlh, ERNAT_HOST_FAILURE_PROTOCOL, IPPROTO_TCP);
		put_addr(nlh, ERNAT_HOST_FAILURE_DEST, "198.18.0.1");
		mnl_attr_put_u16(nlh, ERNAT_HOST_FAILURE_DEST_PORT, 443);
	}
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

static const struct host limited = {
	"msft", "10.1.0.10", 32, 2000, 2000, 812, ERNAT_REASON_HOST_LIMIT
};
static const struct host grouped = { "msft", "2001:db8::", 64, 5, 0, 1, 0 };
static const struct host silent = { "spare", "10.1.0.11", 32, 0, 0, 0, 0 };

static struct nlmsghdr *dest_message(const char *addr, uint64_t sessions, uint64_t used,
				     uint64_t ports)
{
	struct nlmsghdr *nlh = begin();
	struct nlattr *nest = mnl_attr_nest_start(nlh, ERNAT_A_DEST);

	mnl_attr_put_strz(nlh, ERNAT_DEST_POOL, "msft");
	mnl_attr_put_u8(nlh, ERNAT_DEST_PROTOCOL, IPPROTO_TCP);
	put_addr(nlh, ERNAT_DEST_ADDR, addr);
	mnl_attr_put_u16(nlh, ERNAT_DEST_PORT, 443);
	mnl_attr_put_u64(nlh, ERNAT_DEST_SESSIONS, sessions);
	mnl_attr_put_u64(nlh, ERNAT_DEST_USED, used);
	mnl_attr_put_u64(nlh, ERNAT_DEST_PORTS, ports);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

/* A stream of a command with these words, whose output is captured */
static bool start(struct stream *s, const struct stream_view *view, const char *words, bool json)
{
	char *argv[32];

	opts.json = json;
	capture();
	return stream_init(s, view, split(words, argv), argv);
}

static const char *stop(struct stream *s)
{
	stream_end(s, true);
	opts.json = false;
	return release();
}

/* -- tests ---------------------------------------------------------------- */

static void test_host(void)
{
	struct stream s;

	start(&s, &host_view, "", true);
	stream_take(host_message(&limited), &s);
	stream_take(host_message(&grouped), &s);
	is(stop(&s),
	   "[\n  {\"pool\": \"msft\", \"host\": \"10.1.0.10\", \"zone\": 7, \"sessions\": 2000, "
	   "\"limit\": 2000, \"alarm\": true, \"mapped\": \"198.51.100.3\", \"failed\": 812, "
	   "\"last_failure\": {\"reason\": \"host-limit\", "
	   "\"time\": \"2026-11-23T02:50:01.123456Z\", \"protocol\": \"tcp\", "
	   "\"destination\": \"198.18.0.1\", \"destination_port\": 443}},\n"
	   "  {\"pool\": \"msft\", \"host\": \"2001:db8::\", \"prefix_length\": 64, \"zone\": 7, "
	   "\"sessions\": 5, \"limit\": null, \"alarm\": false, \"mapped\": \"198.51.100.3\", "
	   "\"failed\": 1, \"last_failure\": null}\n]\n",
	   "host: JSON");

	start(&s, &host_view, "pool msft", false);
	stream_take(host_message(&limited), &s);
	stream_take(host_message(&grouped), &s);
	is(stop(&s),
	   "HOST           POOL  MAPPED        SESSIONS  LIMIT  FAILED  LAST FAILURE"
	   "                    ZONE  ALARM\n"
	   "10.1.0.10      msft  198.51.100.3     2,000  2,000     812  "
	   "2026-11-23 02:50:01 host-limit     7  ALARM\n"
	   "2001:db8::/64  msft  198.51.100.3         5      -       1  "
	   "-                                  7  -\n",
	   "host: table");
}

static void test_one_host(void)
{
	struct stream s;

	start(&s, &host_view, "10.1.0.10", false);
	stream_take(host_message(&limited), &s);
	is(stop(&s),
	   "host 10.1.0.10  ALARM\n"
	   "  pool           msft\n"
	   "  zone           7\n"
	   "  mapped         198.51.100.3\n"
	   "  sessions       2,000 of 2,000\n"
	   "  failed         812\n"
	   "  last failure   2026-11-23 02:50:01, to 198.18.0.1:443 tcp: "
	   "the host had as many sessions as it may\n",
	   "host: one by itself tells its last failure");
	start(&s, &host_view, "host 10.1.0.11", false);
	stream_take(host_message(&silent), &s);
	ok(strstr(stop(&s), "  mapped         -\n  sessions       0\n  failed         0\n"
			    "  last failure   none\n"),
	   "host: one that never failed");
	start(&s, &host_view, "10.1.0.12", false);
	is(stop(&s), "no sessions of that host live, and none of its connections failed lately\n",
	   "host: one that is not there");
	start(&s, &host_view, "10.1.0.12", true);
	is(stop(&s), "[]\n", "host: none is an empty array");
	start(&s, &host_view, "10.1.0.0/24", false);
	ok(!strncmp(stop(&s), "HOST  ", 6), "host: a prefix is a table");
}

static void test_bad_messages(void)
{
	struct nlmsghdr *nlh = begin();
	struct nlattr *nest = mnl_attr_nest_start(nlh, ERNAT_A_HOST);
	struct stream s;

	mnl_attr_put_strz(nlh, ERNAT_HOST_POOL, "msft");
	mnl_attr_nest_end(nlh, nest);
	start(&s, &host_view, "", false);
	ok(stream_take(nlh, &s) == MNL_CB_ERROR, "host: without an address is refused");
	ok(stream_take(begin(), &s) == MNL_CB_ERROR, "host: nothing is refused");
	stream_end(&s, false);
	is(release(), "", "host: of what was refused nothing is printed");

	nlh = begin();
	nest = mnl_attr_nest_start(nlh, ERNAT_A_DEST);
	mnl_attr_put_strz(nlh, ERNAT_DEST_POOL, "msft");
	put_addr(nlh, ERNAT_DEST_ADDR, "192.0.2.1");
	mnl_attr_put_u32(nlh, ERNAT_DEST_USED, 1);
	mnl_attr_nest_end(nlh, nest);
	start(&s, &destination_view, "--top 3", false);
	ok(stream_take(nlh, &s) == MNL_CB_ERROR, "destination: a count of four bytes is refused");
	stream_end(&s, false);
	release();
}

static void test_destination(void)
{
	struct stream s;

	start(&s, &destination_view, "52.96.0.1:443", true);
	stream_take(dest_message("52.96.0.1", 52000, 51610, 64512), &s);
	stream_take(dest_message("2603:1000::1", 3, 0, 0), &s);
	is(stop(&s),
	   "[\n  {\"pool\": \"msft\", \"protocol\": \"tcp\", \"destination\": \"52.96.0.1\", "
	   "\"destination_port\": 443, \"sessions\": 52000, \"used\": 51610, \"ports\": 64512, "
	   "\"percent\": 80.0},\n"
	   "  {\"pool\": \"msft\", \"protocol\": \"tcp\", \"destination\": \"2603:1000::1\", "
	   "\"destination_port\": 443, \"sessions\": 3, \"used\": 0, \"ports\": 0, "
	   "\"percent\": null}\n]\n",
	   "destination: JSON");
	start(&s, &destination_view, "", false);
	stream_take(dest_message("52.96.0.1", 52000, 51610, 64512), &s);
	stream_take(dest_message("2603:1000::1", 3, 0, 0), &s);
	is(stop(&s),
	   "PROTO  DESTINATION         POOL  SESSIONS    USED   PORTS  SHARE\n"
	   "tcp    52.96.0.1:443       msft    52,000  51,610  64,512  80.0%\n"
	   "tcp    [2603:1000::1]:443  msft         3       0       0      -\n",
	   "destination: table");
}

static void test_top(void)
{
	struct stream s;

	start(&s, &destination_view, "--top 3 pool msft", false);
	stream_take(dest_message("192.0.2.1", 9000, 10, 1000), &s);
	stream_take(dest_message("192.0.2.2", 900, 900, 1000), &s);
	stream_take(dest_message("192.0.2.3", 901, 9, 10), &s);
	stream_take(dest_message("192.0.2.4", 99999, 99999, 0), &s);
	stream_take(dest_message("192.0.2.5", 100, 1, 1), &s);
	is(stop(&s),
	   "PROTO  DESTINATION    POOL  SESSIONS  USED  PORTS   SHARE\n"
	   "tcp    192.0.2.5:443  msft       100     1      1  100.0%\n"
	   "tcp    192.0.2.3:443  msft       901     9     10   90.0%\n"
	   "tcp    192.0.2.2:443  msft       900   900  1,000   90.0%\n",
	   "top: the highest share, then the most sessions");
	start(&s, &host_view, "--top=1", true);
	stream_take(host_message(&grouped), &s);
	stream_take(host_message(&limited), &s);
	stream_take(host_message(&silent), &s);
	ok(strstr(stop(&s), "[\n  {\"pool\": \"msft\", \"host\": \"10.1.0.10\""),
	   "top: the host with most sessions");
	start(&s, &host_view, "--top 5", true);
	is(stop(&s), "[]\n", "top: of nothing");
}

/* What the heap has kept of a series, told by the messages' sequence numbers */
struct kept {
	uint32_t seq[64];
	unsigned int n;
};

static int keep(const struct nlmsghdr *nlh, void *data)
{
	struct kept *k = data;

	k->seq[k->n++] = nlh->nlmsg_seq;
	return MNL_CB_OK;
}

static int descending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x > y ? -1 : x < y;
}

/* Against sorting all: 5,000 counts in no order, some of them alike */
static void test_heap(void)
{
	static uint32_t all[5000];
	struct heap h = { .max = 50 };
	struct nlmsghdr nlh = { .nlmsg_len = sizeof(nlh) };
	struct heap_rank rank = {};
	struct kept k = {};
	uint32_t x = 1;
	bool same = true;
	size_t i;

	for (i = 0; i < 5000; i++) {
		x = x * 1103515245 + 12345;
		all[i] = x >> 20;
		rank.count = all[i];
		nlh.nlmsg_seq = all[i];
		heap_offer(&h, &rank, &nlh);
		same = same && h.n <= 50;
	}
	ok(same, "heap: keeps no more than it has to");
	qsort(all, 5000, sizeof(*all), descending);
	heap_drain(&h, keep, &k);
	for (i = 0; i < 50; i++)
		same = same && k.seq[i] == all[i];
	ok(same && k.n == 50, "heap: the highest ones, highest first");
	ok(!h.n && !h.v, "heap: is empty then");

	memset(&k, 0, sizeof(k));
	memset(&rank, 0, sizeof(rank));
	h.max = 3;
	for (i = 0; i < 5; i++) {
		nlh.nlmsg_seq = i;
		heap_offer(&h, &rank, &nlh);
	}
	heap_drain(&h, keep, &k);
	ok(k.n == 3 && k.seq[0] == 0 && k.seq[1] == 1 && k.seq[2] == 2,
	   "heap: of equals the first ones, as they came");
	rank = (struct heap_rank){ UINT64_MAX, UINT64_MAX, 0 };
	heap_offer(&h, &rank, &nlh);
	rank = (struct heap_rank){ UINT64_MAX - 1, UINT64_MAX, 9 };
	nlh.nlmsg_seq = 9;
	heap_offer(&h, &rank, &nlh);
	memset(&k, 0, sizeof(k));
	heap_drain(&h, keep, &k);
	ok(k.n == 2 && k.seq[1] == 9, "heap: shares of the largest numbers");
}

struct words {
	const struct stream_view *view;
	const char *words;
};

static void test_words(void)
{
	static const struct words good[] = {
		{ &host_view, "10.0.0.1" },
		{ &host_view, "2001:db8::/32 pool p" },
		{ &host_view, "pool p --top 65535" },
		{ &host_view, "--top=0x10 host 10.0.0.0/8" },
		{ &destination_view, "[2001:db8::1]:443 protocol tcp" },
		{ &destination_view, "dest 10.0.0.1:443 pool p" },
	};
	static const struct words bad[] = {
		{ &host_view, "10.0.0.1:80" },
		{ &host_view, "10.0.0.1 10.0.0.2" },
		{ &host_view, "10.0.0.1 host 10.0.0.2" },
		{ &host_view, "dest 10.0.0.1" },
		{ &host_view, "vrf red" },
		{ &host_view, "msft" },
		{ &host_view, "--top" },
		{ &host_view, "--top 0" },
		{ &host_view, "--top 65536" },
		{ &host_view, "--top x" },
		{ &host_view, "--top 1 --top=2" },
		{ &host_view, "--topmost 1" },
		{ &destination_view, "host 10.0.0.1" },
		{ &destination_view, "rule r" },
		{ &destination_view, "10.0.0.1:65536" },
		{ &session_view, "--top 3" },
		{ &session_view, "10.0.0.1" },
	};
	char *argv[32], what[128];
	struct stream s;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(what, sizeof(what), "words: %s %s", good[i].view->filter.command,
			 good[i].words);
		ok(stream_init(&s, good[i].view, split(good[i].words, argv), argv), what);
	}
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(what, sizeof(what), "words: refuses %s %s", bad[i].view->filter.command,
			 bad[i].words);
		ok(!stream_init(&s, bad[i].view, split(bad[i].words, argv), argv), what);
	}
}

/* A bare address is sent as the key that it stands for. */
static void test_bare(void)
{
	const struct nlattr *tb[ERNAT_FILTER_MAX + 1];
	struct nlmsghdr *nlh = begin();
	char *argv[32];
	struct stream s;

	stream_init(&s, &destination_view, split("--top 4 52.96.0.1:443", argv), argv);
	filter_put(nlh, &s.filter);
	client_parse_nested(find(nlh, ERNAT_A_FILTER), tb, ERNAT_FILTER_MAX);
	ok(tb[ERNAT_FILTER_DEST] && attr_u16(tb[ERNAT_FILTER_DEST_PORT]) == 443 &&
		   !tb[ERNAT_FILTER_HOST] && s.top.max == 4,
	   "words: an address alone is a destination there");
}

static void test_reply(void)
{
	struct nlmsghdr *nlh = begin();
	uint64_t n = 0;

	mnl_attr_put_u64(nlh, ERNAT_A_COUNT, 12);
	mnl_attr_put_u32(nlh, ERNAT_A_ADOPTED, 12);
	ok(attr_reply_u64(nlh, ERNAT_A_COUNT, &n) && n == 12, "reply: a count");
	ok(!attr_reply_u64(nlh, ERNAT_A_ADOPTED, &n), "reply: a count of four bytes is refused");
	ok(!attr_reply_u64(nlh, ERNAT_A_ENDED, &n), "reply: a count that is missing");
}

int main(void)
{
	setenv("NO_COLOR", "1", 1);
	setenv("TZ", "UTC", 1);
	test_host();
	test_one_host();
	test_bad_messages();
	test_destination();
	test_top();
	test_heap();
	test_words();
	test_bare();
	test_reply();
	return finish();
}
