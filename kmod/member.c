// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "member.h"

struct member {
	struct ernat_span span;
	struct ernat_pool *pool;
};

/* Sorted; pools do not overlap, so neither do these. */
struct ernat_member_index {
	unsigned int n[2];
	struct member *v[2];
};

static int compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return ernat_ip_cmp(x->span.first, y->span.first);
}

static int compile_family(struct ernat_ruleset *rs, unsigned int f)
{
	struct ernat_member_index *index = rs->members;
	unsigned int i, j, n = 0;
	struct member *v;

	for (i = 0; i < rs->n_pools; i++)
		n += rs->pools[i]->members.n[f];
	v = kvmalloc_array(n + 1, sizeof(*v), GFP_KERNEL_ACCOUNT);
	if (!v)
		return -ENOMEM;
	index->v[f] = v;
	for (i = 0; i < rs->n_pools; i++)
		for (j = 0; j < rs->pools[i]->members.n[f]; j++)
			v[index->n[f]++] = (struct member) {
				.span = rs->pools[i]->members.v[f][j],
				.pool = rs->pools[i],
			};
	sort(v, n, sizeof(*v), compare, NULL);
	return 0;
}

int ernat_member_compile(struct ernat_ruleset *rs)
{
	int err;

	rs->members = kzalloc(sizeof(*rs->members), GFP_KERNEL_ACCOUNT);
	if (!rs->members)
		return -ENOMEM;
	err = compile_family(rs, 0);
	return err ?: compile_family(rs, 1);
}

void ernat_member_free(struct ernat_ruleset *rs)
{
	if (!rs->members)
		return;
	kvfree(rs->members->v[0]);
	kvfree(rs->members->v[1]);
	kfree(rs->members);
}

struct ernat_pool *ernat_member_pool(const struct ernat_ruleset *rs, u8 family,
				     const union nf_inet_addr *addr)
{
	const struct ernat_ip ip = ernat_ip_from(addr, family);
	const unsigned int f = ernat_family_index(family);
	const struct member *v = rs->members->v[f];
	unsigned int lo = 0, hi = rs->members->n[f];

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;

		if (ernat_ip_cmp(ip, v[mid].span.first) < 0)
			hi = mid;
		else if (ernat_ip_cmp(ip, v[mid].span.last) > 0)
			lo = mid + 1;
		else
			return v[mid].pool;
	}
	return NULL;
}
