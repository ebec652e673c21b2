/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keys: every key of the configuration language, in one table. Parser, JSON,
 * netlink, printer and diff all follow it.
 */
#ifndef _ERNAT_KEYS_H
#define _ERNAT_KEYS_H

#include <stdbool.h>
#include <stdint.h>

enum kind {
	KIND_SETTINGS,
	KIND_SET,
	KIND_POOL,
	KIND_SOURCE,
	KIND_RULE,
	KIND_MAX,
};

enum key_type {
	KEY_STRING, /* "free text" */
	KEY_RANGE, /* addresses */
	KEY_POOL_RANGE, /* addresses [standby | drain | router NAME] */
	KEY_MATCH, /* addresses | set | local, each with "except" */
	KEY_ADDRESS, /* single addresses */
	KEY_REF, /* name of one pool */
	KEY_SOURCES, /* names of route sources | none */
	KEY_DEVICE, /* device names, "*" at the end is a wildcard */
	KEY_PORTS,
	KEY_ROUTE_PROTOCOL,
	KEY_IP_PROTOCOL,
	KEY_TABLE,
	KEY_NUMBER,
	KEY_METRIC, /* LO-HI */
	KEY_ROUTE_PREFIX, /* P [ge N] [le N] */
	KEY_ALARM, /* RAISE% CLEAR% */
	KEY_CHOICE, /* one of .choices */
	KEY_WORD, /* the one of .choices, a flag on the wire */
	KEY_FLAG, /* no value */
	KEY_MARK, /* N[/M] */
	KEY_TYPES,
};

#define KEY_LIST 0x01 /* values by comma, and repeatable */
#define KEY_USERDATA 0x02 /* the kernel keeps it without looking into it */
#define KEY_EXCEPT 0x04 /* the values are taken out of those of .attr */
#define KEY_LOCAL 0x08 /* "local" may stand here */
#define KEY_U8 0x10 /* one byte on the wire */
#define KEY_LINES 0x20 /* printed a value a line */

struct choice {
	const char *word;
	uint8_t number;
};

struct key {
	const char *name;
	uint8_t type;
	uint8_t flags;
	uint16_t attr; /* netlink attribute; alarm: that of the raise */
	uint16_t attr2; /* that of the clear */
	uint32_t min, max; /* numbers */
	uint32_t dflt, dflt2; /* what absence means: dropped when it is said */
	bool has_default;
	const struct choice *choices;
	const char *meaning; /* for messages: what has to stand there */
};

struct kind_info {
	const char *word; /* "route-source" */
	const char *plural;
	const struct key *keys;
	unsigned int n_keys;
	unsigned int max; /* objects of this kind */
	uint16_t attr; /* ERNAT_A_* */
	uint16_t name_attr;
	uint16_t userdata_attr; /* 0: none */
};

#define KEYS_MAX 20

extern const struct kind_info kinds[KIND_MAX];

enum { SETTINGS_CIRCUIT_SUBNET, SETTINGS_CONNTRACK_ALARM };
enum { SET_ADDRESS, SET_EXCEPT };
enum {
	POOL_DESCRIPTION,
	POOL_ADDRESS,
	POOL_EXCEPT,
	POOL_PORT,
	POOL_OVERFLOW,
	POOL_HOST_LIMIT,
	POOL_HOST_PREFIX,
	POOL_ALARM,
	POOL_EXHAUSTED,
	POOL_LOG,
};
enum {
	SOURCE_DESCRIPTION,
	SOURCE_ROLE,
	SOURCE_PROTOCOL,
	SOURCE_TABLE,
	SOURCE_VRF,
	SOURCE_DEVICE,
	SOURCE_VIA,
	SOURCE_REALM,
	SOURCE_METRIC,
	SOURCE_PREFIX,
	SOURCE_LOOKUP,
	SOURCE_NEIGHBOR,
	SOURCE_PEER_AS,
	SOURCE_AS,
	SOURCE_ALLOW,
	SOURCE_NO,
};
enum {
	RULE_DESCRIPTION,
	RULE_TO,
	RULE_RETURN,
	RULE_IN,
	RULE_OUT,
	RULE_VRF,
	RULE_FROM,
	RULE_DEST,
	RULE_PROTOCOL,
	RULE_SPORT,
	RULE_DPORT,
	RULE_MARK,
	RULE_FAMILY,
	RULE_SNAT,
	RULE_EXEMPT,
	RULE_DROP,
	RULE_REPLY_MARK,
};

/* Position in kinds[kind].keys, -1 when there is no such key. */
int key_find(enum kind kind, const char *name);

/* The candidate nearest to @word if it is near enough to be meant, or NULL. */
const char *nearest(const char *word, const char *(*candidate)(void *, unsigned int), void *data);

#endif
