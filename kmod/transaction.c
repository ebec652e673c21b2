// SPDX-License-Identifier: GPL-2.0
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "pool.h"
#include "running.h"
#include "source.h"
#include "taken.h"
#include "transaction.h"

#define NAME_BUCKETS	4096
#define PORTS_BUCKETS	1024

struct name {
	struct hlist_node node;
	enum ernat_named kind;
	void *object;
	char name[];
};

struct known_ports {
	struct hlist_node node;
	struct ernat_ports *ports;
};

int ernat_refuse(struct ernat_transaction *tr, const struct nlattr *attr,
		 int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ernat_verr(tr->en, tr->extack, attr, fmt, args);
	va_end(args);
	return err;
}

static struct hlist_head *name_bucket(const struct ernat_transaction *tr,
				      enum ernat_named kind, const char *name)
{
	u32 hash = jhash(name, strlen(name), tr->seed + kind);

	return &tr->names[hash % NAME_BUCKETS];
}

void *ernat_transaction_named(const struct ernat_transaction *tr,
			      enum ernat_named kind, const char *name)
{
	struct name *n;

	hlist_for_each_entry(n, name_bucket(tr, kind, name), node)
		if (n->kind == kind && !strcmp(n->name, name))
			return n->object;
	return NULL;
}

int ernat_transaction_name(struct ernat_transaction *tr, enum ernat_named kind,
			   const char *name, void *object)
{
	size_t len = strlen(name) + 1;
	struct name *n;

	n = kmalloc(struct_size(n, name, len), GFP_KERNEL_ACCOUNT);
	if (!n)
		return -ENOMEM;
	n->kind = kind;
	n->object = object;
	memcpy(n->name, name, len);
	hlist_add_head(&n->node, name_bucket(tr, kind, name));
	return 0;
}

static void free_names(struct ernat_transaction *tr)
{
	struct hlist_node *tmp;
	struct name *n;
	unsigned int i;

	for (i = 0; tr->names && i < NAME_BUCKETS; i++)
		hlist_for_each_entry_safe(n, tmp, &tr->names[i], node)
			kfree(n);
	kvfree(tr->names);
}

int ernat_transaction_charge(struct ernat_transaction *tr,
			     const struct nlattr *attr, unsigned int n)
{
	if (n > ERNAT_MAX_RANGES - tr->rs->n_ranges)
		return ernat_refuse(tr, attr, -E2BIG,
				    "more than %u ranges and entries of lists in all",
				    ERNAT_MAX_RANGES);
	tr->rs->n_ranges += n;
	return 0;
}

static struct hlist_head *ports_bucket(const struct ernat_transaction *tr,
				       const struct ernat_ports *ports)
{
	u32 hash = jhash(ports->range, ports->n_ranges * sizeof(*ports->range),
			 tr->seed);

	return &tr->ports[hash % PORTS_BUCKETS];
}

static struct ernat_ports *find_ports(const struct ernat_transaction *tr,
				      const struct ernat_ports *ports)
{
	struct known_ports *k;

	hlist_for_each_entry(k, ports_bucket(tr, ports), node)
		if (k->ports == ports || ernat_ports_equal(k->ports, ports))
			return k->ports;
	return NULL;
}

static int know_ports(struct ernat_transaction *tr, struct ernat_ports *ports)
{
	struct known_ports *k;

	k = kmalloc(sizeof(*k), GFP_KERNEL_ACCOUNT);
	if (!k)
		return -ENOMEM;
	k->ports = ernat_ports_get(ports);
	hlist_add_head(&k->node, ports_bucket(tr, ports));
	return 0;
}

static int know_running_ports(struct ernat_transaction *tr)
{
	const struct ernat_ruleset *rs;
	struct ernat_ports *ports;
	unsigned int i;
	int err = 0;

	tr->ports = kvcalloc(PORTS_BUCKETS, sizeof(*tr->ports),
			     GFP_KERNEL_ACCOUNT);
	if (!tr->ports)
		return -ENOMEM;
	rs = rcu_dereference_protected(tr->en->ruleset,
				       lockdep_is_held(&tr->en->lock));
	for (i = 0; rs && i < rs->n_pools && !err; i++) {
		ports = rs->pools[i]->ports;
		if (!find_ports(tr, ports))
			err = know_ports(tr, ports);
		cond_resched();
	}
	return err;
}

static void free_ports(struct ernat_transaction *tr)
{
	struct hlist_node *tmp;
	struct known_ports *k;
	unsigned int i;

	if (tr->usual_ports)
		ernat_ports_put(tr->usual_ports);
	for (i = 0; tr->ports && i < PORTS_BUCKETS; i++)
		hlist_for_each_entry_safe(k, tmp, &tr->ports[i], node) {
			ernat_ports_put(k->ports);
			kfree(k);
		}
	kvfree(tr->ports);
}

static struct ernat_ports *get_ports(struct ernat_transaction *tr,
				     const struct ernat_u16_range *v,
				     unsigned int n)
{
	struct ernat_ports *made, *known;

	if (!tr->ports && know_running_ports(tr))
		return NULL;
	made = ernat_ports_new(v, n);
	if (!made)
		return NULL;
	known = find_ports(tr, made);
	if (known) {
		ernat_ports_put(made);
		return ernat_ports_get(known);
	}
	if (know_ports(tr, made)) {
		ernat_ports_put(made);
		return NULL;
	}
	return made;
}

/* Blocks of the port table are known to be full by the id of a list. */
struct ernat_ports *ernat_transaction_ports(struct ernat_transaction *tr,
					    const struct ernat_u16_range *v,
					    unsigned int n)
{
	static const struct ernat_u16_range usual = { .min = 1024, .max = 65535 };

	if (n)
		return get_ports(tr, v, n);
	if (!tr->usual_ports)
		tr->usual_ports = get_ports(tr, &usual, 1);
	return tr->usual_ports ? ernat_ports_get(tr->usual_ports) : NULL;
}

struct ernat_transaction *ernat_transaction_find(struct ernat_net *en,
						 const struct sock *sk,
						 u64 cookie)
{
	struct ernat_transaction *tr;

	lockdep_assert_held(&en->lock);
	list_for_each_entry(tr, &en->transactions, node)
		if (tr->sk == sk && tr->cookie == cookie)
			return tr;
	return NULL;
}

static struct ernat_transaction *alloc_transaction(void)
{
	struct ernat_transaction *tr;

	tr = kzalloc(sizeof(*tr), GFP_KERNEL_ACCOUNT);
	if (!tr)
		return NULL;
	tr->names = kvcalloc(NAME_BUCKETS, sizeof(*tr->names),
			     GFP_KERNEL_ACCOUNT);
	tr->rs = kzalloc(sizeof(*tr->rs), GFP_KERNEL_ACCOUNT);
	if (!tr->names || !tr->rs) {
		kvfree(tr->names);
		kfree(tr->rs);
		kfree(tr);
		return NULL;
	}
	INIT_LIST_HEAD(&tr->blocks);
	tr->taken[0] = RB_ROOT;
	tr->taken[1] = RB_ROOT;
	tr->seed = get_random_u32();
	tr->cookie = get_random_u64();
	tr->rs->ct_alarm_raise = 80;
	tr->rs->ct_alarm_clear = 70;
	return tr;
}

int ernat_transaction_begin(struct ernat_net *en, struct sock *sk,
			    struct netlink_ext_ack *extack, u64 *cookie)
{
	struct ernat_transaction *tr, *tmp;

	lockdep_assert_held(&en->lock);
	list_for_each_entry_safe(tr, tmp, &en->transactions, node) {
		if (tr->sk != sk)
			continue;
		if (!tr->refused)
			return ernat_err(en, extack, NULL, -EEXIST,
					 "this socket has a transaction already");
		ernat_transaction_free(tr);
	}
	if (en->n_transactions >= ERNAT_MAX_TRANSACTIONS)
		return ernat_err(en, extack, NULL, -EBUSY,
				 "%u transactions are open already",
				 ERNAT_MAX_TRANSACTIONS);
	tr = alloc_transaction();
	if (!tr)
		return -ENOMEM;
	tr->en = en;
	sock_hold(sk);
	tr->sk = sk;
	list_add(&tr->node, &en->transactions);
	WRITE_ONCE(en->n_transactions, en->n_transactions + 1);
	*cookie = tr->cookie;
	return 0;
}

void ernat_transaction_free(struct ernat_transaction *tr)
{
	struct ernat_net *en = tr->en;

	list_del(&tr->node);
	WRITE_ONCE(en->n_transactions, en->n_transactions - 1);
	free_names(tr);
	ernat_taken_free(tr);
	free_ports(tr);
	ernat_ruleset_free(tr->rs);
	sock_put(tr->sk);
	kfree(tr);
}

void ernat_transaction_forget(struct ernat_net *en)
{
	struct ernat_transaction *tr, *tmp;

	/* A socket that is being closed is not beginning one. */
	if (!READ_ONCE(en->n_transactions))
		return;
	mutex_lock(&en->lock);
	list_for_each_entry_safe(tr, tmp, &en->transactions, node)
		if (sock_flag(tr->sk, SOCK_DEAD))
			ernat_transaction_free(tr);
	mutex_unlock(&en->lock);
}

void ernat_transaction_forget_all(struct ernat_net *en)
{
	struct ernat_transaction *tr, *tmp;

	mutex_lock(&en->lock);
	list_for_each_entry_safe(tr, tmp, &en->transactions, node)
		ernat_transaction_free(tr);
	mutex_unlock(&en->lock);
}

static bool is_active(const struct ernat_range *r, const void *data)
{
	const struct ernat_ruleset *rs = data;

	if (r->router)
		return !strcmp(r->router, rs->router);
	return r->state == ERNAT_STATE_ACTIVE;
}

static bool is_not_draining(const struct ernat_range *r, const void *data)
{
	return r->state != ERNAT_STATE_DRAIN;
}

/* Addresses in a span; U64_MAX stands for all that do not fit. */
static u64 span_size(const struct ernat_span *s)
{
	u64 lo = s->last.lo - s->first.lo;
	u64 hi = s->last.hi - s->first.hi - (s->last.lo < s->first.lo);

	return hi || lo == U64_MAX ? U64_MAX : lo + 1;
}

static int number_active(struct ernat_pool *pool, unsigned int f,
			 const struct ernat_addrset *active)
{
	struct ernat_pool_span *v;
	u64 index = 0, size;
	unsigned int i;

	if (!active->n[f])
		return 0;
	v = kvmalloc_array(active->n[f], sizeof(*v), GFP_KERNEL_ACCOUNT);
	if (!v)
		return -ENOMEM;
	for (i = 0; i < active->n[f]; i++) {
		v[i].first = active->v[f][i].first;
		v[i].last = active->v[f][i].last;
		v[i].index = index;
		size = span_size(&active->v[f][i]);
		index = index > U64_MAX - size ? U64_MAX : index + size;
	}
	pool->active[f] = v;
	pool->n_active[f] = active->n[f];
	pool->n_addrs[f] = index;
	return 0;
}

static int compile_active(const struct ernat_transaction *tr,
			  struct ernat_pool *pool)
{
	struct ernat_addrset active = {};
	unsigned int f;
	int err;

	err = ernat_addrset_compile(&active, &pool->ranges, is_active, tr->rs,
				    NULL);
	for (f = 0; f < 2 && !err; f++)
		err = number_active(pool, f, &active);
	ernat_addrset_free(&active);
	return err;
}

static int find_families(struct ernat_pool *pool)
{
	struct ernat_addrset s = {};
	int err;

	err = ernat_addrset_compile(&s, &pool->ranges, is_not_draining, NULL,
				    NULL);
	pool->families = (s.n[0] ? 1 : 0) | (s.n[1] ? 2 : 0);
	ernat_addrset_free(&s);
	return err;
}

static int settle_pool(struct ernat_transaction *tr, struct ernat_pool *pool,
		       const struct nlattr *attr)
{
	struct ernat_overlap overlap;
	char text[ERNAT_IP_TEXT];
	int err;

	err = ernat_addrset_compile(&pool->members, &pool->ranges, NULL, NULL,
				    &overlap);
	if (err == -EEXIST)
		return ernat_refuse(tr, attr, err,
				    "pool \"%s\" overlaps itself at %s",
				    pool->account->name,
				    ernat_ip_text(text, overlap.family,
						  overlap.at));
	if (!err)
		err = compile_active(tr, pool);
	if (!err)
		err = find_families(pool);
	if (!err)
		err = ernat_taken_add(tr, pool, attr);
	if (!err)
		ernat_pool_set_alarms(pool);
	return err;
}

int ernat_transaction_settle(struct ernat_transaction *tr,
			     const struct nlattr *attr)
{
	int err = 0;

	if (tr->settled)
		return 0;
	if (tr->open_set)
		err = ernat_addrset_compile(&tr->open_set->addrs,
					    &tr->open_set->ranges, NULL, NULL,
					    NULL);
	if (tr->open_pool)
		err = settle_pool(tr, tr->open_pool, attr);
	tr->settled = true;
	return err;
}

void ernat_transaction_unsettle(struct ernat_transaction *tr)
{
	struct ernat_pool *pool = tr->open_pool;
	unsigned int f;

	if (!tr->settled)
		return;
	tr->settled = false;
	if (tr->open_set)
		ernat_addrset_free(&tr->open_set->addrs);
	if (!pool)
		return;
	ernat_taken_remove(tr, pool);
	ernat_addrset_free(&pool->members);
	for (f = 0; f < 2; f++) {
		kvfree(pool->active[f]);
		pool->active[f] = NULL;
		pool->n_active[f] = 0;
		pool->n_addrs[f] = 0;
	}
}

int ernat_transaction_commit(struct ernat_transaction *tr, bool check)
{
	struct ernat_ruleset *rs = tr->rs;
	int err;

	lockdep_assert_held(&tr->en->lock);
	if (tr->refused)
		return ernat_refuse(tr, NULL, -EINVAL,
				    "an object of this transaction was refused");
	err = ernat_transaction_settle(tr, NULL);
	if (err)
		return err;
	if (!rs->n_rules && !rs->n_pools && !rs->n_sources)
		return ernat_refuse(tr, NULL, -ENODATA,
				    "no rule, no pool and no route source: flush removes a ruleset");
	err = ernat_ruleset_compile(rs);
	if (!err)
		err = ernat_source_compile(rs);
	if (err || check)
		return err;
	err = ernat_running_set(tr->en, rs);
	if (err)
		return ernat_refuse(tr, NULL, err,
				    "no memory, or the hooks could not be registered");
	tr->rs = NULL;
	return 0;
}
