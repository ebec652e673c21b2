// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <string.h>
#include <linux/ernat.h>
#include <linux/genetlink.h>

#include "client.h"
#include "decision.h"
#include "main.h"
#include "names.h"
#include "print.h"

/* struct word - a key of the command line and how its value is read */
struct word {
	const char *name;
	bool (*put)(struct nlmsghdr *nlh, uint16_t attr, const char *value);
	uint16_t attr;
	const char *meaning;
};

static bool put_addr(struct nlmsghdr *nlh, uint16_t attr, const char *value)
{
	bool v6 = strchr(value, ':');
	uint8_t addr[16];

	if (inet_pton(v6 ? AF_INET6 : AF_INET, value, addr) != 1)
		return false;
	mnl_attr_put(nlh, attr, v6 ? 16 : 4, addr);
	return true;
}

static bool put_device(struct nlmsghdr *nlh, uint16_t attr, const char *value)
{
	if (!*value || strlen(value) >= ERNAT_DEV_MAX)
		return false;
	mnl_attr_put_strz(nlh, attr, value);
	return true;
}

static bool put_protocol(struct nlmsghdr *nlh, uint16_t attr, const char *value)
{
	uint32_t n;

	if (!ip_protocol_number(value, &n) || n > 255)
		return false;
	mnl_attr_put_u8(nlh, attr, n);
	return true;
}

static bool put_u16(struct nlmsghdr *nlh, uint16_t attr, const char *value)
{
	uint32_t n;

	if (!parse_number(value, &n) || n > 65535)
		return false;
	mnl_attr_put_u16(nlh, attr, n);
	return true;
}

static bool put_u32(struct nlmsghdr *nlh, uint16_t attr, const char *value)
{
	uint32_t n;

	if (!parse_number(value, &n))
		return false;
	mnl_attr_put_u32(nlh, attr, n);
	return true;
}

static const struct word words[] = {
	{ "from", put_addr, ERNAT_FLOW_FROM, "an address" },
	{ "to", put_addr, ERNAT_FLOW_TO, "an address" },
	{ "in", put_device, ERNAT_FLOW_IN, "the name of a device" },
	{ "protocol", put_protocol, ERNAT_FLOW_PROTOCOL, "the name or number of a protocol" },
	{ "sport", put_u16, ERNAT_FLOW_SPORT, "a port up to 65535" },
	{ "dport", put_u16, ERNAT_FLOW_DPORT, "a port up to 65535" },
	{ "mark", put_u32, ERNAT_FLOW_MARK, "a number" },
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

static const struct word *find_word(const char *name)
{
	size_t i;

	for (i = 0; i < N_WORDS; i++)
		if (!strcmp(words[i].name, name))
			return &words[i];
	return NULL;
}

/* Returns the attributes that were given, as bits, or 0 when a word is wrong. */
static unsigned int put_words(struct nlmsghdr *nlh, int argc, char **argv)
{
	const struct word *word;
	unsigned int seen = 0;
	int i;

	for (i = 0; i < argc; i += 2) {
		word = find_word(argv[i]);
		if (!word) {
			print_error("explain: unknown word \"%s\"", argv[i]);
			return 0;
		}
		if (i + 1 == argc) {
			print_error("explain: \"%s\" needs %s after it", word->name, word->meaning);
			return 0;
		}
		if (seen & 1U << word->attr) {
			print_error("explain: \"%s\" is said twice", word->name);
			return 0;
		}
		seen |= 1U << word->attr;
		if (!word->put(nlh, word->attr, argv[i + 1])) {
			print_error("explain: %s \"%s\" is not %s", word->name, argv[i + 1],
				    word->meaning);
			return 0;
		}
	}
	return seen;
}

/* From and to are given: are both IPv4, or both IPv6? */
static bool one_family(const struct nlattr *nest)
{
	const struct nlattr *tb[ERNAT_FLOW_MAX + 1];

	client_parse_nested(nest, tb, ERNAT_FLOW_MAX);
	if (mnl_attr_get_payload_len(tb[ERNAT_FLOW_FROM]) ==
	    mnl_attr_get_payload_len(tb[ERNAT_FLOW_TO]))
		return true;
	print_error("explain: \"from\" and \"to\" are of different families");
	return false;
}

static bool put_flow(struct nlmsghdr *nlh, int argc, char **argv)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, ERNAT_A_FLOW);
	unsigned int seen = put_words(nlh, argc, argv);

	mnl_attr_nest_end(nlh, nest);
	if (argc && !seen)
		return false;
	if (seen & 1U << ERNAT_FLOW_FROM && seen & 1U << ERNAT_FLOW_TO)
		return one_family(nest);
	usage_error("explain", "\"from\" and \"to\" are needed");
	return false;
}

static void take_flow(const struct nlmsghdr *nlh, struct flow *flow)
{
	const struct nlattr *tb[ERNAT_A_MAX + 1];

	memset(flow, 0, sizeof(*flow));
	client_parse(nlh, tb);
	client_parse_nested(tb[ERNAT_A_FLOW], flow->tb, ERNAT_FLOW_MAX);
}

static int print_decision(const struct nlmsghdr *nlh, void *data)
{
	struct decision d;

	if (!decision_parse(&d, nlh))
		return MNL_CB_ERROR;
	if (opts.json)
		decision_json(&d);
	else
		decision_print(&d, data);
	return MNL_CB_OK;
}

int explain_main(int argc, char **argv)
{
	char scratch[MNL_NLMSG_HDRLEN + 1024];
	struct nlmsghdr *nlh;
	int code = EXIT_OK;
	struct client *c;
	struct flow flow;

	/* A usage error needs no kernel. */
	nlh = mnl_nlmsg_put_header(scratch);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	if (!put_flow(nlh, argc - 1, argv + 1))
		return EXIT_USAGE;
	take_flow(nlh, &flow);
	c = client_open();
	if (!c)
		return EXIT_FAILED;
	nlh = client_msg(c, ERNAT_CMD_EXPLAIN, 0);
	put_flow(nlh, argc - 1, argv + 1);
	if (client_talk(c, nlh, print_decision, &flow)) {
		client_perror(c, "explain");
		code = EXIT_FAILED;
	}
	client_close(c);
	return code;
}
