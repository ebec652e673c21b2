// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "range.h"

static bool parse_addr(const char *s, uint8_t *family, uint8_t *addr)
{
	memset(addr, 0, 16);
	*family = strchr(s, ':') ? AF_INET6 : AF_INET;
	return inet_pton(*family, s, addr) == 1;
}

void range_from_prefix(struct range *range, uint8_t family, const uint8_t *addr, unsigned int len)
{
	unsigned int i, size = family_size(family);

	memset(range, 0, sizeof(*range));
	range->family = family;
	for (i = 0; i < size; i++, len -= len < 8 ? len : 8) {
		uint8_t host = len < 8 ? 0xff >> len : 0;

		range->first[i] = addr[i] & ~host;
		range->last[i] = addr[i] | host;
	}
}

static bool parse_prefix(char *s, char *slash, struct range *range, const char **why)
{
	uint8_t family, addr[16];
	uint32_t len;

	*slash = '\0';
	*why = "is not a prefix";
	if (!parse_addr(s, &family, addr) || strlen(slash + 1) > 3 ||
	    !parse_number(slash + 1, &len))
		return false;
	*why = "has a prefix length that is too long";
	if (len > family_size(family) * 8)
		return false;
	range_from_prefix(range, family, addr, len);
	*why = "has host bits set";
	return !memcmp(range->first, addr, family_size(family));
}

static bool parse_ends(char *s, char *dash, struct range *range, const char **why)
{
	uint8_t family;

	*dash = '\0';
	*why = "is not a range of addresses";
	if (!parse_addr(s, &range->family, range->first) ||
	    !parse_addr(dash + 1, &family, range->last))
		return false;
	*why = "mixes IPv4 and IPv6";
	if (family != range->family)
		return false;
	*why = "is a reversed range";
	return memcmp(range->first, range->last, 16) <= 0;
}

bool range_parse(const char *s, struct range *range, const char **why)
{
	char buf[2 * INET6_ADDRSTRLEN], *sep;

	memset(range, 0, sizeof(*range));
	*why = "is not an address";
	if (strlen(s) >= sizeof(buf))
		return false;
	strcpy(buf, s);
	sep = strchr(buf, '/');
	if (sep)
		return parse_prefix(buf, sep, range, why);
	sep = strchr(buf, '-');
	if (sep)
		return parse_ends(buf, sep, range, why);
	if (!parse_addr(buf, &range->family, range->first))
		return false;
	memcpy(range->last, range->first, 16);
	return true;
}

bool range_meant(const char *s)
{
	return (*s >= '0' && *s <= '9') || strchr(s, ':') || strchr(s, '/');
}

int range_prefix_len(const struct range *range)
{
	unsigned int i = 0, bit = 0, size = family_size(range->family);
	struct range as_prefix;

	while (i < size && range->first[i] == range->last[i])
		i++;
	while (i < size && !((range->first[i] ^ range->last[i]) & 0x80 >> bit))
		bit++;
	range_from_prefix(&as_prefix, range->family, range->first, i * 8 + bit);
	return range_equal(range, &as_prefix) ? (int)(i * 8 + bit) : -1;
}

void range_text(struct text *out, const struct range *range)
{
	unsigned int bits = family_size(range->family) * 8;
	int len = range_prefix_len(range);
	char buf[INET6_ADDRSTRLEN];

	text_puts(out, inet_ntop(range->family, range->first, buf, sizeof(buf)));
	if (len == (int)bits)
		return;
	if (len >= 0) {
		text_printf(out, "/%d", len);
		return;
	}
	text_putc(out, '-');
	text_puts(out, inet_ntop(range->family, range->last, buf, sizeof(buf)));
}

bool range_equal(const struct range *a, const struct range *b)
{
	return a->family == b->family && !memcmp(a->first, b->first, 16) &&
	       !memcmp(a->last, b->last, 16);
}

bool range_overlaps(const struct range *a, const struct range *b)
{
	return a->family == b->family && memcmp(a->first, b->last, 16) <= 0 &&
	       memcmp(b->first, a->last, 16) <= 0;
}

bool range_contains(const struct range *outer, const struct range *inner)
{
	return outer->family == inner->family && memcmp(outer->first, inner->first, 16) <= 0 &&
	       memcmp(inner->last, outer->last, 16) <= 0;
}

void rangeset_add(struct range_set *set, const struct range *range)
{
	if (set->n == set->size) {
		set->size = set->size * 2 + 8;
		set->v = xrealloc(set->v, set->size * sizeof(*set->v));
	}
	set->v[set->n++] = *range;
}

void rangeset_free(struct range_set *set)
{
	free(set->v);
	memset(set, 0, sizeof(*set));
}

static int by_first(const void *pa, const void *pb)
{
	const struct range *a = pa, *b = pb;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->first, b->first, 16);
}

/* The address after or before; false when there is none. */
static bool step(uint8_t *addr, uint8_t family, int by)
{
	int i = family_size(family) - 1;

	for (; i >= 0; i--) {
		addr[i] += by;
		if (addr[i] != (by > 0 ? 0 : 0xff))
			return true;
	}
	return false;
}

static bool adjoins(const struct range *a, const struct range *b)
{
	uint8_t next[16];

	if (a->family != b->family)
		return false;
	memcpy(next, a->last, 16);
	return !step(next, a->family, 1) || memcmp(b->first, next, 16) <= 0;
}

void rangeset_done(struct range_set *set)
{
	unsigned int i, n = 0;

	if (!set->n)
		return;
	qsort(set->v, set->n, sizeof(*set->v), by_first);
	for (i = 1; i < set->n; i++) {
		struct range *prev = &set->v[n];

		if (!adjoins(prev, &set->v[i]))
			set->v[++n] = set->v[i];
		else if (memcmp(set->v[i].last, prev->last, 16) > 0)
			memcpy(prev->last, set->v[i].last, 16);
	}
	set->n = n + 1;
}

/* Adds to @out what of @r is left when the ranges of @minus from @j on go. */
static void add_rest(struct range_set *out, struct range r, const struct range_set *minus,
		     unsigned int j)
{
	for (; j < minus->n && range_overlaps(&minus->v[j], &r); j++) {
		const struct range *m = &minus->v[j];

		if (memcmp(m->first, r.first, 16) > 0) {
			struct range head = r;

			memcpy(head.last, m->first, 16);
			step(head.last, head.family, -1);
			rangeset_add(out, &head);
		}
		memcpy(r.first, m->last, 16);
		if (memcmp(m->last, r.last, 16) >= 0)
			return;
		step(r.first, r.family, 1);
	}
	rangeset_add(out, &r);
}

static bool before(const struct range *a, const struct range *b)
{
	if (a->family != b->family)
		return a->family < b->family;
	return memcmp(a->last, b->first, 16) < 0;
}

/* The range of @set that is the first not to end before @range begins. */
static const struct range *lower_bound(const struct range_set *set, const struct range *range)
{
	unsigned int lo = 0, hi = set->n;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (before(&set->v[mid], range))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < set->n ? &set->v[lo] : NULL;
}

void rangeset_subtract(struct range_set *set, const struct range_set *minus)
{
	struct range_set out = { 0 };
	const struct range *m;
	unsigned int i;

	for (i = 0; i < set->n; i++) {
		m = lower_bound(minus, &set->v[i]);
		add_rest(&out, set->v[i], minus, m ? m - minus->v : minus->n);
	}
	free(set->v);
	*set = out;
}

bool rangeset_covers(const struct range_set *set, const struct range *range, struct range *miss)
{
	const struct range *r = lower_bound(set, range);

	if (r && range_contains(r, range))
		return true;
	if (!miss)
		return false;
	*miss = *range;
	/* begins inside: the first address behind that range is missing */
	if (r && r->family == range->family && memcmp(r->first, range->first, 16) <= 0) {
		memcpy(miss->first, r->last, 16);
		step(miss->first, miss->family, 1);
	}
	memcpy(miss->last, miss->first, 16);
	return false;
}

const struct range *rangeset_overlap(const struct range_set *set, const struct range *range)
{
	const struct range *r = lower_bound(set, range);

	return r && range_overlaps(r, range) ? r : NULL;
}
