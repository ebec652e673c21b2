// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "addrset.h"

/* Spans in the making. */
struct spans {
	unsigned int n;
	struct ernat_span *v;
};

int ernat_ranges_add(struct ernat_ranges *ranges, const struct ernat_range *r)
{
	unsigned int size = ranges->size ? ranges->size * 2 : 4;
	struct ernat_range *v;

	if (ranges->n == ranges->size) {
		v = kvmalloc_array(size, sizeof(*v), GFP_KERNEL_ACCOUNT);
		if (!v)
			return -ENOMEM;
		if (ranges->n)
			memcpy(v, ranges->v, ranges->n * sizeof(*v));
		kvfree(ranges->v);
		ranges->v = v;
		ranges->size = size;
	}
	ranges->v[ranges->n++] = *r;
	return 0;
}

void ernat_ranges_free(struct ernat_ranges *ranges)
{
	kvfree(ranges->v);
	memset(ranges, 0, sizeof(*ranges));
}

static int compare(const void *a, const void *b)
{
	const struct ernat_span *x = a, *y = b;

	/* A large sort takes long, and nothing else in it gives way. */
	cond_resched();
	return ernat_ip_cmp(x->first, y->first);
}

static bool collects(const struct ernat_range *r, u8 family, bool except,
		     bool (*want)(const struct ernat_range *r,
				  const void *data),
		     const void *data)
{
	if (r->family != family || r->except != except)
		return false;
	return except || !want || want(r, data);
}

/* Sorted by their first address. */
static int collect(struct spans *s, const struct ernat_ranges *ranges,
		   u8 family, bool except,
		   bool (*want)(const struct ernat_range *r, const void *data),
		   const void *data)
{
	unsigned int i, n = 0;

	s->n = 0;
	for (i = 0; i < ranges->n; i++)
		n += collects(&ranges->v[i], family, except, want, data);
	if (!n)
		return 0;
	s->v = kvmalloc_array(n, sizeof(*s->v), GFP_KERNEL_ACCOUNT);
	if (!s->v)
		return -ENOMEM;
	for (i = 0; i < ranges->n; i++) {
		const struct ernat_range *r = &ranges->v[i];

		if (!collects(r, family, except, want, data))
			continue;
		s->v[s->n].first = r->first;
		s->v[s->n++].last = r->last;
	}
	sort(s->v, s->n, sizeof(*s->v), compare, NULL);
	return 0;
}

/* Makes one of spans that meet or touch. */
static void merge(struct spans *s)
{
	unsigned int i, n = 0;

	for (i = 1; i < s->n; i++) {
		struct ernat_span *to = &s->v[n], *from = &s->v[i];

		if (ernat_ip_cmp(from->first, to->last) <= 0 ||
		    !ernat_ip_cmp(ernat_ip_prev(from->first), to->last)) {
			if (ernat_ip_cmp(from->last, to->last) > 0)
				to->last = from->last;
		} else {
			s->v[++n] = *from;
		}
	}
	if (s->n)
		s->n = n + 1;
}

static unsigned int search(const struct ernat_span *v, unsigned int n,
			   struct ernat_ip ip)
{
	unsigned int lo = 0, hi = n;

	while (lo < hi) {
		unsigned int mid = lo + (hi - lo) / 2;

		if (ernat_ip_cmp(v[mid].last, ip) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/*
 * The first address of [@first, @last] that @except, which is merged, leaves.
 */
static bool is_left(const struct spans *except, struct ernat_ip first,
		    struct ernat_ip last, struct ernat_ip *at)
{
	unsigned int i = search(except->v, except->n, first);

	*at = first;
	if (i == except->n || ernat_ip_cmp(except->v[i].first, first) > 0)
		return true;
	if (ernat_ip_cmp(except->v[i].last, last) >= 0)
		return false;
	*at = ernat_ip_next(except->v[i].last);
	return true;
}

static bool find_overlap(const struct spans *in, const struct spans *except,
			 struct ernat_ip *at)
{
	struct ernat_ip last = {};
	unsigned int i;

	for (i = 0; i < in->n; i++) {
		const struct ernat_span *s = &in->v[i];

		if (i && ernat_ip_cmp(s->first, last) <= 0 &&
		    is_left(except, s->first,
			    ernat_ip_cmp(s->last, last) < 0 ? s->last : last,
			    at))
			return true;
		if (!i || ernat_ip_cmp(s->last, last) > 0)
			last = s->last;
	}
	return false;
}

static void emit(struct ernat_span *out, unsigned int *n,
		 struct ernat_ip first, struct ernat_ip last)
{
	if (out) {
		out[*n].first = first;
		out[*n].last = last;
	}
	(*n)++;
}

/* Both are merged. Return: number of spans that are left, put into @out. */
static unsigned int subtract(const struct spans *in,
			     const struct spans *except,
			     struct ernat_span *out)
{
	unsigned int i, j = 0, k, n = 0;

	for (i = 0; i < in->n; i++) {
		struct ernat_ip first = in->v[i].first, last = in->v[i].last;
		bool all = false;

		while (j < except->n &&
		       ernat_ip_cmp(except->v[j].last, first) < 0)
			j++;
		for (k = j; k < except->n && !all; k++) {
			const struct ernat_span *e = &except->v[k];

			if (ernat_ip_cmp(e->first, last) > 0)
				break;
			if (ernat_ip_cmp(first, e->first) < 0)
				emit(out, &n, first, ernat_ip_prev(e->first));
			all = ernat_ip_cmp(e->last, last) >= 0;
			first = ernat_ip_next(e->last);
		}
		if (!all)
			emit(out, &n, first, last);
	}
	return n;
}

static int finish(struct ernat_addrset *s, unsigned int f,
		  struct spans *in, struct spans *except)
{
	unsigned int n;

	merge(in);
	n = subtract(in, except, NULL);
	if (!n)
		return 0;
	s->v[f] = kvmalloc_array(n, sizeof(*s->v[f]), GFP_KERNEL_ACCOUNT);
	if (!s->v[f])
		return -ENOMEM;
	s->n[f] = subtract(in, except, s->v[f]);
	return 0;
}

static int compile_family(struct ernat_addrset *s, unsigned int f,
			  const struct ernat_ranges *ranges,
			  bool (*want)(const struct ernat_range *r,
				       const void *data),
			  const void *data, struct ernat_overlap *overlap)
{
	struct spans in = {}, except = {};
	u8 family = ernat_index_family(f);
	int err;

	err = collect(&in, ranges, family, false, want, data);
	if (err)
		goto out;
	err = collect(&except, ranges, family, true, want, data);
	if (err)
		goto out;
	merge(&except);
	if (overlap && find_overlap(&in, &except, &overlap->at)) {
		overlap->family = family;
		err = -EEXIST;
		goto out;
	}
	err = finish(s, f, &in, &except);
out:
	kvfree(in.v);
	kvfree(except.v);
	return err;
}

int ernat_addrset_compile(struct ernat_addrset *s,
			  const struct ernat_ranges *ranges,
			  bool (*want)(const struct ernat_range *r,
				       const void *data),
			  const void *data, struct ernat_overlap *overlap)
{
	unsigned int f;
	int err = 0;

	for (f = 0; f < 2 && !err; f++)
		err = compile_family(s, f, ranges, want, data, overlap);
	if (err)
		ernat_addrset_free(s);
	return err;
}

int ernat_addrset_compile_excepts(struct ernat_addrset *s,
				  const struct ernat_ranges *ranges)
{
	struct spans none = {};
	unsigned int f;
	int err = 0;

	for (f = 0; f < 2 && !err; f++) {
		struct spans in = {};

		err = collect(&in, ranges, ernat_index_family(f), true, NULL,
			      NULL);
		if (!err)
			err = finish(s, f, &in, &none);
		kvfree(in.v);
	}
	if (err)
		ernat_addrset_free(s);
	return err;
}

void ernat_addrset_free(struct ernat_addrset *s)
{
	kvfree(s->v[0]);
	kvfree(s->v[1]);
	memset(s, 0, sizeof(*s));
}

unsigned int ernat_addrset_search(const struct ernat_addrset *s,
				  unsigned int family_index,
				  struct ernat_ip ip)
{
	return search(s->v[family_index], s->n[family_index], ip);
}

bool ernat_addrset_contains(const struct ernat_addrset *s, u8 family,
			    const union nf_inet_addr *addr)
{
	unsigned int f = ernat_family_index(family), i;
	struct ernat_ip ip;

	if (!s->n[f])
		return false;
	ip = ernat_ip_from(addr, family);
	i = search(s->v[f], s->n[f], ip);
	return i < s->n[f] && ernat_ip_cmp(s->v[f][i].first, ip) <= 0;
}
