/* SPDX-License-Identifier: GPL-2.0 */
/* addrset: ranges as configured, and compiled for search. */
#ifndef _ERNAT_ADDRSET_H
#define _ERNAT_ADDRSET_H

#include <linux/netfilter.h>
#include <uapi/linux/ernat.h>
#include "ip.h"

/* As configured, for reading back. */
struct ernat_range {
	struct ernat_ip first;
	struct ernat_ip last;
	const char *router;	/* pools only; NULL: none; the ruleset's */
	u8 family;
	u8 state;		/* pools only; as configured */
	bool except;
};

/* struct ernat_ranges - growing array of what was configured */
struct ernat_ranges {
	unsigned int n;
	unsigned int size;
	struct ernat_range *v;
};

int ernat_ranges_add(struct ernat_ranges *ranges, const struct ernat_range *r);
void ernat_ranges_free(struct ernat_ranges *ranges);

/**
 * struct ernat_addrset - compiled addresses: sorted, disjoint, excepts taken out
 * @n: spans by family, [0] IPv4, [1] IPv6
 * @v: spans by family
 */
struct ernat_addrset {
	unsigned int n[2];
	struct ernat_span *v[2];
};

/* Where two ranges meet. */
struct ernat_overlap {
	u8 family;
	struct ernat_ip at;
};

static inline unsigned int ernat_family_index(u8 family)
{
	return family == NFPROTO_IPV6;
}

static inline u8 ernat_index_family(unsigned int index)
{
	return index ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

/**
 * ernat_addrset_compile - ranges that are wanted, less the excepts
 * @s: empty; holds the result
 * @ranges: as configured
 * @want: which of the ranges; NULL: all
 * @data: for @want
 * @overlap: NULL, or where two ranges that meet are reported
 *
 * Return: 0, -ENOMEM, -EEXIST with *@overlap filled in. May sleep.
 */
int ernat_addrset_compile(struct ernat_addrset *s,
			  const struct ernat_ranges *ranges,
			  bool (*want)(const struct ernat_range *r,
				       const void *data),
			  const void *data, struct ernat_overlap *overlap);
/* The excepts alone. */
int ernat_addrset_compile_excepts(struct ernat_addrset *s,
				  const struct ernat_ranges *ranges);
void ernat_addrset_free(struct ernat_addrset *s);

/* First span that ends at @ip or later, or n: where to look for it. */
unsigned int ernat_addrset_search(const struct ernat_addrset *s,
				  unsigned int family_index,
				  struct ernat_ip ip);
bool ernat_addrset_contains(const struct ernat_addrset *s, u8 family,
			    const union nf_inet_addr *addr);

#endif /* _ERNAT_ADDRSET_H */
