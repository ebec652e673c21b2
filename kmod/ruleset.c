// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <net/netfilter/nf_conntrack.h>

#include "flow.h"
#include "index.h"
#include "member.h"
#include "route.h"
#include "ruleset.h"
#include "source.h"

bool ernat_match_addr(const struct ernat_match *m, u8 family,
		      const union nf_inet_addr *addr)
{
	unsigned int i;

	if (ernat_addrset_contains(&m->except, family, addr))
		return false;
	if (ernat_addrset_contains(&m->addrs, family, addr))
		return true;
	for (i = 0; i < m->n_sets; i++)
		if (ernat_addrset_contains(&m->sets[i]->addrs, family, addr))
			return true;
	return false;
}

static bool devname_is(const struct ernat_devname *n, const char *name)
{
	if (n->wildcard)
		return !strncmp(n->name, name, n->len);
	return !strcmp(n->name, name);
}

bool ernat_devs_match(const struct ernat_devs *devs,
		      const struct net_device *dev,
		      const struct net_device *master)
{
	unsigned int i;

	for (i = 0; i < devs->n; i++)
		if ((dev && devname_is(&devs->v[i], dev->name)) ||
		    (master && devname_is(&devs->v[i], master->name)))
			return true;
	return false;
}

bool ernat_source_list_has(const struct ernat_source_list *list,
			   const struct ernat_source *source)
{
	unsigned int i;

	if (!source)
		return list->none;
	for (i = 0; i < list->n; i++)
		if (list->v[i] == source)
			return true;
	return false;
}

static bool has_protocol(const struct ernat_u8s *list, u8 protocol)
{
	unsigned int i;

	for (i = 0; i < list->n; i++)
		if (list->v[i] == protocol)
			return true;
	return !list->n;
}

static bool has_port(const struct ernat_u16_ranges *list, u8 protocol,
		     u16 port)
{
	unsigned int i;

	if (!list->n)
		return true;
	if (!ernat_flow_has_ports(protocol))
		return false;
	for (i = 0; i < list->n; i++)
		if (port >= list->v[i].min && port <= list->v[i].max)
			return true;
	return false;
}

static bool from_matches(const struct ernat_match *m,
			 const struct ernat_flow *flow)
{
	if (flow->own)
		return m->used && m->local;
	return !m->used || ernat_match_addr(m, flow->family, &flow->saddr);
}

static int check_packet(const struct ernat_rule *r,
			const struct ernat_flow *flow)
{
	if (r->family && r->family != flow->family)
		return ERNAT_RULE_FAMILY;
	if (!has_protocol(&r->protocol, flow->protocol))
		return ERNAT_RULE_PROTOCOL;
	if (!has_port(&r->sport, flow->protocol, flow->sport))
		return ERNAT_RULE_SPORT;
	if (!has_port(&r->dport, flow->protocol, flow->dport))
		return ERNAT_RULE_DPORT;
	if (r->has_mark && (flow->mark & r->mark.mask) != r->mark.value)
		return ERNAT_RULE_MARK;
	return 0;
}

static int check_devices(const struct ernat_rule *r,
			 const struct ernat_flow *flow)
{
	if (r->in.n && !ernat_devs_match(&r->in, flow->in, flow->in_vrf))
		return ERNAT_RULE_IN;
	if (r->out.n && !ernat_devs_match(&r->out, flow->out, flow->out_vrf))
		return ERNAT_RULE_OUT;
	if (r->vrf.n &&
	    !ernat_devs_match(&r->vrf, NULL,
			      flow->in ? flow->in_vrf : flow->out_vrf))
		return ERNAT_RULE_VRF;
	return 0;
}

/* The cheap keys first; those that look up a route last. */
int ernat_rule_check(const struct ernat_ruleset *rs,
		     const struct ernat_rule *r, struct ernat_flow *flow)
{
	int key;

	key = check_packet(r, flow);
	if (key)
		return key;
	key = check_devices(r, flow);
	if (key)
		return key;
	if (!from_matches(&r->from, flow))
		return ERNAT_RULE_FROM;
	if (r->dest.used &&
	    !ernat_match_addr(&r->dest, flow->family, &flow->daddr))
		return ERNAT_RULE_DEST;
	if (r->to.used &&
	    !ernat_source_list_has(&r->to, ernat_route_to(rs, flow)))
		return ERNAT_RULE_TO;
	if (r->ret.used &&
	    !ernat_source_list_has(&r->ret, ernat_route_return(rs, flow)))
		return ERNAT_RULE_RETURN;
	return 0;
}

const struct ernat_rule *ernat_ruleset_match(const struct ernat_ruleset *rs,
					     struct ernat_flow *flow)
{
	u32 i = ernat_index_match(rs, flow);

	return i == U32_MAX ? NULL : rs->rules[i];
}

static int compare_accounts(const void *a, const void *b)
{
	const struct ernat_rule *const *x = a, *const *y = b;

	cond_resched();
	if ((*x)->account == (*y)->account)
		return 0;
	return (*x)->account < (*y)->account ? -1 : 1;
}

const struct ernat_rule *ernat_ruleset_rule_of(const struct ernat_ruleset *rs,
					       const struct ernat_account *account)
{
	unsigned int lo = 0, hi = rs->n_rules;

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;

		if (rs->by_account[mid]->account == account)
			return rs->by_account[mid];
		if (rs->by_account[mid]->account < account)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

struct ernat_account *ernat_rule_source(const struct ernat_rule *rule,
					const struct ernat_flow *flow)
{
	const struct ernat_source *source = NULL;

	if (rule->to.used)
		source = flow->to.source;
	else if (rule->ret.used)
		source = flow->back.source;
	return source ? source->account : NULL;
}

static void summarise(struct ernat_ruleset *rs)
{
	unsigned int i;

	for (i = 0; i < rs->n_rules; i++) {
		const struct ernat_rule *r = rs->rules[i];

		rs->needs_to |= r->to.used;
		rs->needs_return |= r->ret.used;
		rs->needs_local |= r->from.local;
		rs->needs_in |= r->in.n || r->vrf.n;
		rs->reply_mask |= r->reply_mark.mask;
	}
}

static void find_adopters(struct ernat_ruleset *rs)
{
	struct ernat_pool *pool;
	unsigned int i;

	for (i = 0; i < rs->n_rules; i++)
		for (pool = rs->rules[i]->pool; pool; pool = pool->overflow)
			if (!pool->adopter)
				pool->adopter = rs->rules[i];
}

int ernat_ruleset_compile(struct ernat_ruleset *rs)
{
	int err;

	rs->by_account = kvmalloc_array(rs->n_rules + 1,
					sizeof(*rs->by_account),
					GFP_KERNEL_ACCOUNT);
	if (!rs->by_account)
		return -ENOMEM;
	if (rs->n_rules)
		memcpy(rs->by_account, rs->rules,
		       rs->n_rules * sizeof(*rs->rules));
	sort(rs->by_account, rs->n_rules, sizeof(*rs->by_account),
	     compare_accounts, NULL);
	summarise(rs);
	find_adopters(rs);
	err = ernat_member_compile(rs);
	return err ?: ernat_index_compile(rs);
}

static void free_match(struct ernat_match *m)
{
	kvfree(m->sets);
	ernat_ranges_free(&m->ranges);
	ernat_addrset_free(&m->addrs);
	ernat_addrset_free(&m->except);
}

void ernat_ruleset_free_set(struct ernat_set *set)
{
	if (!set)
		return;
	ernat_ranges_free(&set->ranges);
	ernat_addrset_free(&set->addrs);
	kfree(set);
}

void ernat_ruleset_free_pool(struct ernat_pool *pool)
{
	if (!pool)
		return;
	ernat_ranges_free(&pool->ranges);
	ernat_addrset_free(&pool->members);
	kvfree(pool->active[0]);
	kvfree(pool->active[1]);
	if (pool->ports)
		ernat_ports_put(pool->ports);
	kvfree(pool->port_ranges.v);
	kvfree(pool->userdata.data);
	ernat_account_put(pool->account);
	kfree(pool);
}

void ernat_ruleset_free_source(struct ernat_source *source)
{
	if (!source)
		return;
	kvfree(source->protocol.v);
	kvfree(source->table.v);
	kvfree(source->vrf.v);
	kvfree(source->device.v);
	free_match(&source->via);
	kvfree(source->realm.v);
	kvfree(source->metric.v);
	kvfree(source->prefix);
	free_match(&source->allow);
	kvfree(source->userdata.data);
	ernat_account_put(source->account);
	kfree(source);
}

void ernat_ruleset_free_rule(struct ernat_rule *rule)
{
	if (!rule)
		return;
	kvfree(rule->to.v);
	kvfree(rule->ret.v);
	kvfree(rule->in.v);
	kvfree(rule->out.v);
	kvfree(rule->vrf.v);
	free_match(&rule->from);
	free_match(&rule->dest);
	kvfree(rule->protocol.v);
	kvfree(rule->sport.v);
	kvfree(rule->dport.v);
	kvfree(rule->userdata.data);
	ernat_account_put(rule->account);
	kfree(rule);
}

void ernat_ruleset_free(struct ernat_ruleset *rs)
{
	unsigned int i;

	if (!rs)
		return;
	ernat_member_free(rs);
	ernat_index_free(rs);
	ernat_source_compiled_free(rs);
	for (i = 0; i < rs->n_rules; i++, cond_resched())
		ernat_ruleset_free_rule(rs->rules[i]);
	for (i = 0; i < rs->n_sources; i++, cond_resched())
		ernat_ruleset_free_source(rs->sources[i]);
	for (i = 0; i < rs->n_pools; i++, cond_resched())
		ernat_ruleset_free_pool(rs->pools[i]);
	for (i = 0; i < rs->n_sets; i++, cond_resched())
		ernat_ruleset_free_set(rs->sets[i]);
	for (i = 0; i < rs->n_routers; i++)
		kfree(rs->routers[i]);
	kvfree(rs->by_account);
	kvfree(rs->rules);
	kvfree(rs->sources);
	kvfree(rs->pools);
	kvfree(rs->sets);
	kvfree(rs->routers);
	kvfree(rs->userdata.data);
	kfree(rs->file);
	kfree(rs);
}
