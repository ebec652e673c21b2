// SPDX-License-Identifier: GPL-2.0
#include <linux/ctype.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "attr.h"
#include "special.h"

#define MAX_USERDATA	(32u << 20)	/* bytes of all objects together */

int ernat_attr_parse(struct ernat_net *en, struct netlink_ext_ack *extack,
		     struct nlattr **tb, int max, const struct nlattr *nest,
		     const struct nla_policy *policy, u32 lists)
{
	const struct nlattr *attr;
	u32 seen = 0, bit;
	int err, rem;

	err = nla_parse_nested(tb, max, nest, policy, extack);
	if (err)
		return err;
	nla_for_each_nested(attr, nest, rem) {
		bit = BIT(nla_type(attr));
		if (seen & bit & ~lists)
			return ernat_err(en, extack, attr, -EINVAL,
					 "given twice");
		seen |= bit;
	}
	return 0;
}

int ernat_attr_address(struct ernat_net *en, struct netlink_ext_ack *extack,
		       const struct nlattr *attr, u8 *family,
		       struct ernat_ip *ip)
{
	union nf_inet_addr addr = {};

	if (nla_len(attr) == sizeof(addr.in))
		*family = NFPROTO_IPV4;
	else if (nla_len(attr) == sizeof(addr.in6))
		*family = NFPROTO_IPV6;
	else
		return ernat_err(en, extack, attr, -EINVAL,
				 "an address has 4 or 16 bytes");
	memcpy(&addr, nla_data(attr), nla_len(attr));
	*ip = ernat_ip_from(&addr, *family);
	return 0;
}

int ernat_attr_span(struct ernat_net *en, struct netlink_ext_ack *extack,
		    struct nlattr *const *tb, const struct nlattr *range,
		    u8 *family, struct ernat_span *span)
{
	char first[ERNAT_IP_TEXT], last[ERNAT_IP_TEXT];
	u8 last_family;
	int err;

	if (!tb[ERNAT_RANGE_FIRST])
		return ernat_err(en, extack, range, -EINVAL,
				 "a range without its first address");
	err = ernat_attr_address(en, extack, tb[ERNAT_RANGE_FIRST], family,
				 &span->first);
	if (err)
		return err;
	span->last = span->first;
	if (!tb[ERNAT_RANGE_LAST])
		return 0;
	err = ernat_attr_address(en, extack, tb[ERNAT_RANGE_LAST],
				 &last_family, &span->last);
	if (err)
		return err;
	if (last_family != *family)
		return ernat_err(en, extack, tb[ERNAT_RANGE_LAST], -EINVAL,
				 "a range of IPv4 and IPv6");
	if (ernat_ip_cmp(span->first, span->last) > 0)
		return ernat_err(en, extack, tb[ERNAT_RANGE_LAST], -EINVAL,
				 "range ends at %s before it begins at %s",
				 ernat_ip_text(last, *family, span->last),
				 ernat_ip_text(first, *family, span->first));
	return 0;
}

/* A string that is as long as its attribute. */
static int check_string(struct ernat_net *en, struct netlink_ext_ack *extack,
			const struct nlattr *attr)
{
	if (strnlen(nla_data(attr), nla_len(attr)) + 1 != nla_len(attr))
		return ernat_err(en, extack, attr, -EINVAL, "NUL in a string");
	return 0;
}

static bool is_name(const char *s)
{
	if (!isascii(*s) || !(isalnum(*s) || *s == '_'))
		return false;
	for (; *s; s++)
		if (!isascii(*s) || !(isalnum(*s) || strchr("_.:@+-", *s)))
			return false;
	return true;
}

int ernat_attr_name(struct ernat_net *en, struct netlink_ext_ack *extack,
		    const struct nlattr *attr, char *name)
{
	const char *s = nla_data(attr);
	int err;

	err = check_string(en, extack, attr);
	if (err)
		return err;
	if (!is_name(s))
		return ernat_err(en, extack, attr, -EINVAL,
				 "a name has letters, digits and _.:@+- and begins with a letter, a digit or _");
	if (!strcmp(s, "none") || !strcmp(s, "all") || !strcmp(s, "local"))
		return ernat_err(en, extack, attr, -EINVAL,
				 "\"%s\" is a word of the language, not a name",
				 s);
	strscpy(name, s, ERNAT_NAME_MAX);
	return 0;
}

int ernat_attr_device(struct ernat_net *en, struct netlink_ext_ack *extack,
		      const struct nlattr *attr, bool wildcard)
{
	const char *s = nla_data(attr);
	size_t len = strnlen(s, nla_len(attr)), i;
	int err;

	err = check_string(en, extack, attr);
	if (err)
		return err;
	if (!len || len >= ERNAT_DEV_MAX || !strcmp(s, ".") ||
	    !strcmp(s, ".."))
		return ernat_err(en, extack, attr, -EINVAL,
				 "a device name has 1 to %u characters",
				 ERNAT_DEV_MAX - 1);
	for (i = 0; i < len; i++) {
		if (!isascii(s[i]) || !isgraph(s[i]) || strchr("/:\"", s[i]))
			return ernat_err(en, extack, attr, -EINVAL,
					 "a character that no device name has");
		if (s[i] == '*' && !(wildcard && i == len - 1))
			return ernat_err(en, extack, attr, -EINVAL,
					 "a * can only end a device name");
	}
	return 0;
}

/* Router names are few and long: ranges share them. */
static const char *intern_router(struct ernat_transaction *tr,
				 const char *name)
{
	struct ernat_ruleset *rs = tr->rs;
	char *router;

	router = ernat_transaction_named(tr, ERNAT_NAMED_ROUTER, name);
	if (router)
		return router;
	if (!rs->routers) {
		rs->routers = kvmalloc_array(ERNAT_MAX_LIST,
					     sizeof(*rs->routers),
					     GFP_KERNEL_ACCOUNT);
		if (!rs->routers)
			return ERR_PTR(-ENOMEM);
	}
	if (rs->n_routers == ERNAT_MAX_LIST)
		return ERR_PTR(-E2BIG);
	router = kstrdup(name, GFP_KERNEL_ACCOUNT);
	if (!router)
		return ERR_PTR(-ENOMEM);
	rs->routers[rs->n_routers++] = router;
	if (ernat_transaction_name(tr, ERNAT_NAMED_ROUTER, name, router))
		return ERR_PTR(-ENOMEM);
	return router;
}

static int range_router(struct ernat_transaction *tr, const struct nlattr *attr,
			struct ernat_range *r)
{
	char name[ERNAT_NAME_MAX];
	int err;

	err = ernat_attr_name(tr->en, tr->extack, attr, name);
	if (err)
		return err;
	r->router = intern_router(tr, name);
	if (!IS_ERR(r->router))
		return 0;
	err = PTR_ERR(r->router);
	r->router = NULL;
	if (err == -E2BIG)
		return ernat_refuse(tr, attr, err, "more than %u routers",
				    ERNAT_MAX_LIST);
	return err;
}

static int check_host(struct ernat_transaction *tr, const struct nlattr *attr,
		      const struct ernat_range *r)
{
	char text[ERNAT_IP_TEXT];
	struct ernat_ip at;
	const char *what;

	what = ernat_special_no_host(r->family, r->first, r->last, &at);
	if (!what || r->except)
		return 0;
	return ernat_refuse(tr, attr, -EINVAL,
			    "a pool cannot give out %s: %s",
			    ernat_ip_text(text, r->family, at), what);
}

static int pool_range(struct ernat_transaction *tr, const struct nlattr *attr,
		      struct nlattr **tb, struct ernat_range *r)
{
	int err;

	if (tb[ERNAT_RANGE_STATE]) {
		if (r->except)
			return ernat_refuse(tr, tb[ERNAT_RANGE_STATE], -EINVAL,
					    "an exception has no state");
		r->state = nla_get_u8(tb[ERNAT_RANGE_STATE]);
	}
	if (tb[ERNAT_RANGE_ROUTER]) {
		if (r->except || r->state != ERNAT_STATE_ACTIVE)
			return ernat_refuse(tr, tb[ERNAT_RANGE_ROUTER], -EINVAL,
					    "a router's addresses have no other state");
		err = range_router(tr, tb[ERNAT_RANGE_ROUTER], r);
		if (err)
			return err;
	}
	return check_host(tr, attr, r);
}

static int take_range(struct ernat_transaction *tr, const struct nlattr *attr,
		      bool pool, struct ernat_range *r)
{
	struct nlattr *tb[ERNAT_RANGE_MAX + 1];
	struct ernat_span span;
	int err;

	err = ernat_attr_parse(tr->en, tr->extack, tb, ERNAT_RANGE_MAX, attr,
			       ernat_range_policy, 0);
	if (err)
		return err;
	err = ernat_attr_span(tr->en, tr->extack, tb, attr, &r->family, &span);
	if (err)
		return err;
	r->first = span.first;
	r->last = span.last;
	r->except = tb[ERNAT_RANGE_EXCEPT];
	if (pool)
		return pool_range(tr, attr, tb, r);
	if (tb[ERNAT_RANGE_STATE] || tb[ERNAT_RANGE_ROUTER])
		return ernat_refuse(tr, attr, -EINVAL,
				    "only addresses of pools have a state or a router");
	return 0;
}

int ernat_attr_ranges(struct ernat_transaction *tr, const struct nlattr *nest,
		      int type, bool pool, struct ernat_ranges *ranges)
{
	const struct nlattr *attr;
	int err, rem;

	nla_for_each_nested(attr, nest, rem) {
		struct ernat_range r = {};

		if (nla_type(attr) != type)
			continue;
		err = ernat_transaction_charge(tr, attr, 1);
		if (err)
			return err;
		err = take_range(tr, attr, pool, &r);
		if (err)
			return err;
		err = ernat_ranges_add(ranges, &r);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/* Attributes of one type in a nest: at least @min, at most ERNAT_MAX_LIST. */
static int count_list(struct ernat_transaction *tr, const struct nlattr *nest,
		      int type, unsigned int min, unsigned int *count)
{
	const struct nlattr *attr;
	unsigned int n = 0;
	int rem;

	nla_for_each_nested(attr, nest, rem)
		n += nla_type(attr) == type;
	if (n < min)
		return ernat_refuse(tr, nest, -EINVAL, "an empty list");
	if (n > ERNAT_MAX_LIST)
		return ernat_refuse(tr, nest, -E2BIG,
				    "more than %u entries in a list",
				    ERNAT_MAX_LIST);
	*count = n;
	return ernat_transaction_charge(tr, nest, n);
}

/* The object that @attr names. */
static void *find_named(struct ernat_transaction *tr,
			const struct nlattr *attr, enum ernat_named kind,
			const char *word)
{
	char name[ERNAT_NAME_MAX];
	void *object;
	int err;

	err = ernat_attr_name(tr->en, tr->extack, attr, name);
	if (err)
		return ERR_PTR(err);
	object = ernat_transaction_named(tr, kind, name);
	if (object)
		return object;
	err = ernat_refuse(tr, attr, -ENOENT, "unknown %s \"%s\"", word, name);
	return ERR_PTR(err);
}

static int match_sets(struct ernat_transaction *tr, const struct nlattr *nest,
		      struct ernat_match *m)
{
	const struct nlattr *attr;
	struct ernat_set *set;
	unsigned int n;
	int err, rem;

	err = count_list(tr, nest, ERNAT_MATCH_SET, 0, &n);
	if (err || !n)
		return err;
	m->sets = kvmalloc_array(n, sizeof(*m->sets), GFP_KERNEL_ACCOUNT);
	if (!m->sets)
		return -ENOMEM;
	tr->n_matches++;
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != ERNAT_MATCH_SET)
			continue;
		set = find_named(tr, attr, ERNAT_NAMED_SET, "set");
		if (IS_ERR(set))
			return PTR_ERR(set);
		/* Once: each would be searched by every packet. */
		if (set->match == tr->n_matches)
			continue;
		set->match = tr->n_matches;
		m->sets[m->n_sets++] = set;
	}
	return 0;
}

static bool has_alternative(const struct ernat_match *m)
{
	unsigned int i;

	for (i = 0; i < m->ranges.n; i++)
		if (!m->ranges.v[i].except)
			return true;
	return m->n_sets || m->local;
}

int ernat_attr_match(struct ernat_transaction *tr, const struct nlattr *nest,
		     bool may_local, struct ernat_match *m)
{
	struct nlattr *tb[ERNAT_MATCH_MAX + 1];
	int err;

	if (!nest)
		return 0;
	err = ernat_attr_parse(tr->en, tr->extack, tb, ERNAT_MATCH_MAX, nest,
			       NULL,
			       BIT(ERNAT_MATCH_RANGE) | BIT(ERNAT_MATCH_SET));
	if (err)
		return err;
	m->used = true;
	m->local = tb[ERNAT_MATCH_LOCAL];
	if (m->local && !may_local)
		return ernat_refuse(tr, tb[ERNAT_MATCH_LOCAL], -EINVAL,
				    "\"local\" can only be said of from");
	err = ernat_attr_ranges(tr, nest, ERNAT_MATCH_RANGE, false, &m->ranges);
	if (err)
		return err;
	err = match_sets(tr, nest, m);
	if (err)
		return err;
	if (!has_alternative(m))
		return ernat_refuse(tr, nest, -EINVAL,
				    "no address that could match");
	err = ernat_addrset_compile(&m->addrs, &m->ranges, NULL, NULL, NULL);
	if (err)
		return err;
	return ernat_addrset_compile_excepts(&m->except, &m->ranges);
}

static void take_device(struct ernat_devname *d, const char *name)
{
	size_t len = strlen(name);

	if (name[len - 1] == '*') {
		d->wildcard = true;
		len--;
	}
	memcpy(d->name, name, len);
	d->len = len;
}

int ernat_attr_devs(struct ernat_transaction *tr, const struct nlattr *nest,
		    bool wildcard, struct ernat_devs *devs)
{
	const struct nlattr *attr;
	unsigned int n;
	int err, rem;

	if (!nest)
		return 0;
	err = count_list(tr, nest, ERNAT_LIST_NAME, 1, &n);
	if (err)
		return err;
	devs->v = kvcalloc(n, sizeof(*devs->v), GFP_KERNEL_ACCOUNT);
	if (!devs->v)
		return -ENOMEM;
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != ERNAT_LIST_NAME)
			return ernat_refuse(tr, attr, -EINVAL,
					    "\"none\" is no device");
		err = ernat_attr_device(tr->en, tr->extack, attr, wildcard);
		if (err)
			return err;
		take_device(&devs->v[devs->n++], nla_data(attr));
	}
	return 0;
}

int ernat_attr_sources(struct ernat_transaction *tr, const struct nlattr *nest,
		       struct ernat_source_list *list)
{
	struct nlattr *tb[ERNAT_LIST_MAX + 1];
	struct ernat_source *source;
	const struct nlattr *attr;
	unsigned int n;
	int err, rem;

	if (!nest)
		return 0;
	err = ernat_attr_parse(tr->en, tr->extack, tb, ERNAT_LIST_MAX, nest,
			       NULL, BIT(ERNAT_LIST_NAME));
	if (err)
		return err;
	list->used = true;
	list->none = tb[ERNAT_LIST_NONE];
	err = count_list(tr, nest, ERNAT_LIST_NAME, !list->none, &n);
	if (err || !n)
		return err;
	list->v = kvmalloc_array(n, sizeof(*list->v), GFP_KERNEL_ACCOUNT);
	if (!list->v)
		return -ENOMEM;
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != ERNAT_LIST_NAME)
			continue;
		source = find_named(tr, attr, ERNAT_NAMED_SOURCE,
				    "route source");
		if (IS_ERR(source))
			return PTR_ERR(source);
		list->v[list->n++] = source;
	}
	return 0;
}

int ernat_attr_array(struct ernat_transaction *tr, const struct nlattr *attr,
		     size_t size, void *v, unsigned int *n)
{
	void **to = v;
	int err;

	if (!attr)
		return 0;
	if (!nla_len(attr) || nla_len(attr) % size)
		return ernat_refuse(tr, attr, -EINVAL,
				    "a list of %zu-byte entries has %d bytes",
				    size, nla_len(attr));
	err = ernat_transaction_charge(tr, attr, nla_len(attr) / size);
	if (err)
		return err;
	*to = kvmalloc(nla_len(attr), GFP_KERNEL_ACCOUNT);
	if (!*to)
		return -ENOMEM;
	memcpy(*to, nla_data(attr), nla_len(attr));
	*n = nla_len(attr) / size;
	return 0;
}

int ernat_attr_ports(struct ernat_transaction *tr, const struct nlattr *attr,
		     u16 lowest, struct ernat_u16_ranges *ports)
{
	unsigned int i;
	int err;

	err = ernat_attr_array(tr, attr, sizeof(*ports->v), &ports->v,
			       &ports->n);
	if (err)
		return err;
	for (i = 0; i < ports->n; i++) {
		const struct ernat_u16_range *r = &ports->v[i];

		if (r->min < lowest)
			return ernat_refuse(tr, attr, -EINVAL,
					    "ports begin at %u", lowest);
		if (r->min > r->max)
			return ernat_refuse(tr, attr, -EINVAL,
					    "port range %u-%u is reversed",
					    r->min, r->max);
	}
	return 0;
}

int ernat_attr_mark(struct ernat_transaction *tr, const struct nlattr *attr,
		    struct ernat_mark *mark)
{
	memcpy(mark, nla_data(attr), sizeof(*mark));
	if (!mark->mask)
		return ernat_refuse(tr, attr, -EINVAL, "the mask is 0");
	if (mark->value & ~mark->mask)
		return ernat_refuse(tr, attr, -EINVAL,
				    "mark 0x%x has bits outside its mask 0x%x",
				    mark->value, mark->mask);
	return 0;
}

int ernat_attr_userdata(struct ernat_transaction *tr, const struct nlattr *attr,
			struct ernat_userdata *userdata)
{
	if (!attr || !nla_len(attr))
		return 0;
	if (nla_len(attr) > MAX_USERDATA - tr->userdata)
		return ernat_refuse(tr, attr, -E2BIG,
				    "more than %u bytes of user data in all",
				    MAX_USERDATA);
	userdata->data = kvmalloc(nla_len(attr), GFP_KERNEL_ACCOUNT);
	if (!userdata->data)
		return -ENOMEM;
	tr->userdata += nla_len(attr);
	userdata->len = nla_len(attr);
	memcpy(userdata->data, nla_data(attr), userdata->len);
	return 0;
}
