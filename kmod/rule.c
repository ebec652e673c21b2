// SPDX-License-Identifier: GPL-2.0
#include "attr.h"
#include "role.h"
#include "rule.h"

#define BOTH_FAMILIES	3

static int fill_devices(struct ernat_transaction *tr, struct nlattr **tb,
			struct ernat_rule *r)
{
	int err;

	err = ernat_attr_devs(tr, tb[ERNAT_RULE_IN], true, &r->in);
	if (err)
		return err;
	err = ernat_attr_devs(tr, tb[ERNAT_RULE_OUT], true, &r->out);
	if (err)
		return err;
	return ernat_attr_devs(tr, tb[ERNAT_RULE_VRF], true, &r->vrf);
}

static int fill_routes(struct ernat_transaction *tr, struct nlattr **tb,
		       struct ernat_rule *r)
{
	int err;

	err = ernat_attr_sources(tr, tb[ERNAT_RULE_TO], &r->to);
	if (err)
		return err;
	return ernat_attr_sources(tr, tb[ERNAT_RULE_RETURN], &r->ret);
}

static int fill_addresses(struct ernat_transaction *tr, struct nlattr **tb,
			  struct ernat_rule *r)
{
	int err;

	err = ernat_attr_match(tr, tb[ERNAT_RULE_FROM], true, &r->from);
	if (err)
		return err;
	return ernat_attr_match(tr, tb[ERNAT_RULE_DEST], false, &r->dest);
}

static int fill_packet(struct ernat_transaction *tr, struct nlattr **tb,
		       struct ernat_rule *r)
{
	int err;

	err = ernat_attr_array(tr, tb[ERNAT_RULE_PROTOCOL], sizeof(u8),
			       &r->protocol.v, &r->protocol.n);
	if (err)
		return err;
	err = ernat_attr_ports(tr, tb[ERNAT_RULE_SPORT], 1, &r->sport);
	if (err)
		return err;
	err = ernat_attr_ports(tr, tb[ERNAT_RULE_DPORT], 1, &r->dport);
	if (err)
		return err;
	if (tb[ERNAT_RULE_MARK]) {
		r->has_mark = true;
		err = ernat_attr_mark(tr, tb[ERNAT_RULE_MARK], &r->mark);
		if (err)
			return err;
	}
	if (!tb[ERNAT_RULE_FAMILY])
		return 0;
	r->family = nla_get_u8(tb[ERNAT_RULE_FAMILY]);
	if (r->family == NFPROTO_IPV4 || r->family == NFPROTO_IPV6)
		return 0;
	return ernat_refuse(tr, tb[ERNAT_RULE_FAMILY], -EAFNOSUPPORT,
			    "a rule is for IPv4 or IPv6");
}

static int fill_pool(struct ernat_transaction *tr, const struct nlattr *attr,
		     const struct nlattr *nest, struct ernat_rule *r)
{
	char name[ERNAT_NAME_MAX];
	int err;

	if (!attr)
		return ernat_refuse(tr, nest, -EINVAL,
				    "rule \"%s\" has no pool to map to",
				    r->account->name);
	err = ernat_attr_name(tr->en, tr->extack, attr, name);
	if (err)
		return err;
	r->pool = ernat_transaction_named(tr, ERNAT_NAMED_POOL, name);
	if (!r->pool)
		return ernat_refuse(tr, attr, -ENOENT, "unknown pool \"%s\"",
				    name);
	return 0;
}

static int fill_action(struct ernat_transaction *tr, const struct nlattr *nest,
		       struct nlattr **tb, struct ernat_rule *r)
{
	if (!tb[ERNAT_RULE_ACTION])
		return ernat_refuse(tr, nest, -EINVAL,
				    "rule \"%s\" says neither snat, exempt nor drop",
				    r->account->name);
	r->action = nla_get_u8(tb[ERNAT_RULE_ACTION]);
	if (r->action == ERNAT_ACTION_SNAT) {
		if (tb[ERNAT_RULE_REPLY_MARK]) {
			int err;

			err = ernat_attr_mark(tr, tb[ERNAT_RULE_REPLY_MARK],
					      &r->reply_mark);
			if (err)
				return err;
		}
		return fill_pool(tr, tb[ERNAT_RULE_POOL], nest, r);
	}
	if (tb[ERNAT_RULE_POOL])
		return ernat_refuse(tr, tb[ERNAT_RULE_POOL], -EINVAL,
				    "only snat has a pool");
	if (tb[ERNAT_RULE_REPLY_MARK])
		return ernat_refuse(tr, tb[ERNAT_RULE_REPLY_MARK], -EINVAL,
				    "only snat has a reply-mark");
	return 0;
}

static u8 addrset_families(const struct ernat_addrset *s)
{
	return (s->n[0] ? 1 : 0) | (s->n[1] ? 2 : 0);
}

/* Families of which the match has addresses; 0: it says nothing of them. */
static u8 match_families(const struct ernat_match *m)
{
	u8 families = addrset_families(&m->addrs);
	unsigned int i;

	if (!m->used || m->local)
		return 0;
	for (i = 0; i < m->n_sets; i++)
		families |= addrset_families(&m->sets[i]->addrs);
	return families;
}

/* @named: the rule speaks of these itself, it does not just let them pass. */
static u8 rule_families(const struct ernat_rule *r, bool *named)
{
	u8 from = match_families(&r->from), dest = match_families(&r->dest);
	u8 families = BOTH_FAMILIES;

	*named = r->family || from || dest;
	if (r->family)
		families = 1 << ernat_family_index(r->family);
	return families & (from ?: BOTH_FAMILIES) & (dest ?: BOTH_FAMILIES);
}

/*
 * What a rule names, its pool has to have: hosts of that family would go
 * nowhere. Of a rule that names none, one family is enough.
 */
static int check_families(struct ernat_transaction *tr,
			  const struct nlattr *nest, struct nlattr **tb,
			  const struct ernat_rule *r)
{
	static const char * const words[] = { "", "IPv4", "IPv6", "active" };
	const struct ernat_pool *pool;
	u8 families, has = 0;
	bool named;

	families = rule_families(r, &named);
	if (!families)
		return ernat_refuse(tr, nest, -EINVAL,
				    "rule \"%s\" can never match: its family, from and dest have no IP version in common",
				    r->account->name);
	if (!r->pool)
		return 0;
	for (pool = r->pool; pool; pool = pool->overflow)
		has |= pool->families;
	if (named ? !(families & ~has) : has)
		return 0;
	return ernat_refuse(tr, tb[ERNAT_RULE_POOL], -EINVAL,
			    "pool \"%s\" has no %s address for rule \"%s\"",
			    r->pool->account->name, words[families & ~has],
			    r->account->name);
}

int ernat_rule_fill(struct ernat_transaction *tr, const struct nlattr *nest,
		    struct nlattr **tb, struct ernat_rule *r)
{
	int err;

	err = fill_routes(tr, tb, r);
	if (err)
		return err;
	err = fill_devices(tr, tb, r);
	if (err)
		return err;
	err = fill_addresses(tr, tb, r);
	if (err)
		return err;
	err = fill_packet(tr, tb, r);
	if (err)
		return err;
	err = fill_action(tr, nest, tb, r);
	if (err)
		return err;
	err = check_families(tr, nest, tb, r);
	if (err)
		return err;
	err = ernat_role_assign(tr, r, tb[ERNAT_RULE_POOL]);
	if (err)
		return err;
	return ernat_attr_userdata(tr, tb[ERNAT_RULE_USERDATA], &r->userdata);
}
