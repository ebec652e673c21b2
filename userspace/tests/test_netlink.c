// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ruleset as ADD messages, and those read as the kernel gives them back: the
 * same ruleset. No message may be longer than an attribute can be, and every
 * part of one has a place in the file.
 */
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_netlink.h"

static const char all_keys[] =
	"set corp { 10.0.0.0/8; except 10.9.0.0/16; fd00::/16; }\n"
	"pool p {\n"
	"	description \"registered to AS64500\"; overflow spare;\n"
	"	address 198.51.100.0/28, 198.51.100.32/28 standby;\n"
	"	address 198.51.100.64 drain, 198.51.100.65 router b;\n"
	"	address 2001:db8:beef::/124; except 198.51.100.0;\n"
	"	port 80, 1024-65535; host-limit 16384; host-prefix 64;\n"
	"	alarm 90% 10%; exhausted reject; log sessions;\n"
	"}\n"
	"pool spare { address 198.51.101.0; alarm 60% 60%; }\n"
	"route-source er {\n"
	"	role microsoft; protocol bgp, static, 77; table main, 100;\n"
	"	vrf red; device er0, er*; via 203.0.113.0/30, corp;\n"
	"	realm 5, 6; metric 10, 20-30; lookup 1000; no guard;\n"
	"	prefix 10.0.0.0/8 ge 16, 2001:db8::/32 ge 48 le 64;\n"
	"	neighbor 203.0.113.2, 2001:db8::2; peer-as 12076; as 64500;\n"
	"	allow corp, 192.0.2.0/28;\n"
	"}\n"
	"rule r1 {\n"
	"	to er, none; return none; in inet0; out er0; vrf red, blue;\n"
	"	from local, corp, except 10.3.0.0/16; dest 198.18.0.0/15;\n"
	"	protocol tcp, 200, udp; sport 1-1023; dport 80, 443;\n"
	"	mark 5; family ipv4; snat p; reply-mark 0x10/0x10;\n"
	"}\n"
	"rule r2 { exempt; }\n"
	"rule r3 { description \"the rest\"; drop; }\n"
	"circuit-subnet 203.0.113.64/29;\n"
	"conntrack-alarm 85% 20%;\n";

struct stream {
	char *buf;
	size_t size;
	struct config *back;
	unsigned int n_messages;
	unsigned int longest;
	unsigned int n_marks;
	unsigned int without_place;
	uint32_t seq;
};

static unsigned int n_tests, n_failed;

static void ok(bool good, const char *name)
{
	n_failed += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++n_tests, name);
}

static struct nlmsghdr *message(void *data)
{
	struct stream *s = data;
	struct nlmsghdr *nlh;

	memset(s->buf, 0, s->size);
	nlh = mnl_nlmsg_put_header(s->buf);
	nlh->nlmsg_seq = ++s->seq;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	return nlh;
}

static bool send_message(void *data)
{
	struct stream *s = data;
	const struct nlmsghdr *nlh = (void *)s->buf;

	s->n_messages++;
	if (nlh->nlmsg_len > s->longest)
		s->longest = nlh->nlmsg_len;
	return config_message(nlh, s->back) == MNL_CB_OK;
}

static void mark(void *data, uint32_t seq, uint32_t off, const struct place *place)
{
	struct stream *s = data;

	(void)off;
	(void)seq;
	s->n_marks++;
	s->without_place += !place->in;
}

static bool write_all(struct stream *s, struct config *cfg)
{
	struct object_writer w = {
		.cfg = cfg,
		.message = message,
		.send = send_message,
		.mark = mark,
		.data = s,
	};
	const struct object *obj;
	enum kind kind;

	for (kind = 0; kind < KIND_MAX; kind++) {
		for_each_object(obj, cfg, kind)
		{
			if (!object_write(&w, obj))
				return false;
		}
	}
	return true;
}

static struct config *load_text(const char *text, size_t len)
{
	char name[] = "/tmp/ernat-test-XXXXXX";
	struct config *cfg = NULL;
	int fd = mkstemp(name);

	if (fd >= 0 && write(fd, text, len) == (ssize_t)len)
		cfg = config_load(name);
	if (fd >= 0)
		close(fd);
	unlink(name);
	return cfg;
}

static void there_and_back(const char *name, const char *text, size_t len, struct stream *s)
{
	struct config *cfg = load_text(text, len);

	memset(s, 0, sizeof(*s));
	s->size = 128 * 1024;
	s->buf = malloc(s->size);
	s->back = config_new();
	ok(cfg && write_all(s, cfg), name);
	config_normalise(s->back);
	ok(cfg && config_equal(cfg, s->back), "... and is the same ruleset");
	ok(s->longest < 31 * 1024, "... in messages that the kernel can give back");
	config_free(s->back);
	config_free(cfg);
	free(s->buf);
}

static void test_large(struct stream *s)
{
	struct text t = { 0 };
	unsigned int i;

	text_puts(&t, "set many {\n");
	for (i = 0; i < 60000; i++)
		text_printf(&t, "10.%u.%u.%u;\n", i >> 15, (i >> 7) & 255, (i & 127) * 2);
	text_puts(&t, "}\npool big {\n");
	for (i = 0; i < 20000; i++)
		text_printf(&t, "address 2001:db8:%x::/120 router site-%u;\n", i + 1, i % 7);
	text_puts(&t, "port 5000; }\nrule r { from many; snat big; }\n");
	there_and_back("a set of 60,000 and a pool of 20,000 ranges", t.s, t.len, s);
	ok(s->n_messages > 50, "... in many messages");
	text_free(&t);
}

static void test_userdata(void)
{
	struct stream s = { .size = 128 * 1024 };
	struct text t = { 0 };
	struct config *cfg;

	text_puts(&t, "pool p { address 192.0.2.1; description \"");
	while (t.len < ERNAT_USERDATA_MAX + 100)
		text_puts(&t, "too much ");
	text_puts(&t, "\"; }");
	cfg = load_text(t.s, t.len);
	s.buf = malloc(s.size);
	s.back = config_new();
	if (!freopen("/dev/null", "w", stderr))
		exit(1);
	ok(cfg && !write_all(&s, cfg), "a description beyond the limit is refused");
	config_free(s.back);
	config_free(cfg);
	free(s.buf);
	text_free(&t);
}

int main(void)
{
	struct stream s;

	there_and_back("every key", all_keys, sizeof(all_keys) - 1, &s);
	ok(s.n_messages == 8, "... a message an object");
	ok(s.n_marks > 60, "... with a place for its parts");
	test_large(&s);
	test_userdata();
	printf("1..%u\n", n_tests);
	return n_failed ? 1 : 0;
}
