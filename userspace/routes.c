// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/vrf.h>
#include <linux/rtnetlink.h>

#include "routes.h"
#include "text.h"

#define CACHE 1024

/* struct leg - a route but for its prefix, by one of its next hops; no holes */
struct leg {
	uint32_t table;
	uint32_t metric;
	uint32_t realm;
	uint32_t device;
	uint8_t via[16];
	uint8_t protocol;
	uint8_t via_family; /* 0: on link */
	uint8_t family;
	uint8_t used; /* in the cache */
};

struct cached {
	struct leg leg;
	const struct object *source;
};

struct count {
	struct route_counts *counts;
	struct nl_cache *links;
	struct range_set *via; /* by index of the source */
	struct cached *cache;
	bool by_prefix; /* some source asks for it: legs alone say nothing */
};

/* -- Does a predicate hold? As in kmod/source.c. --------------------------- */

static bool has_number(const struct values *vals, uint32_t number)
{
	const struct value *v;

	for (v = vals->first; v; v = v->next)
		if (v->min == number)
			return true;
	return !vals->n;
}

static bool has_metric(const struct values *vals, uint32_t metric)
{
	const struct value *v;

	for (v = vals->first; v; v = v->next)
		if (metric >= v->min && metric <= v->max)
			return true;
	return !vals->n;
}

static bool name_matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '*')
		return !strncmp(pattern, name, len - 1);
	return !strcmp(pattern, name);
}

static bool any_name(const struct values *vals, struct rtnl_link *link)
{
	const struct value *v;

	for (v = vals->first; v; v = v->next)
		if (name_matches(v->name, rtnl_link_get_name(link)))
			return true;
	return false;
}

/* A VRF stands for its devices. */
static bool has_device(const struct count *c, const struct values *vals, uint32_t device)
{
	struct rtnl_link *link, *master = NULL;
	bool found = false;

	if (!vals->n)
		return true;
	link = rtnl_link_get(c->links, device);
	if (!link)
		return false;
	if (rtnl_link_get_master(link))
		master = rtnl_link_get(c->links, rtnl_link_get_master(link));
	found = any_name(vals, link) ||
		(master && rtnl_link_is_vrf(master) && any_name(vals, master));
	rtnl_link_put(master);
	rtnl_link_put(link);
	return found;
}

static bool has_vrf(const struct count *c, const struct values *vals, uint32_t table)
{
	const struct value *v;
	struct rtnl_link *link;
	uint32_t of_vrf;
	bool found;

	for (v = vals->first; v; v = v->next) {
		link = rtnl_link_get_by_name(c->links, v->name);
		found = link && rtnl_link_is_vrf(link) &&
			!rtnl_link_vrf_get_tableid(link, &of_vrf) && of_vrf == table;
		rtnl_link_put(link);
		if (found)
			return true;
	}
	return !vals->n;
}

static bool has_via(const struct count *c, const struct object *source, const struct leg *leg)
{
	struct range via = { .family = leg->via_family };

	if (!has_key(source, SOURCE_VIA))
		return true;
	if (!leg->via_family)
		return false;
	memcpy(via.first, leg->via, sizeof(via.first));
	memcpy(via.last, leg->via, sizeof(via.last));
	return rangeset_covers(&c->via[source->index], &via, NULL);
}

static bool has_prefix(const struct values *vals, uint8_t family, const uint8_t *prefix,
		       uint8_t len)
{
	const struct ernat_route_prefix *p;
	const struct value *v;
	struct range outer, inner;

	range_from_prefix(&inner, family, prefix, len);
	for (v = vals->first; v; v = v->next) {
		p = &v->prefix;
		if (p->family != family || len < p->ge || len > p->le || len < p->len)
			continue;
		range_from_prefix(&outer, family, p->addr, p->len);
		if (range_contains(&outer, &inner))
			return true;
	}
	return !vals->n;
}

static bool source_has(const struct count *c, const struct object *source, const struct leg *leg,
		       const uint8_t *prefix, uint8_t len)
{
	const struct values *key = source->key;

	return has_number(&key[SOURCE_LOOKUP], leg->table) &&
	       has_number(&key[SOURCE_PROTOCOL], leg->protocol) &&
	       has_number(&key[SOURCE_TABLE], leg->table) &&
	       has_number(&key[SOURCE_REALM], leg->realm) &&
	       has_metric(&key[SOURCE_METRIC], leg->metric) &&
	       has_device(c, &key[SOURCE_DEVICE], leg->device) &&
	       has_vrf(c, &key[SOURCE_VRF], leg->table) && has_via(c, source, leg) &&
	       has_prefix(&key[SOURCE_PREFIX], leg->family, prefix, len);
}

static const struct object *find_source(const struct count *c, const struct leg *leg,
					const uint8_t *prefix, uint8_t len)
{
	const struct object *source;

	for (source = c->counts->cfg->list[KIND_SOURCE].first; source; source = source->next)
		if (source_has(c, source, leg, prefix, len))
			return source;
	return NULL;
}

static unsigned int hash(const struct leg *leg)
{
	const uint8_t *byte = (const uint8_t *)leg;
	uint32_t h = 2166136261U;
	size_t i;

	for (i = 0; i < sizeof(*leg); i++)
		h = (h ^ byte[i]) * 16777619U;
	return h % CACHE;
}

/* A million routes have few different next hops. */
static const struct object *source_of(struct count *c, const struct leg *leg, const uint8_t *prefix,
				      uint8_t len)
{
	struct cached *cached = &c->cache[hash(leg)];

	if (c->by_prefix)
		return find_source(c, leg, prefix, len);
	if (memcmp(&cached->leg, leg, sizeof(*leg))) {
		cached->leg = *leg;
		cached->source = find_source(c, leg, prefix, len);
	}
	return cached->source;
}

/* -- Routes as the kernel tells them --------------------------------------- */

/* struct route - @seen: the sources that it counts for already */
struct route {
	struct leg leg; /* what all next hops share */
	uint8_t prefix[16];
	uint8_t len;
	const struct object *seen[8];
	unsigned int n_seen;
};

static void count_leg(struct count *c, struct route *r, const struct leg *leg)
{
	const struct object *source = source_of(c, leg, r->prefix, r->len);
	unsigned int i;

	for (i = 0; i < r->n_seen; i++)
		if (r->seen[i] == source)
			return;
	if (!source || r->n_seen == sizeof(r->seen) / sizeof(r->seen[0]))
		return;
	r->seen[r->n_seen++] = source;
	c->counts->count[source->index]++;
}

static void copy_addr(uint8_t *to, const struct nlattr *attr)
{
	memcpy(to, nla_data(attr), nla_len(attr) < 16 ? nla_len(attr) : 16);
}

static void take_gateway(struct leg *leg, struct nlattr **tb)
{
	const struct rtvia *via;

	if (tb[RTA_FLOW])
		leg->realm = nla_get_u32(tb[RTA_FLOW]);
	if (tb[RTA_GATEWAY]) {
		leg->via_family = leg->family;
		copy_addr(leg->via, tb[RTA_GATEWAY]);
	} else if (tb[RTA_VIA] && nla_len(tb[RTA_VIA]) >= 18) {
		via = nla_data(tb[RTA_VIA]);
		leg->via_family = via->rtvia_family;
		memcpy(leg->via, via->rtvia_addr, 16);
	}
}

static void count_legs(struct count *c, struct route *r, const struct nlattr *multipath)
{
	const struct rtnexthop *nh = nla_data(multipath);
	int left = nla_len(multipath);
	struct nlattr *tb[RTA_MAX + 1];
	struct leg leg;

	/* RTNH_OK() alone looks at what may be behind the end. */
	for (; left >= (int)sizeof(*nh) && RTNH_OK(nh, left);
	     left -= NLMSG_ALIGN(nh->rtnh_len), nh = RTNH_NEXT(nh)) {
		if (nla_parse(tb, RTA_MAX, (struct nlattr *)RTNH_DATA(nh),
			      nh->rtnh_len - sizeof(*nh), NULL) < 0)
			return;
		leg = r->leg;
		leg.device = nh->rtnh_ifindex;
		take_gateway(&leg, tb);
		count_leg(c, r, &leg);
	}
}

static void count_route(struct count *c, const struct rtmsg *rtm, struct nlattr **tb)
{
	struct route r = {
		.leg = {
			.table = rtm->rtm_table,
			.protocol = rtm->rtm_protocol,
			.family = rtm->rtm_family,
			.used = true,
		},
		.len = rtm->rtm_dst_len,
	};

	if (tb[RTA_TABLE])
		r.leg.table = nla_get_u32(tb[RTA_TABLE]);
	if (tb[RTA_PRIORITY])
		r.leg.metric = nla_get_u32(tb[RTA_PRIORITY]);
	if (tb[RTA_DST])
		copy_addr(r.prefix, tb[RTA_DST]);
	if (tb[RTA_MULTIPATH]) {
		count_legs(c, &r, tb[RTA_MULTIPATH]);
		return;
	}
	if (tb[RTA_OIF])
		r.leg.device = nla_get_u32(tb[RTA_OIF]);
	take_gateway(&r.leg, tb);
	count_leg(c, &r, &r.leg);
}

static int route_cb(struct nl_msg *msg, void *data)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct nlattr *tb[RTA_MAX + 1];
	struct rtmsg *rtm;

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(nlh, sizeof(*rtm), tb, RTA_MAX, NULL) < 0)
		return NL_OK;
	rtm = nlmsg_data(nlh);
	if ((rtm->rtm_family == AF_INET || rtm->rtm_family == AF_INET6) &&
	    rtm->rtm_type == RTN_UNICAST && !(rtm->rtm_flags & RTM_F_CLONED) &&
	    rtm->rtm_dst_len <= family_size(rtm->rtm_family) * 8)
		count_route(data, rtm, tb);
	return NL_OK;
}

static bool dump_routes(struct count *c)
{
	struct rtmsg rtm = { .rtm_family = AF_UNSPEC };
	struct nl_sock *sk = nl_socket_alloc();
	int err = -NLE_NOMEM;

	if (!sk)
		return false;
	if (!nl_connect(sk, NETLINK_ROUTE))
		err = rtnl_link_alloc_cache(sk, AF_UNSPEC, &c->links);
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, route_cb, c);
	if (err >= 0)
		err = nl_send_simple(sk, RTM_GETROUTE, NLM_F_DUMP, &rtm, sizeof(rtm));
	if (err >= 0)
		err = nl_recvmsgs_default(sk);
	nl_socket_free(sk);
	/* Routes came or went meanwhile: on a live router they always do. */
	return err >= 0 || err == -NLE_DUMP_INTR;
}

/* -- Sources ---------------------------------------------------------------- */

static void add_ranges(struct range_set *plus, struct range_set *minus, const struct values *vals)
{
	const struct value *v;

	for (v = vals->first; v; v = v->next)
		if (v->form == FORM_RANGE)
			rangeset_add(v->except ? minus : plus, &v->range);
}

/* What a set is: its exceptions are its own alone. */
static void add_set(struct range_set *to, const struct object *set)
{
	struct range_set plus = {}, minus = {};
	const struct value *v;
	unsigned int i;

	add_ranges(&plus, &minus, &set->key[SET_ADDRESS]);
	for (v = set->key[SET_EXCEPT].first; v; v = v->next)
		rangeset_add(&minus, &v->range);
	rangeset_done(&plus);
	rangeset_done(&minus);
	rangeset_subtract(&plus, &minus);
	for (i = 0; i < plus.n; i++)
		rangeset_add(to, &plus.v[i]);
	rangeset_free(&plus);
	rangeset_free(&minus);
}

/* "via" may name sets; its exceptions go for those as well. */
static void flatten_via(const struct config *cfg, const struct object *source,
			struct range_set *via)
{
	struct range_set minus = {};
	const struct object *set;
	const struct value *v;

	add_ranges(via, &minus, &source->key[SOURCE_VIA]);
	for (v = source->key[SOURCE_VIA].first; v; v = v->next) {
		set = v->form == FORM_NAME ? config_find(cfg, KIND_SET, v->name) : NULL;
		if (set)
			add_set(via, set);
	}
	rangeset_done(via);
	rangeset_done(&minus);
	rangeset_subtract(via, &minus);
	rangeset_free(&minus);
}

static void prepare(struct count *c)
{
	const struct config *cfg = c->counts->cfg;
	const struct object *source;

	c->via = xalloc((cfg->list[KIND_SOURCE].n + 1) * sizeof(*c->via));
	c->cache = xalloc(CACHE * sizeof(*c->cache));
	for (source = cfg->list[KIND_SOURCE].first; source; source = source->next) {
		flatten_via(cfg, source, &c->via[source->index]);
		c->by_prefix = c->by_prefix || has_key(source, SOURCE_PREFIX);
	}
}

static void clean_up(struct count *c)
{
	unsigned int i;

	for (i = 0; i < c->counts->cfg->list[KIND_SOURCE].n; i++)
		rangeset_free(&c->via[i]);
	free(c->via);
	free(c->cache);
	nl_cache_free(c->links);
}

bool routes_count(struct client *client, struct route_counts *counts)
{
	struct count c = { .counts = counts };
	bool good;

	counts->cfg = config_running(client);
	if (!counts->cfg)
		return false;
	counts->count = xalloc((counts->cfg->list[KIND_SOURCE].n + 1) * sizeof(*counts->count));
	prepare(&c);
	good = dump_routes(&c);
	clean_up(&c);
	if (!good)
		routes_free(counts);
	return good;
}

const uint64_t *routes_of(const struct route_counts *counts, const char *source)
{
	const struct object *obj;

	if (!counts->count)
		return NULL;
	obj = config_find(counts->cfg, KIND_SOURCE, source);
	return obj ? &counts->count[obj->index] : NULL;
}

void routes_free(struct route_counts *counts)
{
	config_free(counts->cfg);
	free(counts->count);
	memset(counts, 0, sizeof(*counts));
}
