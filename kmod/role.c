// SPDX-License-Identifier: GPL-2.0
#include "role.h"
#include "special.h"

static const char *pool_name(const struct ernat_pool *pool)
{
	return pool->account->name;
}

static int refuse_both(struct ernat_transaction *tr,
		       const struct ernat_pool *pool,
		       const struct ernat_source *microsoft,
		       const struct ernat_source *internet,
		       const struct nlattr *attr)
{
	return ernat_refuse(tr, attr, -EINVAL,
			    "pool \"%s\" would serve \"%s\" (role microsoft) and \"%s\" (role internet)",
			    pool_name(pool), microsoft->account->name,
			    internet->account->name);
}

static int check_public(struct ernat_transaction *tr,
			const struct ernat_pool *pool,
			const struct ernat_source *source,
			const struct nlattr *attr)
{
	char text[ERNAT_IP_TEXT];
	struct ernat_ip at;
	const char *what;
	u8 family;

	what = ernat_special_find(&pool->members, &family, &at);
	if (!what)
		return 0;
	return ernat_refuse(tr, attr, -EINVAL,
			    "pool \"%s\" would serve \"%s\" (role microsoft), but its address %s is never public: %s",
			    pool_name(pool), source->account->name,
			    ernat_ip_text(text, family, at), what);
}

static int take_role(struct ernat_transaction *tr, struct ernat_pool *pool,
		     const struct ernat_source *source,
		     const struct nlattr *attr)
{
	u8 role = source->role;

	if (pool->serves[role])
		return 0;
	switch (role) {
	case ERNAT_ROLE_PRIVATE:
		return ernat_refuse(tr, attr, -EINVAL,
				    "pool \"%s\" would serve \"%s\" (role private): there is no NAT on private peering",
				    pool_name(pool), source->account->name);
	case ERNAT_ROLE_MICROSOFT:
		if (pool->serves[ERNAT_ROLE_INTERNET])
			return refuse_both(tr, pool, source,
					   pool->serves[ERNAT_ROLE_INTERNET],
					   attr);
		break;
	case ERNAT_ROLE_INTERNET:
		if (pool->serves[ERNAT_ROLE_MICROSOFT])
			return refuse_both(tr, pool,
					   pool->serves[ERNAT_ROLE_MICROSOFT],
					   source, attr);
		break;
	}
	pool->serves[role] = source;
	if (role == ERNAT_ROLE_MICROSOFT)
		return check_public(tr, pool, source, attr);
	return 0;
}

int ernat_role_assign(struct ernat_transaction *tr,
		      const struct ernat_rule *rule, const struct nlattr *attr)
{
	struct ernat_pool *pool;
	unsigned int i;
	int err;

	for (pool = rule->pool; pool; pool = pool->overflow)
		for (i = 0; i < rule->to.n; i++) {
			err = take_role(tr, pool, rule->to.v[i], attr);
			if (err)
				return err;
		}
	return 0;
}
