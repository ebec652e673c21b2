// SPDX-License-Identifier: GPL-2.0
#include <net/genetlink.h>
#include <net/sock.h>

#include "config.h"
#include "netlink.h"
#include "ruleset.h"

/* So much is asked for each message; the largest object fits, see object.c. */
#define DUMP_SIZE	(31 * 1024)

enum kind {
	KIND_SETTINGS,
	KIND_SET,
	KIND_POOL,
	KIND_SOURCE,
	KIND_RULE,
	KIND_END,
};

/* Where a dump goes on: object @i of @kind, at its range @range. */
struct position {
	u32 kind;
	u32 i;
	u32 range;
	u32 generation;
	bool started;
};

static struct position *position(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct position) > sizeof(cb->ctx));
	return (struct position *)cb->ctx;
}

static int put_flag(struct sk_buff *skb, int type, bool value)
{
	return value ? nla_put_flag(skb, type) : 0;
}

static int put_array(struct sk_buff *skb, int type, const void *v,
		     unsigned int n, size_t size)
{
	return n ? nla_put(skb, type, n * size, v) : 0;
}

static int put_userdata(struct sk_buff *skb, int type,
			const struct ernat_userdata *u)
{
	return u->len ? nla_put(skb, type, u->len, u->data) : 0;
}

static int put_ip(struct sk_buff *skb, int type, u8 family, struct ernat_ip ip)
{
	union nf_inet_addr addr;

	ernat_ip_to(ip, family, &addr);
	return nla_put(skb, type, family == NFPROTO_IPV6 ? 16 : 4, &addr);
}

static int put_range(struct sk_buff *skb, int type, const struct ernat_range *r)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest || put_ip(skb, ERNAT_RANGE_FIRST, r->family, r->first))
		goto cancel;
	if (ernat_ip_cmp(r->first, r->last) &&
	    put_ip(skb, ERNAT_RANGE_LAST, r->family, r->last))
		goto cancel;
	if (put_flag(skb, ERNAT_RANGE_EXCEPT, r->except))
		goto cancel;
	if (r->state != ERNAT_STATE_ACTIVE &&
	    nla_put_u8(skb, ERNAT_RANGE_STATE, r->state))
		goto cancel;
	if (r->router && nla_put_string(skb, ERNAT_RANGE_ROUTER, r->router))
		goto cancel;
	nla_nest_end(skb, nest);
	return 0;
cancel:
	if (nest)
		nla_nest_cancel(skb, nest);
	return -EMSGSIZE;
}

/* As many as fit, from @*i. Return: -EMSGSIZE when some are left. */
static int put_ranges(struct sk_buff *skb, int type,
		      const struct ernat_ranges *ranges, u32 *i)
{
	for (; *i < ranges->n; (*i)++)
		if (put_range(skb, type, &ranges->v[*i]))
			return -EMSGSIZE;
	return 0;
}

static int put_match(struct sk_buff *skb, int type, const struct ernat_match *m)
{
	struct nlattr *nest;
	u32 i = 0;

	if (!m->used)
		return 0;
	nest = nla_nest_start(skb, type);
	if (!nest || put_flag(skb, ERNAT_MATCH_LOCAL, m->local) ||
	    put_ranges(skb, ERNAT_MATCH_RANGE, &m->ranges, &i))
		return -EMSGSIZE;
	for (i = 0; i < m->n_sets; i++)
		if (nla_put_string(skb, ERNAT_MATCH_SET, m->sets[i]->name))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_devs(struct sk_buff *skb, int type, const struct ernat_devs *d)
{
	char name[ERNAT_DEV_MAX + 1];
	struct nlattr *nest;
	unsigned int i;

	if (!d->n)
		return 0;
	nest = nla_nest_start(skb, type);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < d->n; i++) {
		snprintf(name, sizeof(name), "%s%s", d->v[i].name,
			 d->v[i].wildcard ? "*" : "");
		if (nla_put_string(skb, ERNAT_LIST_NAME, name))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_sources(struct sk_buff *skb, int type,
		       const struct ernat_source_list *list)
{
	struct nlattr *nest;
	unsigned int i;

	if (!list->used)
		return 0;
	nest = nla_nest_start(skb, type);
	if (!nest || put_flag(skb, ERNAT_LIST_NONE, list->none))
		return -EMSGSIZE;
	for (i = 0; i < list->n; i++)
		if (nla_put_string(skb, ERNAT_LIST_NAME,
				   list->v[i]->account->name))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Only what differs from the default: the default stays one. */
static int put_percent(struct sk_buff *skb, int type, u8 value, u8 usual)
{
	return value != usual ? nla_put_u8(skb, type, value) : 0;
}

static int put_alarm(struct sk_buff *skb, int raise_type, int clear_type,
		     u8 raise, u8 clear)
{
	if (put_percent(skb, raise_type, raise, 80))
		return -EMSGSIZE;
	return put_percent(skb, clear_type, clear, min_t(u8, 70, raise));
}

static int put_settings(struct sk_buff *skb, const struct ernat_ruleset *rs)
{
	if (*rs->router &&
	    nla_put_string(skb, ERNAT_SETTINGS_ROUTER, rs->router))
		return -EMSGSIZE;
	if (rs->file && nla_put_string(skb, ERNAT_SETTINGS_FILE, rs->file))
		return -EMSGSIZE;
	if (rs->has_hash &&
	    nla_put(skb, ERNAT_SETTINGS_HASH, sizeof(rs->hash), rs->hash))
		return -EMSGSIZE;
	if (put_alarm(skb, ERNAT_SETTINGS_CT_ALARM_RAISE,
		      ERNAT_SETTINGS_CT_ALARM_CLEAR, rs->ct_alarm_raise,
		      rs->ct_alarm_clear))
		return -EMSGSIZE;
	return put_userdata(skb, ERNAT_SETTINGS_USERDATA, &rs->userdata);
}

static int put_set(struct sk_buff *skb, const struct ernat_set *set, u32 *range)
{
	if (nla_put_string(skb, ERNAT_SET_NAME, set->name))
		return -EMSGSIZE;
	return put_ranges(skb, ERNAT_SET_RANGE, &set->ranges, range);
}

static int put_pool_keys(struct sk_buff *skb, const struct ernat_pool *p)
{
	if (put_array(skb, ERNAT_POOL_PORTS, p->port_ranges.v, p->port_ranges.n,
		      sizeof(*p->port_ranges.v)))
		return -EMSGSIZE;
	if (p->overflow && nla_put_string(skb, ERNAT_POOL_OVERFLOW,
					  p->overflow->account->name))
		return -EMSGSIZE;
	if (p->host_limit &&
	    nla_put_u32(skb, ERNAT_POOL_HOST_LIMIT, p->host_limit))
		return -EMSGSIZE;
	if (p->host_prefix &&
	    nla_put_u8(skb, ERNAT_POOL_HOST_PREFIX, p->host_prefix))
		return -EMSGSIZE;
	if (put_alarm(skb, ERNAT_POOL_ALARM_RAISE, ERNAT_POOL_ALARM_CLEAR,
		      p->alarm_raise, p->alarm_clear))
		return -EMSGSIZE;
	if (p->exhausted &&
	    nla_put_u8(skb, ERNAT_POOL_EXHAUSTED, p->exhausted))
		return -EMSGSIZE;
	if (put_flag(skb, ERNAT_POOL_LOG_SESSIONS, p->log_sessions))
		return -EMSGSIZE;
	return put_userdata(skb, ERNAT_POOL_USERDATA, &p->userdata);
}

static int put_pool(struct sk_buff *skb, const struct ernat_pool *p, u32 *range)
{
	if (nla_put_string(skb, ERNAT_POOL_NAME, p->account->name))
		return -EMSGSIZE;
	if (!*range && put_pool_keys(skb, p))
		return -EMSGSIZE;
	return put_ranges(skb, ERNAT_POOL_RANGE, &p->ranges, range);
}

static int put_source(struct sk_buff *skb, const struct ernat_source *s)
{
	if (nla_put_string(skb, ERNAT_SOURCE_NAME, s->account->name) ||
	    (s->role && nla_put_u8(skb, ERNAT_SOURCE_ROLE, s->role)) ||
	    put_array(skb, ERNAT_SOURCE_PROTOCOL, s->protocol.v, s->protocol.n,
		      sizeof(*s->protocol.v)) ||
	    put_array(skb, ERNAT_SOURCE_TABLE, s->table.v, s->table.n,
		      sizeof(*s->table.v)) ||
	    put_devs(skb, ERNAT_SOURCE_VRF, &s->vrf) ||
	    put_devs(skb, ERNAT_SOURCE_DEVICE, &s->device) ||
	    put_match(skb, ERNAT_SOURCE_VIA, &s->via) ||
	    put_array(skb, ERNAT_SOURCE_REALM, s->realm.v, s->realm.n,
		      sizeof(*s->realm.v)) ||
	    put_array(skb, ERNAT_SOURCE_METRIC, s->metric.v, s->metric.n,
		      sizeof(*s->metric.v)) ||
	    put_array(skb, ERNAT_SOURCE_PREFIX, s->prefix, s->n_prefix,
		      sizeof(*s->prefix)) ||
	    (s->has_lookup &&
	     nla_put_u32(skb, ERNAT_SOURCE_LOOKUP, s->lookup)) ||
	    put_flag(skb, ERNAT_SOURCE_NO_GUARD, s->no_guard) ||
	    put_match(skb, ERNAT_SOURCE_ALLOW, &s->allow))
		return -EMSGSIZE;
	return put_userdata(skb, ERNAT_SOURCE_USERDATA, &s->userdata);
}

static int put_rule_keys(struct sk_buff *skb, const struct ernat_rule *r)
{
	if (put_sources(skb, ERNAT_RULE_TO, &r->to) ||
	    put_sources(skb, ERNAT_RULE_RETURN, &r->ret) ||
	    put_devs(skb, ERNAT_RULE_IN, &r->in) ||
	    put_devs(skb, ERNAT_RULE_OUT, &r->out) ||
	    put_devs(skb, ERNAT_RULE_VRF, &r->vrf) ||
	    put_match(skb, ERNAT_RULE_FROM, &r->from) ||
	    put_match(skb, ERNAT_RULE_DEST, &r->dest) ||
	    put_array(skb, ERNAT_RULE_PROTOCOL, r->protocol.v, r->protocol.n,
		      sizeof(*r->protocol.v)) ||
	    put_array(skb, ERNAT_RULE_SPORT, r->sport.v, r->sport.n,
		      sizeof(*r->sport.v)))
		return -EMSGSIZE;
	return put_array(skb, ERNAT_RULE_DPORT, r->dport.v, r->dport.n,
			 sizeof(*r->dport.v));
}

static int put_rule(struct sk_buff *skb, const struct ernat_rule *r)
{
	if (nla_put_string(skb, ERNAT_RULE_NAME, r->account->name) ||
	    put_rule_keys(skb, r))
		return -EMSGSIZE;
	if (r->has_mark &&
	    nla_put(skb, ERNAT_RULE_MARK, sizeof(r->mark), &r->mark))
		return -EMSGSIZE;
	if (r->family && nla_put_u8(skb, ERNAT_RULE_FAMILY, r->family))
		return -EMSGSIZE;
	if (nla_put_u8(skb, ERNAT_RULE_ACTION, r->action))
		return -EMSGSIZE;
	if (r->pool &&
	    nla_put_string(skb, ERNAT_RULE_POOL, r->pool->account->name))
		return -EMSGSIZE;
	if (r->reply_mark.mask &&
	    nla_put(skb, ERNAT_RULE_REPLY_MARK, sizeof(r->reply_mark),
		    &r->reply_mark))
		return -EMSGSIZE;
	return put_userdata(skb, ERNAT_RULE_USERDATA, &r->userdata);
}

static unsigned int kind_count(const struct ernat_ruleset *rs, u32 kind)
{
	switch (kind) {
	case KIND_SETTINGS:
		return rs->has_settings;
	case KIND_SET:
		return rs->n_sets;
	case KIND_POOL:
		return rs->n_pools;
	case KIND_SOURCE:
		return rs->n_sources;
	case KIND_RULE:
		return rs->n_rules;
	}
	return 0;
}

static int kind_attr(u32 kind)
{
	switch (kind) {
	case KIND_SETTINGS:
		return ERNAT_A_SETTINGS;
	case KIND_SET:
		return ERNAT_A_SET;
	case KIND_POOL:
		return ERNAT_A_POOL;
	case KIND_SOURCE:
		return ERNAT_A_SOURCE;
	default:
		return ERNAT_A_RULE;
	}
}

static int put_object(struct sk_buff *skb, const struct ernat_ruleset *rs,
		      const struct position *p, u32 *range)
{
	switch (p->kind) {
	case KIND_SETTINGS:
		return put_settings(skb, rs);
	case KIND_SET:
		return put_set(skb, rs->sets[p->i], range);
	case KIND_POOL:
		return put_pool(skb, rs->pools[p->i], range);
	case KIND_SOURCE:
		return put_source(skb, rs->sources[p->i]);
	default:
		return put_rule(skb, rs->rules[p->i]);
	}
}

/*
 * One message. A list that is too long for any is cut, but not for the sake of
 * what stands in this skb already: whoever adds the object again wants to hear
 * at once whether it is good.
 */
static int put_message(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct ernat_ruleset *rs, struct position *p)
{
	u32 from = p->range, range = from;
	bool alone = !skb->len;
	struct nlattr *nest;
	void *hdr;
	int err;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &ernat_genl_family, NLM_F_MULTI,
			  ERNAT_CMD_GET_CONFIG);
	if (!hdr)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, hdr);
	if (put_flag(skb, ERNAT_A_CONTINUE, from))
		goto cancel;
	nest = nla_nest_start(skb, kind_attr(p->kind));
	if (!nest)
		goto cancel;
	err = put_object(skb, rs, p, &range);
	if (err && (range == from || !alone))
		goto cancel;
	nla_nest_end(skb, nest);
	genlmsg_end(skb, hdr);
	p->range = err ? range : 0;
	p->i += !err;
	return err;
cancel:
	genlmsg_cancel(skb, hdr);
	return -EMSGSIZE;
}

static int dump_ruleset(struct sk_buff *skb, struct netlink_callback *cb,
			const struct ernat_ruleset *rs, struct position *p)
{
	for (; p->kind < KIND_END; p->kind++, p->i = 0)
		while (p->i < kind_count(rs, p->kind))
			if (put_message(skb, cb, rs, p))
				return skb->len ? skb->len : -EMSGSIZE;
	return skb->len;
}

int ernat_config_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = DUMP_SIZE;
	return 0;
}

int ernat_config_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ernat_net *en = ernat_net(sock_net(skb->sk));
	struct position *p = position(cb);
	const struct ernat_ruleset *rs;
	int err = 0;

	mutex_lock(&en->lock);
	rs = rcu_dereference_protected(en->ruleset, lockdep_is_held(&en->lock));
	if (!p->started) {
		p->started = true;
		p->generation = en->generation;
	}
	cb->seq = en->generation;
	/* Of a ruleset that came in between, no half is shown. */
	if (rs && rs->generation == p->generation)
		err = dump_ruleset(skb, cb, rs, p);
	mutex_unlock(&en->lock);
	return err;
}
