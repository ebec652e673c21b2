// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <linux/rtnetlink.h>

#include "apply_warn.h"
#include "diag.h"

/* What the routing tables say about the addresses of pools. */
struct routes {
	struct range_set pools;
	struct range_set local;
	struct range_set covered;
};

static void add_all(struct range_set *set, const struct values *vals)
{
	const struct value *v;

	for_each_value(v, vals)
	{
		if (v->form == FORM_RANGE)
			rangeset_add(set, &v->range);
	}
}

/* Addresses less exceptions. */
static void object_ranges(struct range_set *set, const struct values *address,
			  const struct values *except)
{
	struct range_set minus = { 0 };

	add_all(set, address);
	add_all(&minus, except);
	rangeset_done(set);
	rangeset_done(&minus);
	rangeset_subtract(set, &minus);
	rangeset_free(&minus);
}

static void add_route(struct routes *r, const struct rtmsg *rtm, struct nlattr *dst)
{
	struct range range;

	/* a default route covers everything and means nothing */
	if (!dst || !rtm->rtm_dst_len || rtm->rtm_flags & RTM_F_CLONED ||
	    (rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6) ||
	    nla_len(dst) < (int)family_size(rtm->rtm_family) ||
	    rtm->rtm_dst_len > family_size(rtm->rtm_family) * 8)
		return;
	range_from_prefix(&range, rtm->rtm_family, nla_data(dst), rtm->rtm_dst_len);
	/* keep what matters: a router may have a million routes */
	if (!rangeset_overlap(&r->pools, &range))
		return;
	if (rtm->rtm_type == RTN_LOCAL)
		rangeset_add(&r->local, &range);
	else if (rtm->rtm_type == RTN_UNICAST || rtm->rtm_type == RTN_BLACKHOLE ||
		 rtm->rtm_type == RTN_UNREACHABLE || rtm->rtm_type == RTN_PROHIBIT)
		rangeset_add(&r->covered, &range);
}

static int route_cb(struct nl_msg *msg, void *data)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct rtmsg *rtm = nlmsg_data(nlh);

	if (nlh->nlmsg_type == RTM_NEWROUTE && nlmsg_valid_hdr(nlh, sizeof(*rtm)))
		add_route(data, rtm, nlmsg_find_attr(nlh, sizeof(*rtm), RTA_DST));
	return NL_OK;
}

/* A stream of messages and no cache of objects, for the same reason. */
static int dump_routes(struct routes *r)
{
	struct rtmsg rtm = { .rtm_family = AF_UNSPEC };
	struct nl_sock *sk = nl_socket_alloc();
	int err;

	if (!sk)
		return -NLE_NOMEM;
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, route_cb, r);
	err = nl_connect(sk, NETLINK_ROUTE);
	if (!err)
		err = nl_send_simple(sk, RTM_GETROUTE, NLM_F_DUMP, &rtm, sizeof(rtm));
	if (err >= 0)
		err = nl_recvmsgs_default(sk);
	nl_socket_free(sk);
	return err;
}

/*
 * What of @range does not lie in @set, for a message: all of it, or the first
 * address. False when it does.
 */
static bool outside(const struct range_set *set, const struct range *range, struct text *out)
{
	struct range miss;

	out->len = 0;
	if (rangeset_covers(set, range, &miss))
		return false;
	range_text(out, rangeset_overlap(set, range) ? &miss : range);
	return true;
}

static void warn_range(struct config *cfg, const struct object *pool, const struct value *v,
		       const struct range_set *except, const struct routes *r)
{
	const struct range *local = rangeset_overlap(&r->local, &v->range);
	struct range_set left = { 0 };
	struct text t = { 0 };
	unsigned int i;

	if (local) {
		range_text(&t, range_contains(&v->range, local) ? local : &v->range);
		diag_warning(
			cfg, &v->place,
			"pool \"%s\": %s is local to this router, so that anybody can occupy its ports from outside",
			pool->name, t.s);
	}
	rangeset_add(&left, &v->range);
	rangeset_subtract(&left, except);
	for (i = 0; !local && i < left.n; i++) {
		if (!outside(&r->covered, &left.v[i], &t))
			continue;
		diag_warning(
			cfg, &v->place,
			"pool \"%s\": %s has neither a blackhole nor another covering route here (ip route add blackhole PREFIX)",
			pool->name, t.s);
		break;
	}
	rangeset_free(&left);
	text_free(&t);
}

static void warn_pool(struct config *cfg, const struct object *pool, const struct routes *r)
{
	struct range_set except = { 0 };
	const struct value *v;

	add_all(&except, &pool->key[POOL_EXCEPT]);
	rangeset_done(&except);
	for_each_value(v, &pool->key[POOL_ADDRESS]) warn_range(cfg, pool, v, &except, r);
	rangeset_free(&except);
}

static void warn_routes(struct config *cfg)
{
	const struct object *pool;
	struct routes r = { 0 };
	int err;

	for_each_object(pool, cfg, KIND_POOL) add_all(&r.pools, &pool->key[POOL_ADDRESS]);
	rangeset_done(&r.pools);
	err = r.pools.n ? dump_routes(&r) : 0;
	rangeset_done(&r.local);
	rangeset_done(&r.covered);
	if (err < 0)
		diag_warning(cfg, NULL, "cannot read the routing tables: %s", nl_geterror(err));
	for_each_object(pool, cfg, KIND_POOL)
	{
		if (err >= 0)
			warn_pool(cfg, pool, &r);
	}
	rangeset_free(&r.pools);
	rangeset_free(&r.local);
	rangeset_free(&r.covered);
}

/* A match as a set of addresses; its "local" is not among them. */
static void match_ranges(const struct config *cfg, struct range_set *set, const struct values *vals)
{
	struct range_set minus = { 0 };
	const struct object *named;
	const struct value *v;
	unsigned int i;

	for_each_value(v, vals)
	{
		if (v->form == FORM_RANGE) {
			rangeset_add(v->except ? &minus : set, &v->range);
		} else if (v->form == FORM_NAME) {
			struct range_set sub = { 0 };

			named = config_find(cfg, KIND_SET, v->name);
			object_ranges(&sub, &named->key[SET_ADDRESS], &named->key[SET_EXCEPT]);
			for (i = 0; i < sub.n; i++)
				rangeset_add(set, &sub.v[i]);
			rangeset_free(&sub);
		}
	}
	rangeset_done(set);
	rangeset_done(&minus);
	rangeset_subtract(set, &minus);
	rangeset_free(&minus);
}

/* Warns of the first address that @rule lets pass and @source does not. */
static void warn_exempt(struct config *cfg, const struct object *rule, const struct object *source)
{
	const struct values *from = &rule->key[RULE_FROM];
	struct range_set leave = { 0 }, allow = { 0 };
	struct text t = { 0 };
	unsigned int i;

	match_ranges(cfg, &leave, from);
	match_ranges(cfg, &allow, &source->key[SOURCE_ALLOW]);
	if (!from->n)
		diag_warning(
			cfg, &rule->key[RULE_EXEMPT].place,
			"rule \"%s\" exempts every source, also what the \"allow\" of \"%s\" lacks",
			rule->name, source->name);
	for (i = 0; i < leave.n; i++) {
		if (!outside(&allow, &leave.v[i], &t))
			continue;
		diag_warning(cfg, &from->first->place,
			     "rule \"%s\" exempts %s, which the \"allow\" of \"%s\" lacks",
			     rule->name, t.s, source->name);
		break;
	}
	text_free(&t);
	rangeset_free(&leave);
	rangeset_free(&allow);
}

static bool is_microsoft(const struct object *source)
{
	return has_key(source, SOURCE_ROLE) &&
	       source->key[SOURCE_ROLE].first->min == ERNAT_ROLE_MICROSOFT;
}

static const char *const documentation[] = {
	"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20",
};

static void warn_documentation(struct config *cfg, const struct object *pool,
			       const struct object *source)
{
	const struct value *v;
	struct range doc;
	const char *why;
	size_t i;

	for_each_value(v, &pool->key[POOL_ADDRESS])
	{
		for (i = 0; i < sizeof(documentation) / sizeof(char *); i++) {
			range_parse(documentation[i], &doc, &why);
			if (!range_overlaps(&doc, &v->range))
				continue;
			diag_warning(
				cfg, &v->place,
				"pool \"%s\" serves \"%s\" (role microsoft), but %s is for documentation only",
				pool->name, source->name, documentation[i]);
		}
	}
}

/* The pool and what it overflows into, each once. */
static void warn_pools(struct config *cfg, const char *name, const struct object *source)
{
	struct object *pool;

	while ((pool = config_find(cfg, KIND_POOL, name)) && !pool->mark) {
		pool->mark = 1;
		warn_documentation(cfg, pool, source);
		if (!has_key(pool, POOL_OVERFLOW))
			break;
		name = pool->key[POOL_OVERFLOW].first->name;
	}
}

/* Families of the pool and of what it overflows into, as bits. */
static unsigned int pool_families(struct config *cfg, const char *name)
{
	const struct object *pool;
	const struct value *v;
	unsigned int has = 0, n;

	for (n = 0; n < cfg->list[KIND_POOL].n; n++) {
		pool = config_find(cfg, KIND_POOL, name);
		if (!pool)
			break;
		for_each_value(v, &pool->key[POOL_ADDRESS]) has |= v->range.family == AF_INET6 ? 2 :
												 1;
		if (!has_key(pool, POOL_OVERFLOW))
			break;
		name = pool->key[POOL_OVERFLOW].first->name;
	}
	return has;
}

/*
 * A rule that names no IP version matches both. One whose pool lacks a version that
 * it names is refused.
 */
static void warn_family(struct config *cfg, const struct object *rule)
{
	const struct values *snat = &rule->key[RULE_SNAT];
	unsigned int has;

	if (!snat->n || has_key(rule, RULE_FAMILY) || has_key(rule, RULE_FROM) ||
	    has_key(rule, RULE_DEST))
		return;
	has = pool_families(cfg, snat->first->name);
	if (has == 1 || has == 2)
		diag_warning(
			cfg, &snat->place,
			"rule \"%s\" matches IPv%c too, for which pool \"%s\" has no address: such connections are dropped; family ipv%c?",
			rule->name, has == 1 ? '6' : '4', snat->first->name, has == 1 ? '4' : '6');
}

static void warn_rule(struct config *cfg, const struct object *rule)
{
	const struct object *source;
	const struct value *v;

	warn_family(cfg, rule);
	for_each_value(v, &rule->key[RULE_TO])
	{
		source = v->form == FORM_NAME ? config_find(cfg, KIND_SOURCE, v->name) : NULL;
		if (!source || !is_microsoft(source))
			continue;
		if (has_key(rule, RULE_EXEMPT) && !has_key(source, SOURCE_NO))
			warn_exempt(cfg, rule, source);
		if (has_key(rule, RULE_SNAT))
			warn_pools(cfg, rule->key[RULE_SNAT].first->name, source);
	}
}

static void warn_router(struct config *cfg, bool given)
{
	const struct value *v, *first = NULL;
	const struct object *pool;

	for_each_object(pool, cfg, KIND_POOL)
	{
		for_each_value(v, &pool->key[POOL_ADDRESS])
		{
			if (!v->name)
				continue;
			if (cfg->router && !strcmp(v->name, cfg->router))
				return;
			first = first ? first : v;
		}
	}
	if (first && cfg->router)
		diag_warning(cfg, &first->place,
			     "no address is for router \"%s\", which is this one", cfg->router);
	else if (first)
		diag_warning(
			cfg, &first->place,
			"nothing says which router this is (--router NAME), so that none of their addresses is given out");
	else if (given)
		diag_warning(cfg, NULL, "no address is for router \"%s\"", cfg->router);
}

void apply_warn(struct config *cfg, bool router_given)
{
	struct object *obj;

	for_each_object(obj, cfg, KIND_POOL) obj->mark = 0;
	for_each_object(obj, cfg, KIND_RULE) warn_rule(cfg, obj);
	warn_router(cfg, router_given);
	warn_routes(cfg);
	diag_finish(cfg);
}
