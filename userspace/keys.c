// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/ernat.h>

#include "keys.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct choice roles[] = { { "none", ERNAT_ROLE_NONE },
				       { "microsoft", ERNAT_ROLE_MICROSOFT },
				       { "internet", ERNAT_ROLE_INTERNET },
				       { "private", ERNAT_ROLE_PRIVATE },
				       { NULL, 0 } };

static const struct choice exhausted[] = { { "drop", ERNAT_EXHAUSTED_DROP },
					   { "reject", ERNAT_EXHAUSTED_REJECT },
					   { NULL, 0 } };

static const struct choice families[] = { { "ipv4", AF_INET }, { "ipv6", AF_INET6 }, { NULL, 0 } };

static const struct choice log_words[] = { { "sessions", 1 }, { NULL, 0 } };
static const struct choice no_words[] = { { "guard", 1 }, { NULL, 0 } };

/* Tables: clang-format would set a key a screen. */
/* clang-format off */
#define DESCRIPTION {							\
	.name = "description", .type = KEY_STRING, .flags = KEY_USERDATA, \
	.meaning = "a \"text\"" }

#define ALARM(raise_attr, clear_attr)					\
	.type = KEY_ALARM, .attr = raise_attr, .attr2 = clear_attr,	\
	.has_default = true, .dflt = 80, .dflt2 = 70,			\
	.meaning = "two percentages: raise and clear"

static const struct key settings_keys[] = {
	[SETTINGS_CIRCUIT_SUBNET] = {
		.name = "circuit-subnet", .type = KEY_RANGE,
		.flags = KEY_LIST | KEY_USERDATA, .meaning = "a prefix" },
	[SETTINGS_CONNTRACK_ALARM] = {
		.name = "conntrack-alarm",
		ALARM(ERNAT_SETTINGS_CT_ALARM_RAISE,
		      ERNAT_SETTINGS_CT_ALARM_CLEAR) },
};

static const struct key set_keys[] = {
	[SET_ADDRESS] = {
		.name = "address", .type = KEY_RANGE,
		.flags = KEY_LIST | KEY_LINES, .attr = ERNAT_SET_RANGE,
		.meaning = "a prefix, an address or FIRST-LAST" },
	[SET_EXCEPT] = {
		.name = "except", .type = KEY_RANGE,
		.flags = KEY_LIST | KEY_LINES | KEY_EXCEPT,
		.attr = ERNAT_SET_RANGE,
		.meaning = "a prefix, an address or FIRST-LAST" },
};

static const struct key pool_keys[] = {
	[POOL_DESCRIPTION] = DESCRIPTION,
	[POOL_ADDRESS] = {
		.name = "address", .type = KEY_POOL_RANGE,
		.flags = KEY_LIST | KEY_LINES, .attr = ERNAT_POOL_RANGE,
		.meaning = "a prefix, an address or FIRST-LAST" },
	[POOL_EXCEPT] = {
		.name = "except", .type = KEY_RANGE,
		.flags = KEY_LIST | KEY_LINES | KEY_EXCEPT,
		.attr = ERNAT_POOL_RANGE,
		.meaning = "a prefix, an address or FIRST-LAST" },
	[POOL_PORT] = {
		.name = "port", .type = KEY_PORTS, .flags = KEY_LIST,
		.attr = ERNAT_POOL_PORTS, .has_default = true,
		.dflt = 1024, .dflt2 = 65535,
		.meaning = "a port or FIRST-LAST" },
	[POOL_OVERFLOW] = {
		.name = "overflow", .type = KEY_REF,
		.attr = ERNAT_POOL_OVERFLOW, .meaning = "the name of a pool" },
	[POOL_HOST_LIMIT] = {
		.name = "host-limit", .type = KEY_NUMBER,
		.attr = ERNAT_POOL_HOST_LIMIT, .min = 1, .max = UINT32_MAX,
		.meaning = "a number of sessions" },
	[POOL_HOST_PREFIX] = {
		.name = "host-prefix", .type = KEY_NUMBER, .flags = KEY_U8,
		.attr = ERNAT_POOL_HOST_PREFIX, .min = 1, .max = 128,
		.has_default = true, .dflt = 128,
		.meaning = "an IPv6 prefix length" },
	[POOL_ALARM] = {
		.name = "alarm",
		ALARM(ERNAT_POOL_ALARM_RAISE, ERNAT_POOL_ALARM_CLEAR) },
	[POOL_EXHAUSTED] = {
		.name = "exhausted", .type = KEY_CHOICE,
		.attr = ERNAT_POOL_EXHAUSTED, .has_default = true,
		.dflt = ERNAT_EXHAUSTED_DROP, .choices = exhausted,
		.meaning = "drop or reject" },
	[POOL_LOG] = {
		.name = "log", .type = KEY_WORD,
		.attr = ERNAT_POOL_LOG_SESSIONS, .choices = log_words,
		.meaning = "sessions" },
};

static const struct key source_keys[] = {
	[SOURCE_DESCRIPTION] = DESCRIPTION,
	[SOURCE_ROLE] = {
		.name = "role", .type = KEY_CHOICE, .attr = ERNAT_SOURCE_ROLE,
		.has_default = true, .dflt = ERNAT_ROLE_NONE, .choices = roles,
		.meaning = "microsoft, internet or private" },
	[SOURCE_PROTOCOL] = {
		.name = "protocol", .type = KEY_ROUTE_PROTOCOL,
		.flags = KEY_LIST | KEY_U8, .attr = ERNAT_SOURCE_PROTOCOL,
		.max = 255, .meaning = "a routing protocol" },
	[SOURCE_TABLE] = {
		.name = "table", .type = KEY_TABLE, .flags = KEY_LIST,
		.attr = ERNAT_SOURCE_TABLE, .min = 1, .max = UINT32_MAX,
		.meaning = "a routing table" },
	[SOURCE_VRF] = {
		.name = "vrf", .type = KEY_DEVICE, .flags = KEY_LIST,
		.attr = ERNAT_SOURCE_VRF, .meaning = "the name of a VRF" },
	[SOURCE_DEVICE] = {
		.name = "device", .type = KEY_DEVICE, .flags = KEY_LIST,
		.attr = ERNAT_SOURCE_DEVICE, .meaning = "a device name" },
	[SOURCE_VIA] = {
		.name = "via", .type = KEY_MATCH, .flags = KEY_LIST,
		.attr = ERNAT_SOURCE_VIA,
		.meaning = "a prefix, an address, FIRST-LAST or a set" },
	[SOURCE_REALM] = {
		.name = "realm", .type = KEY_NUMBER, .flags = KEY_LIST,
		.attr = ERNAT_SOURCE_REALM, .min = 1, .max = UINT32_MAX,
		.meaning = "a realm's number" },
	[SOURCE_METRIC] = {
		.name = "metric", .type = KEY_METRIC, .flags = KEY_LIST,
		.attr = ERNAT_SOURCE_METRIC, .max = UINT32_MAX,
		.meaning = "a metric or LO-HI" },
	[SOURCE_PREFIX] = {
		.name = "prefix", .type = KEY_ROUTE_PREFIX, .flags = KEY_LIST,
		.attr = ERNAT_SOURCE_PREFIX,
		.meaning = "a prefix [ge N] [le N]" },
	[SOURCE_LOOKUP] = {
		.name = "lookup", .type = KEY_TABLE,
		.attr = ERNAT_SOURCE_LOOKUP, .min = 1, .max = UINT32_MAX,
		.meaning = "a routing table" },
	[SOURCE_NEIGHBOR] = {
		.name = "neighbor", .type = KEY_ADDRESS,
		.flags = KEY_LIST | KEY_USERDATA, .meaning = "an address" },
	[SOURCE_PEER_AS] = {
		.name = "peer-as", .type = KEY_NUMBER,
		.flags = KEY_LIST | KEY_USERDATA, .min = 1, .max = UINT32_MAX,
		.meaning = "an AS number" },
	[SOURCE_AS] = {
		.name = "as", .type = KEY_NUMBER,
		.flags = KEY_LIST | KEY_USERDATA, .min = 1, .max = UINT32_MAX,
		.meaning = "an AS number" },
	[SOURCE_ALLOW] = {
		.name = "allow", .type = KEY_MATCH, .flags = KEY_LIST,
		.attr = ERNAT_SOURCE_ALLOW,
		.meaning = "a prefix, an address, FIRST-LAST or a set" },
	[SOURCE_NO] = {
		.name = "no", .type = KEY_WORD, .attr = ERNAT_SOURCE_NO_GUARD,
		.choices = no_words, .meaning = "guard" },
};

static const struct key rule_keys[] = {
	[RULE_DESCRIPTION] = DESCRIPTION,
	[RULE_TO] = {
		.name = "to", .type = KEY_SOURCES, .flags = KEY_LIST,
		.attr = ERNAT_RULE_TO,
		.meaning = "a route source or none" },
	[RULE_RETURN] = {
		.name = "return", .type = KEY_SOURCES, .flags = KEY_LIST,
		.attr = ERNAT_RULE_RETURN,
		.meaning = "a route source or none" },
	[RULE_IN] = {
		.name = "in", .type = KEY_DEVICE, .flags = KEY_LIST,
		.attr = ERNAT_RULE_IN, .meaning = "a device name" },
	[RULE_OUT] = {
		.name = "out", .type = KEY_DEVICE, .flags = KEY_LIST,
		.attr = ERNAT_RULE_OUT, .meaning = "a device name" },
	[RULE_VRF] = {
		.name = "vrf", .type = KEY_DEVICE, .flags = KEY_LIST,
		.attr = ERNAT_RULE_VRF, .meaning = "the name of a VRF" },
	[RULE_FROM] = {
		.name = "from", .type = KEY_MATCH,
		.flags = KEY_LIST | KEY_LOCAL, .attr = ERNAT_RULE_FROM,
		.meaning = "a prefix, an address, FIRST-LAST, a set or local" },
	[RULE_DEST] = {
		.name = "dest", .type = KEY_MATCH, .flags = KEY_LIST,
		.attr = ERNAT_RULE_DEST,
		.meaning = "a prefix, an address, FIRST-LAST or a set" },
	[RULE_PROTOCOL] = {
		.name = "protocol", .type = KEY_IP_PROTOCOL,
		.flags = KEY_LIST | KEY_U8, .attr = ERNAT_RULE_PROTOCOL,
		.max = 255, .meaning = "an IP protocol" },
	[RULE_SPORT] = {
		.name = "sport", .type = KEY_PORTS, .flags = KEY_LIST,
		.attr = ERNAT_RULE_SPORT, .meaning = "a port or FIRST-LAST" },
	[RULE_DPORT] = {
		.name = "dport", .type = KEY_PORTS, .flags = KEY_LIST,
		.attr = ERNAT_RULE_DPORT, .meaning = "a port or FIRST-LAST" },
	[RULE_MARK] = {
		.name = "mark", .type = KEY_MARK, .attr = ERNAT_RULE_MARK,
		.meaning = "N or N/MASK" },
	[RULE_FAMILY] = {
		.name = "family", .type = KEY_CHOICE, .attr = ERNAT_RULE_FAMILY,
		.choices = families, .meaning = "ipv4 or ipv6" },
	[RULE_SNAT] = {
		.name = "snat", .type = KEY_REF, .attr = ERNAT_RULE_POOL,
		.meaning = "the name of a pool" },
	[RULE_EXEMPT] = { .name = "exempt", .type = KEY_FLAG },
	[RULE_DROP] = { .name = "drop", .type = KEY_FLAG },
	[RULE_REPLY_MARK] = {
		.name = "reply-mark", .type = KEY_MARK,
		.attr = ERNAT_RULE_REPLY_MARK, .meaning = "N or N/MASK" },
};

const struct kind_info kinds[KIND_MAX] = {
	[KIND_SETTINGS] = {
		.word = "settings", .plural = "settings",
		.keys = settings_keys, .n_keys = ARRAY_SIZE(settings_keys),
		.max = 1, .attr = ERNAT_A_SETTINGS,
		.userdata_attr = ERNAT_SETTINGS_USERDATA },
	[KIND_SET] = {
		.word = "set", .plural = "sets",
		.keys = set_keys, .n_keys = ARRAY_SIZE(set_keys),
		.max = ERNAT_MAX_SETS, .attr = ERNAT_A_SET,
		.name_attr = ERNAT_SET_NAME },
	[KIND_POOL] = {
		.word = "pool", .plural = "pools",
		.keys = pool_keys, .n_keys = ARRAY_SIZE(pool_keys),
		.max = ERNAT_MAX_POOLS, .attr = ERNAT_A_POOL,
		.name_attr = ERNAT_POOL_NAME,
		.userdata_attr = ERNAT_POOL_USERDATA },
	[KIND_SOURCE] = {
		.word = "route-source", .plural = "route sources",
		.keys = source_keys, .n_keys = ARRAY_SIZE(source_keys),
		.max = ERNAT_MAX_SOURCES, .attr = ERNAT_A_SOURCE,
		.name_attr = ERNAT_SOURCE_NAME,
		.userdata_attr = ERNAT_SOURCE_USERDATA },
	[KIND_RULE] = {
		.word = "rule", .plural = "rules",
		.keys = rule_keys, .n_keys = ARRAY_SIZE(rule_keys),
		.max = ERNAT_MAX_RULES, .attr = ERNAT_A_RULE,
		.name_attr = ERNAT_RULE_NAME,
		.userdata_attr = ERNAT_RULE_USERDATA },
};

/* clang-format on */

_Static_assert(ARRAY_SIZE(rule_keys) <= KEYS_MAX && ARRAY_SIZE(source_keys) <= KEYS_MAX &&
		       ARRAY_SIZE(pool_keys) <= KEYS_MAX,
	       "KEYS_MAX is too small");

int key_find(enum kind kind, const char *name)
{
	unsigned int i;

	for (i = 0; i < kinds[kind].n_keys; i++) {
		if (!strcmp(kinds[kind].keys[i].name, name))
			return i;
	}
	return -1;
}

#define NEAREST_LEN 64

/* Edits (insert, delete, replace, swap neighbours) from @a to @b. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[3][NEAREST_LEN + 1];
	unsigned int la = strlen(a), lb = strlen(b);
	unsigned int i, j;

	if (la > NEAREST_LEN || lb > NEAREST_LEN)
		return NEAREST_LEN;
	for (j = 0; j <= lb; j++)
		row[0][j] = j;
	for (i = 1; i <= la; i++) {
		unsigned int *cur = row[i % 3], *up = row[(i + 2) % 3];
		unsigned int *up2 = row[(i + 1) % 3];

		cur[0] = i;
		for (j = 1; j <= lb; j++) {
			unsigned int best = up[j - 1] + (a[i - 1] != b[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (cur[j - 1] + 1 < best)
				best = cur[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			cur[j] = best;
		}
	}
	return row[la % 3][lb];
}

const char *nearest(const char *word, const char *(*candidate)(void *, unsigned int), void *data)
{
	unsigned int limit = strlen(word) < 4 ? 1 : strlen(word) < 8 ? 2 : 3;
	const char *best = NULL;
	const char *c;
	unsigned int i;

	for (i = 0; (c = candidate(data, i)); i++) {
		unsigned int d = distance(word, c);

		if (d <= limit && d < strlen(c)) {
			limit = d;
			best = c;
			if (!d)
				break;
			limit--;
		}
	}
	return best;
}
