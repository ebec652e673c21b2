// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/slab.h>

#include "attr.h"
#include "object.h"
#include "rule.h"

/*
 * A set or pool as long as this may well be continued, and is judged when the
 * next object comes; a shorter one at once.
 */
#define MAY_CONTINUE	(24 * 1024)

/* What has to fit into one message of a dump, ranges of sets and pools aside. */
#define MAX_NEST	(28 * 1024)

/* One more element in an array of @n pointers, whose room doubles. */
static int append(void *array, unsigned int *n, void *element)
{
	void ***v = array, **grown;

	if (!*n || (*n >= 16 && is_power_of_2(*n))) {
		grown = kvmalloc_array(max(*n * 2, 16u), sizeof(*grown),
				       GFP_KERNEL_ACCOUNT);
		if (!grown)
			return -ENOMEM;
		if (*n)
			memcpy(grown, *v, *n * sizeof(*grown));
		kvfree(*v);
		*v = grown;
	}
	(*v)[(*n)++] = element;
	return 0;
}

/* The name of a new object. */
static int new_name(struct ernat_transaction *tr, const struct nlattr *nest,
		    const struct nlattr *attr, enum ernat_named kind,
		    const char *word, char *name)
{
	int err;

	if (!attr)
		return ernat_refuse(tr, nest, -EINVAL, "a %s without a name",
				    word);
	err = ernat_attr_name(tr->en, tr->extack, attr, name);
	if (err)
		return err;
	if (ernat_transaction_named(tr, kind, name))
		return ernat_refuse(tr, attr, -EEXIST, "%s \"%s\" is there twice",
				    word, name);
	return 0;
}

static int check_count(struct ernat_transaction *tr, const struct nlattr *nest,
		       unsigned int n, unsigned int max, const char *words)
{
	if (n < max)
		return 0;
	return ernat_refuse(tr, nest, -E2BIG, "more than %u %s", max, words);
}

static int check_size(struct ernat_transaction *tr, const struct nlattr *nest,
		      const char *word)
{
	if (nla_len(nest) <= MAX_NEST)
		return 0;
	return ernat_refuse(tr, nest, -E2BIG,
			    "a %s of more than %u bytes: put addresses into a set",
			    word, MAX_NEST);
}

static struct ernat_account *get_account(struct ernat_transaction *tr,
					 enum ernat_account_kind kind,
					 const char *name)
{
	return ernat_account_get_by_name(tr->en, kind, name);
}

static int judge(struct ernat_transaction *tr, const struct nlattr *nest)
{
	return nla_len(nest) < MAY_CONTINUE ?
	       ernat_transaction_settle(tr, nest) : 0;
}

static int add_set(struct ernat_transaction *tr, const struct nlattr *nest)
{
	struct nlattr *tb[ERNAT_SET_MAX + 1];
	struct ernat_ruleset *rs = tr->rs;
	struct ernat_set *set;
	int err;

	err = check_count(tr, nest, rs->n_sets, ERNAT_MAX_SETS, "sets");
	if (err)
		return err;
	err = ernat_attr_parse(tr->en, tr->extack, tb, ERNAT_SET_MAX, nest,
			       ernat_set_policy, BIT(ERNAT_SET_RANGE));
	if (err)
		return err;
	set = kzalloc(sizeof(*set), GFP_KERNEL_ACCOUNT);
	if (!set)
		return -ENOMEM;
	err = new_name(tr, nest, tb[ERNAT_SET_NAME], ERNAT_NAMED_SET, "set",
		       set->name);
	if (!err)
		err = ernat_attr_ranges(tr, nest, ERNAT_SET_RANGE, false,
					&set->ranges);
	if (!err)
		err = append(&rs->sets, &rs->n_sets, set);
	if (err) {
		ernat_ruleset_free_set(set);
		return err;
	}
	tr->open_set = set;
	tr->settled = false;
	err = ernat_transaction_name(tr, ERNAT_NAMED_SET, set->name, set);
	return err ?: judge(tr, nest);
}

static int pool_ports(struct ernat_transaction *tr, const struct nlattr *attr,
		      struct ernat_pool *pool)
{
	int err;

	err = ernat_attr_ports(tr, attr, 1, &pool->port_ranges);
	if (err)
		return err;
	pool->ports = ernat_transaction_ports(tr, pool->port_ranges.v,
					      pool->port_ranges.n);
	return pool->ports ? 0 : -ENOMEM;
}

static int pool_overflow(struct ernat_transaction *tr,
			 const struct nlattr *attr, struct ernat_pool *pool)
{
	char name[ERNAT_NAME_MAX];
	int err;

	pool->depth = 1;
	if (!attr)
		return 0;
	err = ernat_attr_name(tr->en, tr->extack, attr, name);
	if (err)
		return err;
	if (!strcmp(name, pool->account->name))
		return ernat_refuse(tr, attr, -ELOOP,
				    "pool \"%s\" overflows into itself", name);
	pool->overflow = ernat_transaction_named(tr, ERNAT_NAMED_POOL, name);
	if (!pool->overflow)
		return ernat_refuse(tr, attr, -ENOENT,
				    "overflow pool \"%s\" is unknown, or not there before pool \"%s\", as it has to be so that there is no loop",
				    name, pool->account->name);
	pool->depth = pool->overflow->depth + 1;
	if (pool->depth > ERNAT_MAX_OVERFLOW)
		return ernat_refuse(tr, attr, -ELOOP,
				    "more than %u pools overflow into one another",
				    ERNAT_MAX_OVERFLOW);
	return 0;
}

static int take_alarm(struct ernat_transaction *tr, const struct nlattr *raise,
		      const struct nlattr *clear, u8 *raise_at, u8 *clear_at)
{
	*raise_at = raise ? nla_get_u8(raise) : 80;
	*clear_at = clear ? nla_get_u8(clear) : min_t(u8, 70, *raise_at);
	if (*clear_at > *raise_at)
		return ernat_refuse(tr, clear, -EINVAL,
				    "an alarm raised at %u%% cannot clear at %u%%",
				    *raise_at, *clear_at);
	return 0;
}

static int fill_pool(struct ernat_transaction *tr, const struct nlattr *nest,
		     struct nlattr **tb, struct ernat_pool *pool)
{
	int err;

	err = ernat_attr_ranges(tr, nest, ERNAT_POOL_RANGE, true,
				&pool->ranges);
	if (err)
		return err;
	err = pool_ports(tr, tb[ERNAT_POOL_PORTS], pool);
	if (err)
		return err;
	err = pool_overflow(tr, tb[ERNAT_POOL_OVERFLOW], pool);
	if (err)
		return err;
	if (tb[ERNAT_POOL_HOST_LIMIT])
		pool->host_limit = nla_get_u32(tb[ERNAT_POOL_HOST_LIMIT]);
	if (tb[ERNAT_POOL_HOST_PREFIX])
		pool->host_prefix = nla_get_u8(tb[ERNAT_POOL_HOST_PREFIX]);
	err = take_alarm(tr, tb[ERNAT_POOL_ALARM_RAISE],
			 tb[ERNAT_POOL_ALARM_CLEAR], &pool->alarm_raise,
			 &pool->alarm_clear);
	if (err)
		return err;
	if (tb[ERNAT_POOL_EXHAUSTED])
		pool->exhausted = nla_get_u8(tb[ERNAT_POOL_EXHAUSTED]);
	pool->log_sessions = tb[ERNAT_POOL_LOG_SESSIONS];
	return ernat_attr_userdata(tr, tb[ERNAT_POOL_USERDATA],
				   &pool->userdata);
}

static int add_pool(struct ernat_transaction *tr, const struct nlattr *nest)
{
	struct nlattr *tb[ERNAT_POOL_MAX + 1];
	struct ernat_ruleset *rs = tr->rs;
	char name[ERNAT_NAME_MAX];
	struct ernat_pool *pool;
	int err;

	err = check_count(tr, nest, rs->n_pools, ERNAT_MAX_POOLS, "pools");
	if (err)
		return err;
	err = ernat_attr_parse(tr->en, tr->extack, tb, ERNAT_POOL_MAX, nest,
			       ernat_pool_policy, BIT(ERNAT_POOL_RANGE));
	if (err)
		return err;
	err = new_name(tr, nest, tb[ERNAT_POOL_NAME], ERNAT_NAMED_POOL, "pool",
		       name);
	if (err)
		return err;
	pool = kzalloc(sizeof(*pool), GFP_KERNEL_ACCOUNT);
	if (!pool)
		return -ENOMEM;
	pool->id = rs->n_pools;
	pool->account = get_account(tr, ERNAT_ACCOUNT_POOL, name);
	err = pool->account ? fill_pool(tr, nest, tb, pool) : -ENOMEM;
	if (!err)
		err = append(&rs->pools, &rs->n_pools, pool);
	if (err) {
		ernat_ruleset_free_pool(pool);
		return err;
	}
	tr->open_pool = pool;
	tr->settled = false;
	err = ernat_transaction_name(tr, ERNAT_NAMED_POOL, name, pool);
	return err ?: judge(tr, nest);
}

static int source_lookup(struct ernat_transaction *tr,
			 const struct nlattr *attr,
			 struct ernat_source *source)
{
	struct ernat_ruleset *rs = tr->rs;
	unsigned int i;

	if (!attr)
		return 0;
	source->has_lookup = true;
	source->lookup = nla_get_u32(attr);
	for (i = 0; i < rs->n_lookups; i++)
		if (rs->lookups[i] == source->lookup)
			return 0;
	if (rs->n_lookups == ERNAT_MAX_LOOKUPS)
		return ernat_refuse(tr, attr, -E2BIG,
				    "more than %u different lookup tables",
				    ERNAT_MAX_LOOKUPS);
	rs->lookups[rs->n_lookups++] = source->lookup;
	return 0;
}

static int source_metric(struct ernat_transaction *tr,
			 const struct nlattr *attr,
			 struct ernat_source *source)
{
	unsigned int i;
	int err;

	err = ernat_attr_array(tr, attr, sizeof(*source->metric.v),
			       &source->metric.v, &source->metric.n);
	for (i = 0; !err && i < source->metric.n; i++)
		if (source->metric.v[i].min > source->metric.v[i].max)
			err = ernat_refuse(tr, attr, -EINVAL,
					   "metric range %u-%u is reversed",
					   source->metric.v[i].min,
					   source->metric.v[i].max);
	return err;
}

static bool has_host_bits(const struct ernat_route_prefix *p)
{
	unsigned int i;

	for (i = 0; i < sizeof(p->addr); i++) {
		unsigned int net = p->len > i * 8 ? p->len - i * 8 : 0;

		if (net < 8 && p->addr[i] & (0xff >> net))
			return true;
	}
	return false;
}

static int source_prefix(struct ernat_transaction *tr,
			 const struct nlattr *attr,
			 struct ernat_source *source)
{
	unsigned int i, bits;
	int err;

	err = ernat_attr_array(tr, attr, sizeof(*source->prefix),
			       &source->prefix, &source->n_prefix);
	for (i = 0; !err && i < source->n_prefix; i++) {
		const struct ernat_route_prefix *p = &source->prefix[i];

		bits = p->family == NFPROTO_IPV6 ? 128 : 32;
		if (p->family != NFPROTO_IPV4 && p->family != NFPROTO_IPV6)
			err = ernat_refuse(tr, attr, -EAFNOSUPPORT,
					   "prefix %u is of family %u", i + 1,
					   p->family);
		else if (p->len > bits || p->ge < p->len || p->le < p->ge ||
			 p->le > bits)
			err = ernat_refuse(tr, attr, -EINVAL,
					   "prefix %u: /%u ge %u le %u are not in order",
					   i + 1, p->len, p->ge, p->le);
		else if (has_host_bits(p))
			err = ernat_refuse(tr, attr, -EINVAL,
					   "prefix %u has host bits set",
					   i + 1);
	}
	return err;
}

static int fill_source_lists(struct ernat_transaction *tr, struct nlattr **tb,
			     struct ernat_source *s)
{
	int err;

	err = ernat_attr_array(tr, tb[ERNAT_SOURCE_PROTOCOL], sizeof(u8),
			       &s->protocol.v, &s->protocol.n);
	if (err)
		return err;
	err = ernat_attr_array(tr, tb[ERNAT_SOURCE_TABLE], sizeof(u32),
			       &s->table.v, &s->table.n);
	if (err)
		return err;
	err = ernat_attr_devs(tr, tb[ERNAT_SOURCE_VRF], false, &s->vrf);
	if (err)
		return err;
	err = ernat_attr_devs(tr, tb[ERNAT_SOURCE_DEVICE], true, &s->device);
	if (err)
		return err;
	err = ernat_attr_match(tr, tb[ERNAT_SOURCE_VIA], false, &s->via);
	if (err)
		return err;
	return ernat_attr_array(tr, tb[ERNAT_SOURCE_REALM], sizeof(u32),
				&s->realm.v, &s->realm.n);
}

static int fill_source(struct ernat_transaction *tr, struct nlattr **tb,
		       struct ernat_source *s)
{
	int err;

	if (tb[ERNAT_SOURCE_ROLE])
		s->role = nla_get_u8(tb[ERNAT_SOURCE_ROLE]);
	err = fill_source_lists(tr, tb, s);
	if (err)
		return err;
	err = source_metric(tr, tb[ERNAT_SOURCE_METRIC], s);
	if (err)
		return err;
	err = source_prefix(tr, tb[ERNAT_SOURCE_PREFIX], s);
	if (err)
		return err;
	err = source_lookup(tr, tb[ERNAT_SOURCE_LOOKUP], s);
	if (err)
		return err;
	s->no_guard = tb[ERNAT_SOURCE_NO_GUARD];
	err = ernat_attr_match(tr, tb[ERNAT_SOURCE_ALLOW], false, &s->allow);
	if (err)
		return err;
	return ernat_attr_userdata(tr, tb[ERNAT_SOURCE_USERDATA],
				   &s->userdata);
}

static int add_source(struct ernat_transaction *tr, const struct nlattr *nest)
{
	struct nlattr *tb[ERNAT_SOURCE_MAX + 1];
	struct ernat_ruleset *rs = tr->rs;
	char name[ERNAT_NAME_MAX];
	struct ernat_source *s;
	int err;

	err = check_count(tr, nest, rs->n_sources, ERNAT_MAX_SOURCES,
			  "route sources");
	if (!err)
		err = check_size(tr, nest, "route source");
	if (!err)
		err = ernat_attr_parse(tr->en, tr->extack, tb, ERNAT_SOURCE_MAX,
				       nest, ernat_source_policy, 0);
	if (!err)
		err = new_name(tr, nest, tb[ERNAT_SOURCE_NAME],
			       ERNAT_NAMED_SOURCE, "route source", name);
	if (err)
		return err;
	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	s->id = rs->n_sources;
	s->account = get_account(tr, ERNAT_ACCOUNT_SOURCE, name);
	err = s->account ? fill_source(tr, tb, s) : -ENOMEM;
	if (!err)
		err = append(&rs->sources, &rs->n_sources, s);
	if (err) {
		ernat_ruleset_free_source(s);
		return err;
	}
	return ernat_transaction_name(tr, ERNAT_NAMED_SOURCE, name, s);
}

static int add_rule(struct ernat_transaction *tr, const struct nlattr *nest)
{
	struct nlattr *tb[ERNAT_RULE_MAX + 1];
	struct ernat_ruleset *rs = tr->rs;
	char name[ERNAT_NAME_MAX];
	struct ernat_rule *r;
	int err;

	err = check_count(tr, nest, rs->n_rules, ERNAT_MAX_RULES, "rules");
	if (!err)
		err = check_size(tr, nest, "rule");
	if (!err)
		err = ernat_attr_parse(tr->en, tr->extack, tb, ERNAT_RULE_MAX,
				       nest, ernat_rule_policy, 0);
	if (!err)
		err = new_name(tr, nest, tb[ERNAT_RULE_NAME], ERNAT_NAMED_RULE,
			       "rule", name);
	if (err)
		return err;
	r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (!r)
		return -ENOMEM;
	r->id = rs->n_rules;
	r->account = get_account(tr, ERNAT_ACCOUNT_RULE, name);
	err = r->account ? ernat_rule_fill(tr, nest, tb, r) : -ENOMEM;
	if (!err)
		err = append(&rs->rules, &rs->n_rules, r);
	if (err) {
		ernat_ruleset_free_rule(r);
		return err;
	}
	return ernat_transaction_name(tr, ERNAT_NAMED_RULE, name, r);
}

static int settings_file(struct ernat_transaction *tr,
			 const struct nlattr *attr)
{
	const char *s = nla_data(attr);
	size_t len = strnlen(s, nla_len(attr)), i;

	if (len + 1 != nla_len(attr))
		return ernat_refuse(tr, attr, -EINVAL, "NUL in a string");
	for (i = 0; i < len; i++)
		if ((u8)s[i] < ' ' || s[i] == 0x7f)
			return ernat_refuse(tr, attr, -EINVAL,
					    "a control character in a file name");
	tr->rs->file = kmemdup(s, len + 1, GFP_KERNEL_ACCOUNT);
	return tr->rs->file ? 0 : -ENOMEM;
}

static int add_settings(struct ernat_transaction *tr, const struct nlattr *nest)
{
	struct nlattr *tb[ERNAT_SETTINGS_MAX + 1];
	struct ernat_ruleset *rs = tr->rs;
	int err;

	if (rs->has_settings)
		return ernat_refuse(tr, nest, -EEXIST,
				    "the settings are there twice");
	if (rs->n_sets || rs->n_pools || rs->n_sources || rs->n_rules)
		return ernat_refuse(tr, nest, -EINVAL,
				    "the settings have to be the first object");
	err = ernat_attr_parse(tr->en, tr->extack, tb, ERNAT_SETTINGS_MAX, nest,
			       ernat_settings_policy, 0);
	if (err)
		return err;
	rs->has_settings = true;
	if (tb[ERNAT_SETTINGS_ROUTER]) {
		err = ernat_attr_name(tr->en, tr->extack,
				      tb[ERNAT_SETTINGS_ROUTER], rs->router);
		if (err)
			return err;
	}
	if (tb[ERNAT_SETTINGS_FILE]) {
		err = settings_file(tr, tb[ERNAT_SETTINGS_FILE]);
		if (err)
			return err;
	}
	if (tb[ERNAT_SETTINGS_HASH]) {
		rs->has_hash = true;
		memcpy(rs->hash, nla_data(tb[ERNAT_SETTINGS_HASH]),
		       sizeof(rs->hash));
	}
	err = take_alarm(tr, tb[ERNAT_SETTINGS_CT_ALARM_RAISE],
			 tb[ERNAT_SETTINGS_CT_ALARM_CLEAR],
			 &rs->ct_alarm_raise, &rs->ct_alarm_clear);
	if (err)
		return err;
	return ernat_attr_userdata(tr, tb[ERNAT_SETTINGS_USERDATA],
				   &rs->userdata);
}

/* @name of the open object, when @attr says the same. */
static int check_continued(struct ernat_transaction *tr,
			   const struct nlattr *nest, const struct nlattr *attr,
			   const char *name)
{
	if (attr && name && nla_strcmp(attr, name) == 0)
		return 0;
	return ernat_refuse(tr, attr ?: nest, -EINVAL,
			    "only the object that was added last can be continued");
}

static int only_ranges(struct ernat_transaction *tr, const struct nlattr *nest,
		       int name, int range)
{
	const struct nlattr *attr;
	int rem;

	nla_for_each_nested(attr, nest, rem)
		if (nla_type(attr) != name && nla_type(attr) != range)
			return ernat_refuse(tr, attr, -EINVAL,
					    "only ranges can be continued");
	return 0;
}

static int continue_set(struct ernat_transaction *tr, const struct nlattr *nest)
{
	struct ernat_set *set = tr->open_set;
	struct nlattr *tb[ERNAT_SET_MAX + 1];
	int err;

	err = ernat_attr_parse(tr->en, tr->extack, tb, ERNAT_SET_MAX, nest,
			       ernat_set_policy, BIT(ERNAT_SET_RANGE));
	if (!err)
		err = check_continued(tr, nest, tb[ERNAT_SET_NAME],
				      set ? set->name : NULL);
	if (err)
		return err;
	ernat_transaction_unsettle(tr);
	return ernat_attr_ranges(tr, nest, ERNAT_SET_RANGE, false,
				 &set->ranges);
}

static int continue_pool(struct ernat_transaction *tr,
			 const struct nlattr *nest)
{
	struct ernat_pool *pool = tr->open_pool;
	struct nlattr *tb[ERNAT_POOL_MAX + 1];
	int err;

	err = ernat_attr_parse(tr->en, tr->extack, tb, ERNAT_POOL_MAX, nest,
			       ernat_pool_policy, BIT(ERNAT_POOL_RANGE));
	if (!err)
		err = check_continued(tr, nest, tb[ERNAT_POOL_NAME],
				      pool ? pool->account->name : NULL);
	if (!err)
		err = only_ranges(tr, nest, ERNAT_POOL_NAME, ERNAT_POOL_RANGE);
	if (err)
		return err;
	ernat_transaction_unsettle(tr);
	return ernat_attr_ranges(tr, nest, ERNAT_POOL_RANGE, true,
				 &pool->ranges);
}

static int add_new(struct ernat_transaction *tr, int type,
		   const struct nlattr *nest)
{
	int err;

	err = ernat_transaction_settle(tr, nest);
	if (err)
		return err;
	tr->open_set = NULL;
	tr->open_pool = NULL;
	switch (type) {
	case ERNAT_A_SET:
		return add_set(tr, nest);
	case ERNAT_A_POOL:
		return add_pool(tr, nest);
	case ERNAT_A_SOURCE:
		return add_source(tr, nest);
	case ERNAT_A_RULE:
		return add_rule(tr, nest);
	default:
		return add_settings(tr, nest);
	}
}

int ernat_object_add(struct ernat_transaction *tr, struct nlattr **attrs)
{
	static const int types[] = {
		ERNAT_A_SET, ERNAT_A_POOL, ERNAT_A_SOURCE, ERNAT_A_RULE,
		ERNAT_A_SETTINGS,
	};
	unsigned int i;
	int type = 0;

	lockdep_assert_held(&tr->en->lock);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		if (!attrs[types[i]])
			continue;
		if (type)
			return ernat_refuse(tr, attrs[types[i]], -EINVAL,
					    "two objects in one message");
		type = types[i];
	}
	if (!type)
		return ernat_refuse(tr, NULL, -EINVAL,
				    "no object in the message");
	if (!attrs[ERNAT_A_CONTINUE])
		return add_new(tr, type, attrs[type]);
	if (type == ERNAT_A_SET)
		return continue_set(tr, attrs[type]);
	if (type == ERNAT_A_POOL)
		return continue_pool(tr, attrs[type]);
	return ernat_refuse(tr, attrs[ERNAT_A_CONTINUE], -EINVAL,
			    "only sets and pools can be continued");
}
