/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ernat: source NAT by route source. Generic-netlink family "ernat".
 *
 * Every command needs CAP_NET_ADMIN in the user namespace that owns the
 * socket's network namespace, and acts on that network namespace alone.
 * Addresses are in network byte order, 4 (IPv4) or 16 (IPv6) bytes long; all
 * other integers are in host byte order. Unknown attributes, commands and
 * values are refused, with the offending attribute and a text in extack.
 *
 * ERNAT_CMD_GET_STATUS (do)
 *     request:  nothing
 *     reply:    ERNAT_A_STATUS nest of ERNAT_STATUS_*
 *
 * ERNAT_CMD_BEGIN (do)
 *     Opens this socket's transaction. One socket has at most one, a
 *     namespace at most ERNAT_MAX_TRANSACTIONS; it ends with COMMIT, ABORT or
 *     the socket.
 *     request:  nothing
 *     reply:    ERNAT_A_COOKIE (u64), to be sent with each message of it
 *
 * ERNAT_CMD_ADD (do)
 *     One object for the transaction. What it names has to be there already:
 *     sets before what uses them, a pool before the one that overflows into
 *     it and before its rules, route sources before rules. Route sources and
 *     rules are tried in the order in which they were added.
 *     request:  ERNAT_A_COOKIE
 *               one of ERNAT_A_SET, ERNAT_A_POOL, ERNAT_A_SOURCE, ERNAT_A_RULE,
 *                   ERNAT_A_SETTINGS
 *               ERNAT_A_CONTINUE (flag): the ranges belong to the set or
 *                   pool of that name, which was added last; for what does
 *                   not fit into 64 KiB. A set or pool of less than 24 KiB
 *                   is judged at once, a longer one when it is complete:
 *                   with the next object or COMMIT
 *     A rule or route source has at most 28 KiB. Once an object was refused,
 *     the transaction takes no more and can only be aborted or begun anew.
 *
 * ERNAT_CMD_COMMIT (do)
 *     Compiles the transaction and makes it the ruleset of the namespace; all
 *     of it or, on any error, nothing.
 *     request:  ERNAT_A_COOKIE
 *               ERNAT_A_CHECK (flag): do everything but the last step
 *               ERNAT_A_IF_GENERATION (u32): only if this is still the
 *                   generation of the running ruleset, else ESTALE
 *     reply:    ERNAT_A_GENERATION (u32) of what now runs
 *
 * ERNAT_CMD_ABORT (do)
 *     request:  ERNAT_A_COOKIE
 *
 * ERNAT_CMD_FLUSH (do)
 *     Ends every session (its conntrack entry is deleted), removes the ruleset
 *     and the hooks. EBUSY while sessions live unless forced.
 *     request:  ERNAT_A_FORCE (flag)
 *
 * ERNAT_CMD_GET_CONFIG (dump)
 *     The running ruleset, object by object, in an order that ADD accepts:
 *     each message is what an ADD would carry (ERNAT_A_CONTINUE included).
 *     A dump during which the ruleset changed carries NLM_F_DUMP_INTR.
 *
 * ERNAT_CMD_GET_POOL, _GET_SOURCE, _GET_RULE (dump)
 *     request:  ERNAT_A_NAME (optional)
 *     reply:    a message each, ERNAT_A_POOL_USAGE, ERNAT_A_SOURCE_USAGE or
 *               ERNAT_A_RULE_USAGE. Pools that the ruleset no longer has are
 *               listed as long as sessions use them, and so is an address
 *               that its pool no longer has, as draining. The ranges of a
 *               pool that do not fit go on in a message of its name with
 *               ERNAT_A_CONTINUE and more ranges alone.
 *
 * ERNAT_CMD_GET_SESSION (dump)
 *     request:  ERNAT_A_FILTER (optional) nest of ERNAT_FILTER_*
 *     reply:    a message each with ERNAT_A_SESSION. Sessions that come or go
 *               during the dump may be missed; none is listed twice unless
 *               the table was resized meanwhile (NLM_F_DUMP_INTR).
 *
 * ERNAT_CMD_CLEAR_SESSION (do)
 *     Ends sessions; their conntrack entries are deleted.
 *     request:  ERNAT_A_FILTER with at least one key, or ERNAT_A_ALL (flag)
 *     reply:    ERNAT_A_COUNT (u64) sessions that it ended
 *
 * ERNAT_CMD_GET_HOST (dump)
 *     Inside hosts, each as a user of one pool: those with sessions and, for
 *     ten minutes, those that have failed and have none any more.
 *     request:  ERNAT_A_FILTER (optional) of POOL, HOST
 *     reply:    a message each with ERNAT_A_HOST, in no order
 *
 * ERNAT_CMD_GET_DEST (dump)
 *     Destinations, each as a user of one pool. What is said of GET_SESSION
 *     about a table that is resized holds here and for hosts too.
 *     request:  ERNAT_A_FILTER (optional) of POOL, DEST, DEST_PORT, PROTOCOL
 *     reply:    a message each with ERNAT_A_DEST, in no order
 *
 * ERNAT_CMD_ADOPT (do)
 *     Looks through conntrack: an entry whose source is translated to an
 *     address of a pool becomes a session; one that a snat rule matches and that
 *     is not translated so is deleted. The first COMMIT does the same; a later
 *     one, and the module by itself every now and then, adopts and deletes
 *     nothing.
 *     request:  nothing
 *     reply:    ERNAT_A_ADOPTED (u64), ERNAT_A_ENDED (u64) of this pass
 *
 * ERNAT_CMD_GET_EVENT (dump)
 *     What is still in the ring of the last ERNAT_MAX_EVENTS events, oldest
 *     first; SESSION_CREATED and _ENDED never stand there.
 *     request:  nothing
 *     reply:    a message each with ERNAT_A_EVENT
 *
 * ERNAT_CMD_EVENT (multicast; groups ERNAT_GENL_EVENTS, ERNAT_GENL_SESSIONS)
 *     ERNAT_A_EVENT as it happens. The second group has SESSION_CREATED and
 *     _ENDED of the pools that log them, the first one all others. ERNAT_EVENT_SEQ
 *     counts by group and without gaps: a gap was lost on the way. To join a
 *     group takes CAP_NET_ADMIN.
 *
 * ERNAT_CMD_GET_STATS (do)
 *     reply:    ERNAT_A_STATS nest; attribute type = enum ernat_stat, u64 each
 *
 * ERNAT_CMD_EXPLAIN (do)
 *     What would be decided for the first packet of a connection, and why.
 *     Takes nothing, claims nothing.
 *     request:  ERNAT_A_FLOW nest of ERNAT_FLOW_*
 *     reply:    ERNAT_A_DECISION nest of ERNAT_DECISION_*
 */
#ifndef _UAPI_LINUX_ERNAT_H
#define _UAPI_LINUX_ERNAT_H

#include <linux/types.h>

#define ERNAT_GENL_NAME		"ernat"
#define ERNAT_GENL_VERSION	1
#define ERNAT_GENL_EVENTS	"events"
#define ERNAT_GENL_SESSIONS	"sessions"

/* Limits. Names are counted with their terminating NUL. */
#define ERNAT_NAME_MAX		64	/* pool, route source, rule, set, router */
#define ERNAT_DEV_MAX		16	/* IFNAMSIZ; a trailing '*' is a wildcard */
#define ERNAT_USERDATA_MAX	8192	/* bytes per object */
#define ERNAT_MAX_SETS		4096
#define ERNAT_MAX_POOLS		8192
#define ERNAT_MAX_SOURCES	8192
#define ERNAT_MAX_RULES		16384
#define ERNAT_MAX_RANGES	262144	/* of all objects together */
#define ERNAT_MAX_LIST		1024	/* names, numbers, port ranges in one list */
#define ERNAT_MAX_LOOKUPS	8	/* different "lookup" tables */
#define ERNAT_MAX_TRANSACTIONS	8	/* open at once in one namespace */
#define ERNAT_MAX_STEPS		64	/* rules that EXPLAIN gives a reason for */
#define ERNAT_MAX_EVENTS	2048	/* kept in the ring of a namespace */

enum ernat_cmd {
	ERNAT_CMD_UNSPEC,
	ERNAT_CMD_GET_STATUS,
	ERNAT_CMD_BEGIN,
	ERNAT_CMD_ADD,
	ERNAT_CMD_COMMIT,
	ERNAT_CMD_ABORT,
	ERNAT_CMD_FLUSH,
	ERNAT_CMD_GET_CONFIG,
	ERNAT_CMD_GET_POOL,
	ERNAT_CMD_GET_SOURCE,
	ERNAT_CMD_GET_RULE,
	ERNAT_CMD_GET_SESSION,
	ERNAT_CMD_GET_STATS,
	ERNAT_CMD_EXPLAIN,
	ERNAT_CMD_CLEAR_SESSION,
	ERNAT_CMD_GET_HOST,
	ERNAT_CMD_GET_DEST,
	ERNAT_CMD_ADOPT,
	ERNAT_CMD_GET_EVENT,
	ERNAT_CMD_EVENT,
	__ERNAT_CMD_MAX,
	ERNAT_CMD_MAX = __ERNAT_CMD_MAX - 1,
};

/* Top level of every message. */
enum ernat_attr {
	ERNAT_A_UNSPEC,
	ERNAT_A_PAD,
	ERNAT_A_COOKIE,		/* u64 */
	ERNAT_A_CHECK,		/* flag */
	ERNAT_A_FORCE,		/* flag */
	ERNAT_A_CONTINUE,	/* flag */
	ERNAT_A_GENERATION,	/* u32, 0: no ruleset */
	ERNAT_A_IF_GENERATION,	/* u32 */
	ERNAT_A_NAME,		/* string */
	ERNAT_A_SET,		/* nest ERNAT_SET_* */
	ERNAT_A_POOL,		/* nest ERNAT_POOL_* */
	ERNAT_A_SOURCE,		/* nest ERNAT_SOURCE_* */
	ERNAT_A_RULE,		/* nest ERNAT_RULE_* */
	ERNAT_A_SETTINGS,	/* nest ERNAT_SETTINGS_* */
	ERNAT_A_STATUS,		/* nest ERNAT_STATUS_* */
	ERNAT_A_POOL_USAGE,	/* nest ERNAT_POOL_USAGE_* */
	ERNAT_A_SOURCE_USAGE,	/* nest ERNAT_SOURCE_USAGE_* */
	ERNAT_A_RULE_USAGE,	/* nest ERNAT_RULE_USAGE_* */
	ERNAT_A_FILTER,		/* nest ERNAT_FILTER_* */
	ERNAT_A_SESSION,	/* nest ERNAT_SESSION_* */
	ERNAT_A_STATS,		/* nest, type = enum ernat_stat, u64 */
	ERNAT_A_FLOW,		/* nest ERNAT_FLOW_* */
	ERNAT_A_DECISION,	/* nest ERNAT_DECISION_* */
	ERNAT_A_ALL,		/* flag */
	ERNAT_A_COUNT,		/* u64 */
	ERNAT_A_ADOPTED,	/* u64 */
	ERNAT_A_ENDED,		/* u64 */
	ERNAT_A_HOST,		/* nest ERNAT_HOST_* */
	ERNAT_A_DEST,		/* nest ERNAT_DEST_* */
	ERNAT_A_EVENT,		/* nest ERNAT_EVENT_* */
	__ERNAT_A_MAX,
	ERNAT_A_MAX = __ERNAT_A_MAX - 1,
};

/*
 * A range of addresses, FIRST <= LAST, both of one family. One with a ROUTER is
 * active where SETTINGS_ROUTER is that name and standby elsewhere.
 */
enum ernat_range_attr {
	ERNAT_RANGE_UNSPEC,
	ERNAT_RANGE_FIRST,	/* 4 or 16 bytes */
	ERNAT_RANGE_LAST,	/* as long as FIRST; default FIRST */
	ERNAT_RANGE_EXCEPT,	/* flag: taken out of what the others give */
	ERNAT_RANGE_STATE,	/* u8 enum ernat_state, pools only */
	ERNAT_RANGE_ROUTER,	/* string, pools only: where it is active */
	__ERNAT_RANGE_MAX,
	ERNAT_RANGE_MAX = __ERNAT_RANGE_MAX - 1,
};

enum ernat_state {
	ERNAT_STATE_ACTIVE,
	ERNAT_STATE_STANDBY,	/* audited and guarded, not given out */
	ERNAT_STATE_DRAIN,	/* no new sessions */
	__ERNAT_STATE_MAX,
};

/* Addresses of a match; alternatives, less those marked EXCEPT. */
enum ernat_match_attr {
	ERNAT_MATCH_UNSPEC,
	ERNAT_MATCH_RANGE,	/* nest ERNAT_RANGE_*, repeated */
	ERNAT_MATCH_SET,	/* string, repeated */
	ERNAT_MATCH_LOCAL,	/* flag: the router's own addresses ("from" only) */
	__ERNAT_MATCH_MAX,
	ERNAT_MATCH_MAX = __ERNAT_MATCH_MAX - 1,
};

/* A list of names: ERNAT_LIST_NAME, repeated. */
enum ernat_list_attr {
	ERNAT_LIST_UNSPEC,
	ERNAT_LIST_NAME,	/* string */
	ERNAT_LIST_NONE,	/* flag: "none", in to and return */
	__ERNAT_LIST_MAX,
	ERNAT_LIST_MAX = __ERNAT_LIST_MAX - 1,
};

/* struct ernat_u16_range - ports min..max, both included, host byte order */
struct ernat_u16_range {
	__u16 min;
	__u16 max;
};

/* struct ernat_u32_range - metrics min..max, both included */
struct ernat_u32_range {
	__u32 min;
	__u32 max;
};

/* struct ernat_mark - a mark under a mask; value has no bit outside mask */
struct ernat_mark {
	__u32 value;
	__u32 mask;
};

/**
 * struct ernat_route_prefix - a predicate on the prefix of the matched route
 * @addr: the covering prefix; IPv4 in the first four bytes, rest zero
 * @family: AF_INET or AF_INET6
 * @len: length of @addr's prefix
 * @ge: shortest length of a route that matches
 * @le: longest length of a route that matches
 */
struct ernat_route_prefix {
	__u8 addr[16];
	__u8 family;
	__u8 len;
	__u8 ge;
	__u8 le;
};

enum ernat_set_attr {
	ERNAT_SET_UNSPEC,
	ERNAT_SET_NAME,		/* string */
	ERNAT_SET_RANGE,	/* nest ERNAT_RANGE_*, repeated; list */
	__ERNAT_SET_MAX,
	ERNAT_SET_MAX = __ERNAT_SET_MAX - 1,
};

enum ernat_exhausted {
	ERNAT_EXHAUSTED_DROP,
	ERNAT_EXHAUSTED_REJECT,	/* ICMP code 13, ICMPv6 code 1; rate-limited */
	__ERNAT_EXHAUSTED_MAX,
};

enum ernat_pool_attr {
	ERNAT_POOL_UNSPEC,
	ERNAT_POOL_PAD,
	ERNAT_POOL_NAME,	/* string */
	ERNAT_POOL_RANGE,	/* nest ERNAT_RANGE_*, repeated; list */
	ERNAT_POOL_PORTS,	/* array of struct ernat_u16_range; default 1024-65535 */
	ERNAT_POOL_OVERFLOW,	/* string: pool tried when this one has nothing */
	ERNAT_POOL_HOST_LIMIT,	/* u32 sessions of one host; default none */
	ERNAT_POOL_HOST_PREFIX,	/* u8: length by which IPv6 hosts are grouped */
	ERNAT_POOL_ALARM_RAISE,	/* u8 percent, default 80 */
	ERNAT_POOL_ALARM_CLEAR,	/* u8 percent, default 70 */
	ERNAT_POOL_EXHAUSTED,	/* u8 enum ernat_exhausted, default drop */
	ERNAT_POOL_LOG_SESSIONS, /* flag */
	ERNAT_POOL_USERDATA,	/* binary, kept and given back */
	__ERNAT_POOL_MAX,
	ERNAT_POOL_MAX = __ERNAT_POOL_MAX - 1,
};

enum ernat_role {
	ERNAT_ROLE_NONE,
	ERNAT_ROLE_MICROSOFT,
	ERNAT_ROLE_INTERNET,
	ERNAT_ROLE_PRIVATE,
	__ERNAT_ROLE_MAX,
};

/* Values of one attribute are alternatives; different attributes all hold. */
enum ernat_source_attr {
	ERNAT_SOURCE_UNSPEC,
	ERNAT_SOURCE_NAME,	/* string */
	ERNAT_SOURCE_ROLE,	/* u8 enum ernat_role */
	ERNAT_SOURCE_PROTOCOL,	/* array of u8, RTPROT_* */
	ERNAT_SOURCE_TABLE,	/* array of u32 */
	ERNAT_SOURCE_VRF,	/* nest ERNAT_LIST_*: the route's table is theirs */
	ERNAT_SOURCE_DEVICE,	/* nest ERNAT_LIST_*: of the next hop */
	ERNAT_SOURCE_VIA,	/* nest ERNAT_MATCH_*: the next hop's gateway */
	ERNAT_SOURCE_REALM,	/* array of u32, IPv4 only */
	ERNAT_SOURCE_METRIC,	/* array of struct ernat_u32_range */
	ERNAT_SOURCE_PREFIX,	/* array of struct ernat_route_prefix */
	ERNAT_SOURCE_LOOKUP,	/* u32: ask this table alone */
	ERNAT_SOURCE_NO_GUARD,	/* flag */
	ERNAT_SOURCE_ALLOW,	/* nest ERNAT_MATCH_*: may leave untranslated */
	ERNAT_SOURCE_USERDATA,	/* binary, kept and given back */
	__ERNAT_SOURCE_MAX,
	ERNAT_SOURCE_MAX = __ERNAT_SOURCE_MAX - 1,
};

enum ernat_action {
	ERNAT_ACTION_UNSPEC,	/* in a reply: no rule matched, left to others */
	ERNAT_ACTION_SNAT,
	ERNAT_ACTION_EXEMPT,	/* no NAT, by anyone */
	ERNAT_ACTION_DROP,
	__ERNAT_ACTION_MAX,
};

/* Values of one attribute are alternatives; different attributes all hold. */
enum ernat_rule_attr {
	ERNAT_RULE_UNSPEC,
	ERNAT_RULE_NAME,	/* string */
	ERNAT_RULE_TO,		/* nest ERNAT_LIST_*: source of the packet's route */
	ERNAT_RULE_RETURN,	/* nest ERNAT_LIST_*: source of the route back */
	ERNAT_RULE_IN,		/* nest ERNAT_LIST_*: devices */
	ERNAT_RULE_OUT,		/* nest ERNAT_LIST_*: devices */
	ERNAT_RULE_VRF,		/* nest ERNAT_LIST_*: where the packet came in */
	ERNAT_RULE_FROM,	/* nest ERNAT_MATCH_* */
	ERNAT_RULE_DEST,	/* nest ERNAT_MATCH_*, after DNAT */
	ERNAT_RULE_PROTOCOL,	/* array of u8, IPPROTO_* */
	ERNAT_RULE_SPORT,	/* array of struct ernat_u16_range */
	ERNAT_RULE_DPORT,	/* array of struct ernat_u16_range, after DNAT */
	ERNAT_RULE_MARK,	/* struct ernat_mark */
	ERNAT_RULE_FAMILY,	/* u8, AF_INET or AF_INET6 */
	ERNAT_RULE_ACTION,	/* u8 enum ernat_action */
	ERNAT_RULE_POOL,	/* string, with ACTION_SNAT */
	ERNAT_RULE_REPLY_MARK,	/* struct ernat_mark: of the packets back */
	ERNAT_RULE_USERDATA,	/* binary, kept and given back */
	__ERNAT_RULE_MAX,
	ERNAT_RULE_MAX = __ERNAT_RULE_MAX - 1,
};

enum ernat_settings_attr {
	ERNAT_SETTINGS_UNSPEC,
	ERNAT_SETTINGS_ROUTER,		/* string: which RANGE_ROUTER is this */
	ERNAT_SETTINGS_FILE,		/* string <= 4095: where it came from */
	ERNAT_SETTINGS_HASH,		/* binary, 32 bytes: SHA-256 of the file */
	ERNAT_SETTINGS_CT_ALARM_RAISE,	/* u8 percent, default 80 */
	ERNAT_SETTINGS_CT_ALARM_CLEAR,	/* u8 percent, default 70 */
	ERNAT_SETTINGS_USERDATA,	/* binary, kept and given back */
	__ERNAT_SETTINGS_MAX,
	ERNAT_SETTINGS_MAX = __ERNAT_SETTINGS_MAX - 1,
};

enum ernat_status_attr {
	ERNAT_STATUS_UNSPEC,
	ERNAT_STATUS_PAD,
	ERNAT_STATUS_VERSION,		/* string: of the module */
	ERNAT_STATUS_GENERATION,	/* u32, 0: no ruleset */
	ERNAT_STATUS_AGE,		/* u64 seconds since the last COMMIT */
	ERNAT_STATUS_FILE,		/* string */
	ERNAT_STATUS_HASH,		/* binary, 32 bytes */
	ERNAT_STATUS_ROUTER,		/* string */
	ERNAT_STATUS_SETS,		/* u32 */
	ERNAT_STATUS_POOLS,		/* u32 */
	ERNAT_STATUS_SOURCES,		/* u32 */
	ERNAT_STATUS_RULES,		/* u32 */
	ERNAT_STATUS_SESSIONS,		/* u64 */
	ERNAT_STATUS_CT_COUNT,		/* u32 conntrack entries of this namespace */
	ERNAT_STATUS_CT_MAX,		/* u32 nf_conntrack_max */
	ERNAT_STATUS_CT_ALARM,		/* u8 0 or 1 */
	__ERNAT_STATUS_MAX,
	ERNAT_STATUS_MAX = __ERNAT_STATUS_MAX - 1,
};

/* One range of a pool with its usage. */
enum ernat_usage_range_attr {
	ERNAT_USAGE_RANGE_UNSPEC,
	ERNAT_USAGE_RANGE_PAD,
	ERNAT_USAGE_RANGE_FIRST,	/* 4 or 16 bytes */
	ERNAT_USAGE_RANGE_LAST,		/* 4 or 16 bytes */
	ERNAT_USAGE_RANGE_STATE,	/* u8 enum ernat_state */
	ERNAT_USAGE_RANGE_SESSIONS,	/* u64 */
	__ERNAT_USAGE_RANGE_MAX,
	ERNAT_USAGE_RANGE_MAX = __ERNAT_USAGE_RANGE_MAX - 1,
};

/*
 * PORTS is what one destination can hold per protocol: of the IPv4 addresses,
 * or of the IPv6 ones where the pool has no IPv4. It saturates.
 */
enum ernat_pool_usage_attr {
	ERNAT_POOL_USAGE_UNSPEC,
	ERNAT_POOL_USAGE_PAD,
	ERNAT_POOL_USAGE_NAME,		/* string */
	ERNAT_POOL_USAGE_RANGE,		/* nest ERNAT_USAGE_RANGE_*, repeated */
	ERNAT_POOL_USAGE_PORTS,		/* u64: active addresses x ports, see below */
	ERNAT_POOL_USAGE_SESSIONS,	/* u64 */
	ERNAT_POOL_USAGE_PEAK_SESSIONS,	/* u64 */
	ERNAT_POOL_USAGE_HOSTS,		/* u64 */
	ERNAT_POOL_USAGE_ALARM,		/* u8 0 or 1 */
	ERNAT_POOL_USAGE_CREATED,	/* u64 since load, as all below */
	ERNAT_POOL_USAGE_EXHAUSTED,	/* u64 */
	ERNAT_POOL_USAGE_HOST_LIMITED,	/* u64 */
	ERNAT_POOL_USAGE_OVERFLOWED,	/* u64 sessions that the overflow pool took */
	ERNAT_POOL_USAGE_RECLAIMED,	/* u64 */
	ERNAT_POOL_USAGE_REROUTED,	/* u64 */
	ERNAT_POOL_USAGE_BUSIEST_ADDR,	/* 4 or 16 bytes; absent when there is none */
	ERNAT_POOL_USAGE_BUSIEST_PORT,	/* u16 */
	ERNAT_POOL_USAGE_BUSIEST_PROTOCOL, /* u8 */
	ERNAT_POOL_USAGE_BUSIEST_SESSIONS, /* u64 */
	ERNAT_POOL_USAGE_BUSIEST_USED,	/* u64, see enum ernat_dest_attr */
	ERNAT_POOL_USAGE_BUSIEST_PORTS,	/* u64, see enum ernat_dest_attr */
	__ERNAT_POOL_USAGE_MAX,
	ERNAT_POOL_USAGE_MAX = __ERNAT_POOL_USAGE_MAX - 1,
};

enum ernat_source_usage_attr {
	ERNAT_SOURCE_USAGE_UNSPEC,
	ERNAT_SOURCE_USAGE_PAD,
	ERNAT_SOURCE_USAGE_NAME,	/* string */
	ERNAT_SOURCE_USAGE_ROLE,	/* u8 enum ernat_role */
	ERNAT_SOURCE_USAGE_HITS,	/* u64 connections decided with it */
	ERNAT_SOURCE_USAGE_SESSIONS,	/* u64 */
	ERNAT_SOURCE_USAGE_CREATED,	/* u64 */
	__ERNAT_SOURCE_USAGE_MAX,
	ERNAT_SOURCE_USAGE_MAX = __ERNAT_SOURCE_USAGE_MAX - 1,
};

enum ernat_rule_usage_attr {
	ERNAT_RULE_USAGE_UNSPEC,
	ERNAT_RULE_USAGE_PAD,
	ERNAT_RULE_USAGE_NAME,		/* string */
	ERNAT_RULE_USAGE_ACTION,	/* u8 enum ernat_action */
	ERNAT_RULE_USAGE_POOL,		/* string */
	ERNAT_RULE_USAGE_HITS,		/* u64 connections it decided */
	ERNAT_RULE_USAGE_SESSIONS,	/* u64 */
	ERNAT_RULE_USAGE_CREATED,	/* u64 */
	ERNAT_RULE_USAGE_FAILED,	/* u64 connections dropped for want of a mapping */
	__ERNAT_RULE_USAGE_MAX,
	ERNAT_RULE_USAGE_MAX = __ERNAT_RULE_USAGE_MAX - 1,
};

/* Why a connection got no mapping. */
enum ernat_reason {
	ERNAT_REASON_NONE,
	ERNAT_REASON_EXHAUSTED,		/* no port left in pool and overflow */
	ERNAT_REASON_NO_ADDRESS,	/* no active address of the family */
	ERNAT_REASON_HOST_LIMIT,	/* host-limit reached */
	ERNAT_REASON_NO_MEMORY,		/* allocation failed */
	ERNAT_REASON_NAT,		/* nf_nat would not take the mapping */
	__ERNAT_REASON_MAX,
};

/* A host; FAILURE_* is its last one, absent where there was none lately. */
enum ernat_host_attr {
	ERNAT_HOST_UNSPEC,
	ERNAT_HOST_PAD,
	ERNAT_HOST_POOL,		/* string */
	ERNAT_HOST_ADDR,		/* 4 or 16 bytes */
	ERNAT_HOST_PREFIX_LEN,		/* u8: 32, 128 or the pool's host-prefix */
	ERNAT_HOST_ZONE,		/* u16 conntrack zone */
	ERNAT_HOST_SESSIONS,		/* u32 */
	ERNAT_HOST_LIMIT,		/* u32; absent: none */
	ERNAT_HOST_ALARM,		/* u8 0 or 1 */
	ERNAT_HOST_MAPPED,		/* 4 or 16 bytes: its pool address; absent: none */
	ERNAT_HOST_FAILED,		/* u64 connections that failed */
	ERNAT_HOST_FAILURE_REASON,	/* u8 enum ernat_reason */
	ERNAT_HOST_FAILURE_TIME,	/* u64 nanoseconds since the epoch */
	ERNAT_HOST_FAILURE_PROTOCOL,	/* u8 IPPROTO_* */
	ERNAT_HOST_FAILURE_DEST,	/* 4 or 16 bytes */
	ERNAT_HOST_FAILURE_DEST_PORT,	/* u16 */
	__ERNAT_HOST_MAX,
	ERNAT_HOST_MAX = __ERNAT_HOST_MAX - 1,
};

/*
 * A destination as a user of one pool. USED of PORTS is what alarms watch: of
 * the addresses that are given out, with the ports that conntrack entries of
 * others hold there.
 */
enum ernat_dest_attr {
	ERNAT_DEST_UNSPEC,
	ERNAT_DEST_PAD,
	ERNAT_DEST_POOL,		/* string */
	ERNAT_DEST_PROTOCOL,		/* u8 IPPROTO_* */
	ERNAT_DEST_ADDR,		/* 4 or 16 bytes */
	ERNAT_DEST_PORT,		/* u16 */
	ERNAT_DEST_SESSIONS,		/* u64, those on draining addresses too */
	ERNAT_DEST_USED,		/* u64 */
	ERNAT_DEST_PORTS,		/* u64; 0: the pool is not in the ruleset */
	__ERNAT_DEST_MAX,
	ERNAT_DEST_MAX = __ERNAT_DEST_MAX - 1,
};

enum ernat_event_type {
	ERNAT_EVENT_TYPE_UNSPEC,
	ERNAT_EVENT_TYPE_ALARM_RAISED,	/* SUBJECT and what it has; COUNT of MAX */
	ERNAT_EVENT_TYPE_ALARM_CLEARED,	/* likewise */
	ERNAT_EVENT_TYPE_FAILURE,	/* REASON, POOL, RULE, HOST, DEST */
	ERNAT_EVENT_TYPE_RULESET,	/* GENERATION (0: flushed), FILE */
	ERNAT_EVENT_TYPE_ADOPTED,	/* COUNT sessions, ENDED connections */
	ERNAT_EVENT_TYPE_CLEARED,	/* COUNT sessions ended by request */
	ERNAT_EVENT_TYPE_SESSION_CREATED,
	ERNAT_EVENT_TYPE_SESSION_ENDED,
	__ERNAT_EVENT_TYPE_MAX,
};

enum ernat_event_subject {
	ERNAT_EVENT_SUBJECT_UNSPEC,
	ERNAT_EVENT_SUBJECT_POOL,	/* POOL; PROTOCOL, DEST: its busiest one */
	/* POOL, HOST, ZONE against its limit; without HOST: SUPPRESSED more */
	ERNAT_EVENT_SUBJECT_HOST,
	ERNAT_EVENT_SUBJECT_CONNTRACK,	/* entries against nf_conntrack_max */
	__ERNAT_EVENT_SUBJECT_MAX,
};

/* Attributes that a type does not have are absent. */
enum ernat_event_attr {
	ERNAT_EVENT_UNSPEC,
	ERNAT_EVENT_PAD,
	ERNAT_EVENT_TYPE,	/* u8 enum ernat_event_type */
	ERNAT_EVENT_SEQ,	/* u64 */
	ERNAT_EVENT_TIME,	/* u64 nanoseconds since the epoch */
	ERNAT_EVENT_SUBJECT,	/* u8 enum ernat_event_subject */
	ERNAT_EVENT_REASON,	/* u8 enum ernat_reason */
	ERNAT_EVENT_POOL,	/* string */
	ERNAT_EVENT_RULE,	/* string */
	ERNAT_EVENT_SOURCE,	/* string: route source */
	ERNAT_EVENT_PROTOCOL,	/* u8 IPPROTO_* */
	ERNAT_EVENT_HOST,	/* 4 or 16 bytes */
	ERNAT_EVENT_HOST_PREFIX_LEN, /* u8, of an alarm */
	ERNAT_EVENT_HOST_PORT,	/* u16 port or ICMP id */
	ERNAT_EVENT_ZONE,	/* u16 conntrack zone of the host */
	ERNAT_EVENT_MAPPED,	/* 4 or 16 bytes */
	ERNAT_EVENT_MAPPED_PORT, /* u16 */
	ERNAT_EVENT_DEST,	/* 4 or 16 bytes */
	ERNAT_EVENT_DEST_PORT,	/* u16 */
	ERNAT_EVENT_COUNT,	/* u64 */
	ERNAT_EVENT_MAX_COUNT,	/* u64 what COUNT is measured against */
	ERNAT_EVENT_ENDED,	/* u64 */
	ERNAT_EVENT_SUPPRESSED,	/* u64 events of this kind and pool not sent */
	ERNAT_EVENT_GENERATION,	/* u32 */
	ERNAT_EVENT_FILE,	/* string, its end where it is long */
	ERNAT_EVENT_CREATED,	/* u64 nanoseconds since the epoch */
	__ERNAT_EVENT_MAX,
	ERNAT_EVENT_MAX = __ERNAT_EVENT_MAX - 1,
};

/* All that are given have to hold. */
enum ernat_filter_attr {
	ERNAT_FILTER_UNSPEC,
	ERNAT_FILTER_POOL,		/* string */
	ERNAT_FILTER_RULE,		/* string */
	ERNAT_FILTER_SOURCE,		/* string: route source */
	ERNAT_FILTER_HOST,		/* nest ERNAT_RANGE_* (FIRST, LAST) */
	ERNAT_FILTER_HOST_PORT,		/* u16 */
	ERNAT_FILTER_MAPPED,		/* nest ERNAT_RANGE_* */
	ERNAT_FILTER_MAPPED_PORT,	/* u16 */
	ERNAT_FILTER_DEST,		/* nest ERNAT_RANGE_* */
	ERNAT_FILTER_DEST_PORT,		/* u16 */
	ERNAT_FILTER_PROTOCOL,		/* u8 */
	ERNAT_FILTER_VRF,		/* string */
	__ERNAT_FILTER_MAX,
	ERNAT_FILTER_MAX = __ERNAT_FILTER_MAX - 1,
};

enum ernat_session_attr {
	ERNAT_SESSION_UNSPEC,
	ERNAT_SESSION_PAD,
	ERNAT_SESSION_POOL,		/* string */
	ERNAT_SESSION_RULE,		/* string */
	ERNAT_SESSION_SOURCE,		/* string: route source; absent: none */
	ERNAT_SESSION_PROTOCOL,		/* u8 IPPROTO_* */
	ERNAT_SESSION_HOST,		/* 4 or 16 bytes: inside source */
	ERNAT_SESSION_HOST_PORT,	/* u16 port or ICMP id */
	ERNAT_SESSION_MAPPED,		/* 4 or 16 bytes */
	ERNAT_SESSION_MAPPED_PORT,	/* u16 */
	ERNAT_SESSION_DEST,		/* 4 or 16 bytes: after any DNAT */
	ERNAT_SESSION_DEST_PORT,	/* u16 */
	ERNAT_SESSION_ZONE,		/* u16 conntrack zone of the host */
	ERNAT_SESSION_STATE,		/* u8 enum ernat_session_state */
	ERNAT_SESSION_AGE,		/* u64 seconds */
	ERNAT_SESSION_VRF,		/* string: where it came in; absent: none */
	__ERNAT_SESSION_MAX,
	ERNAT_SESSION_MAX = __ERNAT_SESSION_MAX - 1,
};

enum ernat_session_state {
	ERNAT_SESSION_STATE_NEW,	/* first packet still on its way */
	ERNAT_SESSION_STATE_UNREPLIED,
	ERNAT_SESSION_STATE_REPLIED,
	ERNAT_SESSION_STATE_ASSURED,
	/* TCP, in place of the above once the connection is confirmed */
	ERNAT_SESSION_STATE_SYN_SENT,
	ERNAT_SESSION_STATE_SYN_RECV,
	ERNAT_SESSION_STATE_ESTABLISHED,
	ERNAT_SESSION_STATE_FIN_WAIT,
	ERNAT_SESSION_STATE_CLOSE_WAIT,
	ERNAT_SESSION_STATE_LAST_ACK,
	ERNAT_SESSION_STATE_TIME_WAIT,
	ERNAT_SESSION_STATE_CLOSE,
	ERNAT_SESSION_STATE_ENDED,	/* gone from conntrack, not yet swept */
	__ERNAT_SESSION_STATE_MAX,
};

/* Counters of the namespace since load; see Documentation for each. */
enum ernat_stat {
	ERNAT_STAT_UNSPEC,
	ERNAT_STAT_SESSIONS,		/* live now */
	ERNAT_STAT_CREATED,		/* sessions created */
	ERNAT_STAT_ENDED,		/* sessions ended */
	ERNAT_STAT_UNCONFIRMED,		/* of these: conntrack never confirmed them */
	ERNAT_STAT_ADOPTED,		/* of created: found, not made by a first packet */
	ERNAT_STAT_SHARED,		/* first packets that took a live session's mapping */
	ERNAT_STAT_EXEMPT,		/* connections bound to no NAT */
	ERNAT_STAT_UNMATCHED,		/* connections left to others */
	ERNAT_STAT_OWN,			/* connections of the router's own, not touched */
	ERNAT_STAT_DROP_RULE,		/* dropped: a rule says drop */
	ERNAT_STAT_DROP_EXHAUSTED,	/* dropped: no port left in pool and overflow */
	ERNAT_STAT_DROP_NO_ADDRESS,	/* dropped: no active address of the family */
	ERNAT_STAT_DROP_HOST_LIMIT,	/* dropped: host-limit reached */
	ERNAT_STAT_DROP_NO_MEMORY,	/* dropped: allocation failed */
	ERNAT_STAT_DROP_NAT,		/* dropped: nf_nat would not take the mapping */
	ERNAT_STAT_REJECTED,		/* of the drops: answered by ICMP */
	ERNAT_STAT_FOREIGN_PORT,	/* ports passed over: another conntrack has them */
	ERNAT_STAT_ROUTE_MISMATCH,	/* the route found has no leg the packet takes */
	ERNAT_STAT_REPLY_MARKED,	/* connections given a reply-mark */
	ERNAT_STAT_DRAINED,		/* sessions whose address left the ruleset */
	ERNAT_STAT_RECLAIMED,		/* closed connections that gave way early */
	ERNAT_STAT_CLEARED,		/* sessions ended by request */
	ERNAT_STAT_UNMAPPED,		/* connections ended: a snat rule matched, not mapped */
	ERNAT_STAT_EVENTS,		/* events made */
	ERNAT_STAT_EVENTS_SUPPRESSED,	/* events not made: too many of a kind */
	ERNAT_STAT_EVENTS_LOST,		/* events not sent: allocation failed */
	ERNAT_STAT_SWEEPS,
	ERNAT_STAT_SWEEP_NS,		/* nanoseconds the last sweep took */
	ERNAT_STAT_COMMITS,
	ERNAT_STAT_REFUSED,		/* commits and objects refused */
	ERNAT_STAT_CT_COUNT,		/* conntrack: entries of this namespace */
	ERNAT_STAT_CT_MAX,		/* conntrack: nf_conntrack_max */
	ERNAT_STAT_CT_INSERT_FAILED,	/* conntrack: insert_failed, all CPUs */
	ERNAT_STAT_CT_DROP,		/* conntrack: drop, all CPUs */
	ERNAT_STAT_CT_EARLY_DROP,	/* conntrack: early_drop, all CPUs */
	__ERNAT_STAT_MAX,
	ERNAT_STAT_MAX = __ERNAT_STAT_MAX - 1,
};

/* A packet to explain. FROM and TO are needed, of one family. */
enum ernat_flow_attr {
	ERNAT_FLOW_UNSPEC,
	ERNAT_FLOW_FROM,	/* 4 or 16 bytes */
	ERNAT_FLOW_TO,		/* 4 or 16 bytes */
	ERNAT_FLOW_IN,		/* string; default: device of the route to FROM */
	ERNAT_FLOW_PROTOCOL,	/* u8, default TCP */
	ERNAT_FLOW_SPORT,	/* u16, default 0 */
	ERNAT_FLOW_DPORT,	/* u16, default 0 */
	ERNAT_FLOW_MARK,	/* u32, default 0 */
	ERNAT_FLOW_TOS,		/* u8, default 0 */
	__ERNAT_FLOW_MAX,
	ERNAT_FLOW_MAX = __ERNAT_FLOW_MAX - 1,
};

/* A route as it was found. */
enum ernat_route_attr {
	ERNAT_ROUTE_UNSPEC,
	ERNAT_ROUTE_SOURCE,	/* string: its route source; absent: none */
	ERNAT_ROUTE_PREFIX,	/* 4 or 16 bytes */
	ERNAT_ROUTE_PREFIX_LEN,	/* u8 */
	ERNAT_ROUTE_TABLE,	/* u32 */
	ERNAT_ROUTE_PROTOCOL,	/* u8 RTPROT_* */
	ERNAT_ROUTE_METRIC,	/* u32 */
	ERNAT_ROUTE_REALM,	/* u32 */
	ERNAT_ROUTE_DEVICE,	/* string */
	ERNAT_ROUTE_VIA,	/* 4 or 16 bytes; absent: on link */
	ERNAT_ROUTE_LOOKUP,	/* flag: PREFIX etc. are of the source's own table */
	__ERNAT_ROUTE_MAX,
	ERNAT_ROUTE_MAX = __ERNAT_ROUTE_MAX - 1,
};

/* A rule that was tried and why it did not match; KEY 0: it matched. */
enum ernat_step_attr {
	ERNAT_STEP_UNSPEC,
	ERNAT_STEP_RULE,	/* string */
	ERNAT_STEP_KEY,		/* u8 enum ernat_rule_attr: first key that failed, or 0 */
	__ERNAT_STEP_MAX,
	ERNAT_STEP_MAX = __ERNAT_STEP_MAX - 1,
};

enum ernat_skip {
	ERNAT_SKIP_NONE,	/* the rules were asked */
	ERNAT_SKIP_OWN,		/* the router's own packet, no rule says from local */
	ERNAT_SKIP_MULTICAST,	/* multicast or broadcast */
	ERNAT_SKIP_LOCAL,	/* delivered here, does not leave the router */
	ERNAT_SKIP_XFRM,	/* before IPsec encryption */
	ERNAT_SKIP_UNROUTABLE,	/* no route, or blackhole, prohibit, unreachable */
	__ERNAT_SKIP_MAX,
};

enum ernat_decision_attr {
	ERNAT_DECISION_UNSPEC,
	ERNAT_DECISION_SKIP,		/* u8 enum ernat_skip */
	ERNAT_DECISION_IN,		/* string */
	ERNAT_DECISION_OUT,		/* string */
	ERNAT_DECISION_ROUTE,		/* nest ERNAT_ROUTE_*: the packet's */
	ERNAT_DECISION_RETURN,		/* nest ERNAT_ROUTE_*: back, if a rule asked */
	ERNAT_DECISION_STEP,		/* nest ERNAT_STEP_*, repeated, rule order */
	ERNAT_DECISION_RULE,		/* string; absent: no rule matched */
	ERNAT_DECISION_ACTION,		/* u8 enum ernat_action */
	ERNAT_DECISION_POOL,		/* string */
	ERNAT_DECISION_ADDRESS,		/* 4 or 16 bytes: preferred pool address */
	ERNAT_DECISION_PAIRED,		/* flag: the host holds that address now */
	ERNAT_DECISION_REPLY_MARK,	/* struct ernat_mark */
	ERNAT_DECISION_SESSION,		/* nest ERNAT_SESSION_*: live one, if any */
	__ERNAT_DECISION_MAX,
	ERNAT_DECISION_MAX = __ERNAT_DECISION_MAX - 1,
};

#endif /* _UAPI_LINUX_ERNAT_H */
