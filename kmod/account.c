// SPDX-License-Identifier: GPL-2.0
#include <linux/jhash.h>
#include <linux/slab.h>

#include "account.h"
#include "net.h"

static struct hlist_head *account_bucket(struct ernat_net *en, u8 kind,
					 const char *name)
{
	u32 hash = jhash(name, strlen(name), kind);

	return &en->accounts[hash % ERNAT_ACCOUNT_BUCKETS];
}

static struct ernat_account *account_find(struct ernat_net *en, u8 kind,
					  const char *name)
{
	struct ernat_account *a;

	lockdep_assert_held(&en->account_lock);
	hlist_for_each_entry(a, account_bucket(en, kind, name), node)
		if (a->kind == kind && !strcmp(a->name, name))
			return ernat_account_get(a);
	return NULL;
}

struct ernat_account *ernat_account_get_by_name(struct ernat_net *en,
						enum ernat_account_kind kind,
						const char *name)
{
	struct ernat_account *a, *made;

	made = kzalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);
	if (!made)
		return NULL;
	refcount_set(&made->ref, 1);
	made->kind = kind;
	made->net = en;
	strscpy(made->name, name, sizeof(made->name));
	spin_lock_init(&made->lock);
	INIT_LIST_HEAD(&made->addrs);

	spin_lock_bh(&en->account_lock);
	a = account_find(en, kind, name);
	if (!a) {
		hlist_add_head(&made->node, account_bucket(en, kind, name));
		a = made;
	}
	spin_unlock_bh(&en->account_lock);
	if (a != made)
		kfree(made);
	return a;
}

void ernat_account_put(struct ernat_account *a)
{
	if (!a)
		return;
	/* The last reference goes under the lock: a name found there is alive. */
	local_bh_disable();
	if (refcount_dec_and_lock(&a->ref, &a->net->account_lock)) {
		hlist_del(&a->node);
		spin_unlock(&a->net->account_lock);
		kfree_rcu(a, rcu);
	}
	local_bh_enable();
}

void ernat_account_session_add(struct ernat_account *a)
{
	s64 now = atomic64_inc_return(&a->sessions);

	atomic64_inc(&a->created);
	if (now > atomic64_read(&a->peak))
		atomic64_set(&a->peak, now);
}

void ernat_account_session_del(struct ernat_account *a)
{
	atomic64_dec(&a->sessions);
}

void ernat_account_session_undo(struct ernat_account *a)
{
	atomic64_dec(&a->created);
	atomic64_dec(&a->sessions);
}
