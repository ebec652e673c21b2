/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ruleset: sets, pools, route sources and rules as one immutable whole.
 *
 * A ruleset is built by one transaction (under &ernat_net.lock), compiled, and
 * published with rcu_assign_pointer(); from then on nothing in it changes.
 * Readers hold rcu_read_lock(); a replaced one is freed after a grace period.
 */
#ifndef _ERNAT_RULESET_H
#define _ERNAT_RULESET_H

#include <linux/in6.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <uapi/linux/ernat.h>
#include "account.h"
#include "addrset.h"
#include "ip.h"
#include "port.h"

struct ernat_flow;

/* struct ernat_set - @match: last that named it, while the ruleset is made */
struct ernat_set {
	char name[ERNAT_NAME_MAX];
	struct ernat_ranges ranges;
	struct ernat_addrset addrs;
	u32 match;
};

/**
 * struct ernat_match - addresses that a key accepts
 * @used: false: the key is absent
 * @local: "from local"
 * @sets: alternatives, besides @addrs
 * @ranges: as configured
 * @addrs: of @ranges
 * @except: taken out of @addrs and @sets
 */
struct ernat_match {
	bool used;
	bool local;
	unsigned int n_sets;
	struct ernat_set **sets;
	struct ernat_ranges ranges;
	struct ernat_addrset addrs;
	struct ernat_addrset except;
};

bool ernat_match_addr(const struct ernat_match *m, u8 family,
		      const union nf_inet_addr *addr);

/* struct ernat_devname - @len: of @name, without a '*' */
struct ernat_devname {
	char name[ERNAT_DEV_MAX];
	u8 len;
	bool wildcard;			/* a '*' followed */
};

/* Device names; absent key: n is 0. */
struct ernat_devs {
	unsigned int n;
	struct ernat_devname *v;
};

struct ernat_u8s {
	unsigned int n;
	u8 *v;
};

struct ernat_u32s {
	unsigned int n;
	u32 *v;
};

struct ernat_u16_ranges {
	unsigned int n;
	struct ernat_u16_range *v;
};

struct ernat_u32_ranges {
	unsigned int n;
	struct ernat_u32_range *v;
};

struct ernat_userdata {
	unsigned int len;
	u8 *data;
};

#define ERNAT_MAX_OVERFLOW	16	/* pools that overflow into one another */

/* Active addresses of a pool in one family, numbered 0 .. n-1. */
struct ernat_pool_span {
	struct ernat_ip first;
	struct ernat_ip last;
	u64 index;			/* number of @first */
};

/**
 * struct ernat_pool - a pool as this ruleset defines it
 * @account: counters, survives the ruleset
 * @id: position in the ruleset
 * @ranges: as configured
 * @members: every address in it, whatever its state
 * @active: addresses given out, by family, sorted
 * @n_active: spans in @active
 * @n_addrs: addresses in @active, by family; saturates at U64_MAX
 * @ring: id of their numbering, see &struct ernat_port_offer
 * @alarm_at: ports used toward one destination that raise the alarm, by family
 * @host_alarm_at: sessions of a host that raise its alarm; U32_MAX: never
 * @host_clear: sessions that clear it, these or less
 * @adopter: first rule that gives out of it, directly or by overflow, or NULL
 * @ports: which ports may be given out; shared between pools and rulesets
 * @overflow: tried next, or NULL; always added before this pool
 * @depth: pools in the chain that @overflow begins
 * @families: bit 1 << ernat_family_index(): has addresses that are not draining
 * @serves: by role, the first source that it serves as the pool of a rule's "to"
 *	(overflow included); for R3, R4 and R14
 */
struct ernat_pool {
	struct ernat_account *account;
	unsigned int id;
	struct ernat_ranges ranges;
	struct ernat_addrset members;
	struct ernat_pool_span *active[2];
	unsigned int n_active[2];
	u64 n_addrs[2];
	u64 ring;
	u64 alarm_at[2];
	u32 host_alarm_at;
	u32 host_clear;
	const struct ernat_rule *adopter;
	struct ernat_ports *ports;
	struct ernat_u16_ranges port_ranges;	/* as configured; n 0: default */
	struct ernat_pool *overflow;
	u32 host_limit;				/* 0: none */
	u8 host_prefix;				/* 0: 128 */
	u8 alarm_raise;
	u8 alarm_clear;
	u8 exhausted;
	bool log_sessions;
	u8 depth;
	u8 families;
	const struct ernat_source *serves[__ERNAT_ROLE_MAX];
	struct ernat_userdata userdata;
};

/**
 * struct ernat_source - a route source
 * @id: position in the ruleset; lower ids are tried first
 *
 * Keys that are absent have n == 0 or used == false.
 */
struct ernat_source {
	struct ernat_account *account;
	unsigned int id;
	u8 role;
	bool no_guard;
	bool has_lookup;
	u32 lookup;				/* table id */
	struct ernat_u8s protocol;
	struct ernat_u32s table;
	struct ernat_devs vrf;
	struct ernat_devs device;
	struct ernat_match via;
	struct ernat_u32s realm;
	struct ernat_u32_ranges metric;
	unsigned int n_prefix;
	struct ernat_route_prefix *prefix;
	struct ernat_match allow;
	struct ernat_userdata userdata;
};

/* "to" and "return". Absent key: @used is false. */
struct ernat_source_list {
	bool used;
	bool none;
	unsigned int n;
	struct ernat_source **v;
};

struct ernat_rule {
	struct ernat_account *account;
	unsigned int id;
	struct ernat_source_list to;
	struct ernat_source_list ret;
	struct ernat_devs in;
	struct ernat_devs out;
	struct ernat_devs vrf;
	struct ernat_match from;
	struct ernat_match dest;
	struct ernat_u8s protocol;
	struct ernat_u16_ranges sport;
	struct ernat_u16_ranges dport;
	bool has_mark;
	struct ernat_mark mark;
	u8 family;				/* 0: both */
	u8 action;
	struct ernat_pool *pool;		/* ERNAT_ACTION_SNAT */
	struct ernat_mark reply_mark;		/* mask 0: none */
	struct ernat_userdata userdata;
};

struct ernat_index;
struct ernat_member_index;

/**
 * struct ernat_ruleset - everything one commit made
 * @generation: set at commit
 * @by_account: @rules by address of their account
 * @rules: in order
 * @sources: in order
 * @index: compiled from @rules, private to ruleset.c
 * @members: compiled from @pools, private to member.c
 * @source_index: compiled from @sources, private to source.c
 * @lookups: distinct "lookup" tables of @sources
 * @needs_to: some rule has "to"
 * @needs_return: some rule has "return"
 * @needs_local: some rule has "from local"
 * @needs_in: some rule has "in" or "vrf"
 * @reply_mask: union of the masks of all reply-marks
 * @n_ranges: ranges and entries of lists, of all objects together
 * @routers: names that ranges point to
 * @has_settings: a settings object was given
 */
struct ernat_ruleset {
	struct rcu_head rcu;
	u32 generation;
	unsigned int n_sets;
	unsigned int n_pools;
	unsigned int n_sources;
	unsigned int n_rules;
	struct ernat_set **sets;
	struct ernat_pool **pools;
	struct ernat_source **sources;
	struct ernat_rule **rules;

	struct ernat_rule **by_account;
	struct ernat_index *index;
	struct ernat_member_index *members;
	struct ernat_source_index *source_index;
	unsigned int n_lookups;
	u32 lookups[ERNAT_MAX_LOOKUPS];
	bool needs_to;
	bool needs_return;
	bool needs_local;
	bool needs_in;
	u32 reply_mask;
	unsigned int n_ranges;
	unsigned int n_routers;
	char **routers;

	bool has_settings;
	char router[ERNAT_NAME_MAX];
	char *file;
	bool has_hash;
	u8 hash[32];
	u8 ct_alarm_raise;
	u8 ct_alarm_clear;
	struct ernat_userdata userdata;
};

/**
 * ernat_ruleset_match - first rule that a flow matches
 * @rs: ruleset, under rcu_read_lock()
 * @flow: what the packet is; its routes are looked up when a rule asks
 *
 * Softirq-safe, no allocation. Cost does not grow with the number of rules that
 * cannot match the flow's route source and addresses.
 *
 * Return: the rule, or NULL when none matches.
 */
const struct ernat_rule *ernat_ruleset_match(const struct ernat_ruleset *rs,
					     struct ernat_flow *flow);

/**
 * ernat_rule_check - one rule, every key
 *
 * Return: 0 when @rule matches, else the first key (enum ernat_rule_attr) that
 * does not hold.
 */
int ernat_rule_check(const struct ernat_ruleset *rs,
		     const struct ernat_rule *rule, struct ernat_flow *flow);

/* The route source that @rule went by with @flow, which it matches, or NULL. */
struct ernat_account *ernat_rule_source(const struct ernat_rule *rule,
					const struct ernat_flow *flow);

/* Does the name of @dev, or of its l3 master @master (may be NULL), stand here? */
bool ernat_devs_match(const struct ernat_devs *devs,
		      const struct net_device *dev,
		      const struct net_device *master);

bool ernat_source_list_has(const struct ernat_source_list *list,
			   const struct ernat_source *source);

/* The rule of @rs with that account, or NULL. Under RCU; logarithmic cost. */
const struct ernat_rule *ernat_ruleset_rule_of(const struct ernat_ruleset *rs,
					       const struct ernat_account *account);

/**
 * ernat_ruleset_compile - make what the functions above need
 * @rs: complete, not yet published
 *
 * Return: 0 or -ENOMEM. May sleep.
 */
int ernat_ruleset_compile(struct ernat_ruleset *rs);

/* Objects that are in no ruleset yet; those of a ruleset go with it. */
void ernat_ruleset_free_set(struct ernat_set *set);
void ernat_ruleset_free_pool(struct ernat_pool *pool);
void ernat_ruleset_free_source(struct ernat_source *source);
void ernat_ruleset_free_rule(struct ernat_rule *rule);

/* Frees with everything in it; only when no reader can hold it. May sleep. */
void ernat_ruleset_free(struct ernat_ruleset *rs);

#endif /* _ERNAT_RULESET_H */
