// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "names.h"
#include "text.h"

struct name {
	const char *name;
	uint32_t number;
};

/* struct names - built-in ones, then those of the files; the first one wins */
struct names {
	const struct name *builtin;
	const char *const *files; /* glob patterns */
	struct name *more;
	unsigned int n_more;
	bool read;
};

static const struct name builtin_protocols[] = { { "redirect", RTPROT_REDIRECT },
						 { "kernel", RTPROT_KERNEL },
						 { "boot", RTPROT_BOOT },
						 { "static", RTPROT_STATIC },
						 { "gated", 8 },
						 { "ra", 9 },
						 { "mrt", 10 },
						 { "zebra", 11 },
						 { "bird", 12 },
						 { "dnrouted", 13 },
						 { "xorp", 14 },
						 { "ntk", 15 },
						 { "dhcp", 16 },
						 { "keepalived", 18 },
						 { "babel", 42 },
						 { "openr", 99 },
						 { "bgp", 186 },
						 { "isis", 187 },
						 { "ospf", 188 },
						 { "rip", 189 },
						 { "eigrp", 192 },
						 { NULL, 0 } };

static const struct name builtin_tables[] = { { "local", RT_TABLE_LOCAL },
					      { "main", RT_TABLE_MAIN },
					      { "default", RT_TABLE_DEFAULT },
					      { NULL, 0 } };

static const struct name builtin_ip[] = { { "icmp", IPPROTO_ICMP },
					  { "tcp", IPPROTO_TCP },
					  { "udp", IPPROTO_UDP },
					  { "dccp", IPPROTO_DCCP },
					  { "gre", IPPROTO_GRE },
					  { "esp", IPPROTO_ESP },
					  { "ah", IPPROTO_AH },
					  { "icmpv6", IPPROTO_ICMPV6 },
					  { "sctp", IPPROTO_SCTP },
					  { "udplite", IPPROTO_UDPLITE },
					  { NULL, 0 } };

static const char *const protocol_files[] = { "/etc/iproute2/rt_protos",
					      "/etc/iproute2/rt_protos.d/*.conf", NULL };

static const char *const table_files[] = { "/etc/iproute2/rt_tables",
					   "/etc/iproute2/rt_tables.d/*.conf", NULL };

static struct names protocols = {
	.builtin = builtin_protocols,
	.files = protocol_files,
};

static struct names tables = {
	.builtin = builtin_tables,
	.files = table_files,
};

static struct names ip_protocols = { .builtin = builtin_ip };

bool parse_number(const char *s, uint32_t *number)
{
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)*s) || strlen(s) > 20)
		return false;
	errno = 0;
	/* no octal: 010 is ten to everybody who is not a C compiler */
	n = strtoull(s, &end, s[0] == '0' && (s[1] | 0x20) == 'x' ? 16 : 10);
	if (errno || *end || end == s || n > UINT32_MAX)
		return false;
	*number = n;
	return true;
}

/* A name that could be taken for a number or needs quotes is of no use. */
static bool usable(const char *name)
{
	const char *s;

	if (isdigit((unsigned char)*name))
		return false;
	for (s = name; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("_.-+", *s))
			return false;
	}
	return s > name;
}

static void read_file(struct names *names, const char *path)
{
	char line[256], number[32], name[64];
	FILE *f = fopen(path, "re");
	uint32_t n;

	if (!f)
		return;
	while (fgets(line, sizeof(line), f) && names->n_more < 4096) {
		if (sscanf(line, " %31s %63s", number, name) != 2 || !parse_number(number, &n) ||
		    !usable(name))
			continue;
		names->more = xrealloc(names->more, (names->n_more + 1) * sizeof(*names->more));
		names->more[names->n_more].name = strdup(name);
		names->more[names->n_more++].number = n;
	}
	fclose(f);
}

static void read_files(struct names *names)
{
	unsigned int i;
	size_t j;
	glob_t g;

	names->read = true;
	for (i = 0; names->files && names->files[i]; i++) {
		if (glob(names->files[i], 0, NULL, &g))
			continue;
		for (j = 0; j < g.gl_pathc; j++)
			read_file(names, g.gl_pathv[j]);
		globfree(&g);
	}
}

static const struct name *nth(struct names *names, unsigned int i)
{
	unsigned int n = 0;

	for (; names->builtin[n].name; n++) {
		if (i == n)
			return &names->builtin[n];
	}
	if (!names->read)
		read_files(names);
	return i - n < names->n_more ? &names->more[i - n] : NULL;
}

static bool to_number(struct names *names, const char *name, uint32_t *number)
{
	const struct name *n;
	unsigned int i;

	if (parse_number(name, number))
		return true;
	for (i = 0; (n = nth(names, i)); i++) {
		if (!strcmp(n->name, name)) {
			*number = n->number;
			return true;
		}
	}
	return false;
}

static const char *to_name(struct names *names, uint32_t number)
{
	static char digits[16];
	const struct name *n;
	unsigned int i;

	for (i = 0; (n = nth(names, i)); i++) {
		/* what the name means has to be this number again */
		if (n->number == number) {
			uint32_t back;

			if (to_number(names, n->name, &back) && back == number)
				return n->name;
		}
	}
	snprintf(digits, sizeof(digits), "%u", number);
	return digits;
}

const char *name_of(const char *const *words, size_t n, uint8_t i)
{
	return i < n && words[i] ? words[i] : "unknown";
}

const char *route_protocol_name(uint8_t protocol)
{
	return to_name(&protocols, protocol);
}

const char *route_table_name(uint32_t table)
{
	return to_name(&tables, table);
}

const char *ip_protocol_name(uint8_t protocol)
{
	return to_name(&ip_protocols, protocol);
}

bool route_protocol_number(const char *name, uint32_t *number)
{
	return to_number(&protocols, name, number) && *number <= UINT8_MAX;
}

bool route_table_number(const char *name, uint32_t *number)
{
	return to_number(&tables, name, number);
}

bool ip_protocol_number(const char *name, uint32_t *number)
{
	return to_number(&ip_protocols, name, number) && *number <= UINT8_MAX;
}

static const char *nth_name(struct names *names, unsigned int i)
{
	const struct name *n = nth(names, i);

	return n ? n->name : NULL;
}

const char *route_protocol_nth(void *unused, unsigned int i)
{
	(void)unused;
	return nth_name(&protocols, i);
}

const char *route_table_nth(void *unused, unsigned int i)
{
	(void)unused;
	return nth_name(&tables, i);
}

const char *ip_protocol_nth(void *unused, unsigned int i)
{
	(void)unused;
	return nth_name(&ip_protocols, i);
}
