// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>

#include "special.h"

/* A prefix of the IANA special-purpose registries. */
struct special {
	u8 family;
	u8 len;
	bool no_host;		/* not even a private host can have it */
	struct ernat_ip ip;
	const char *what;
};

#define V4(a, b, c, d, l, n, w) \
	{ NFPROTO_IPV4, l, n, { 0, (a) << 24 | (b) << 16 | (c) << 8 | (d) }, w }
#define V6(h, l, n, w) \
	{ NFPROTO_IPV6, l, n, { h, 0 }, w }
#define V6_LOW(low, l, n, w) \
	{ NFPROTO_IPV6, l, n, { 0, low }, w }

/* What is within another comes before it, for the better word. */
static const struct special specials[] = {
	V4(0u, 0u, 0u, 0u, 32, true, "unspecified"),
	V4(0u, 0u, 0u, 0u, 8, false, "reserved (this network)"),
	V4(10u, 0u, 0u, 0u, 8, false, "private"),
	V4(100u, 64u, 0u, 0u, 10, false, "shared (RFC 6598)"),
	V4(127u, 0u, 0u, 0u, 8, true, "loopback"),
	V4(169u, 254u, 0u, 0u, 16, false, "link-local"),
	V4(172u, 16u, 0u, 0u, 12, false, "private"),
	V4(192u, 0u, 0u, 0u, 24, false, "reserved (IETF protocols)"),
	V4(192u, 168u, 0u, 0u, 16, false, "private"),
	V4(198u, 18u, 0u, 0u, 15, false, "reserved (benchmarking)"),
	V4(224u, 0u, 0u, 0u, 4, true, "multicast"),
	V4(255u, 255u, 255u, 255u, 32, true, "broadcast"),
	V4(240u, 0u, 0u, 0u, 4, false, "reserved"),
	V6_LOW(0, 128, true, "unspecified"),
	V6_LOW(1, 128, true, "loopback"),
	V6_LOW(0xffff00000000ULL, 96, true, "IPv4-mapped"),
	V6(0x0064ff9b00000000ULL, 96, false, "reserved (IPv4 translation)"),
	V6(0x0064ff9b00010000ULL, 48, false, "reserved (IPv4 translation)"),
	V6(0x0100000000000000ULL, 64, false, "reserved (discard-only)"),
	V6(0x2001000000000000ULL, 23, false, "reserved (IETF protocols)"),
	V6(0x2002000000000000ULL, 16, false, "reserved (6to4)"),
	V6(0xfc00000000000000ULL, 7, false, "private (unique local)"),
	V6(0xfe80000000000000ULL, 10, false, "link-local"),
	V6(0xfec0000000000000ULL, 10, false, "private (site-local)"),
	V6(0xff00000000000000ULL, 8, true, "multicast"),
	/* All but 2000::/3 */
	V6(0x0000000000000000ULL, 3, false, "not global unicast"),
	V6(0x4000000000000000ULL, 2, false, "not global unicast"),
	V6(0x8000000000000000ULL, 1, false, "not global unicast"),
};

static struct ernat_ip special_last(const struct special *s)
{
	struct ernat_ip ip = s->ip;

	if (s->family == NFPROTO_IPV4) {
		ip.lo |= BIT_ULL(32 - s->len) - 1;
	} else if (s->len > 64) {
		ip.lo |= BIT_ULL(128 - s->len) - 1;
	} else {
		/* No prefix here is of length 0. */
		ip.hi |= BIT_ULL(64 - s->len) - 1;
		ip.lo = U64_MAX;
	}
	return ip;
}

const char *ernat_special_find(const struct ernat_addrset *set, u8 *family,
			       struct ernat_ip *at)
{
	unsigned int i, j, f;

	for (i = 0; i < ARRAY_SIZE(specials); i++) {
		const struct special *s = &specials[i];
		const struct ernat_span *v;

		f = ernat_family_index(s->family);
		j = ernat_addrset_search(set, f, s->ip);
		if (j == set->n[f])
			continue;
		v = &set->v[f][j];
		if (ernat_ip_cmp(v->first, special_last(s)) > 0)
			continue;
		*family = s->family;
		*at = ernat_ip_cmp(v->first, s->ip) > 0 ? v->first : s->ip;
		return s->what;
	}
	return NULL;
}

const char *ernat_special_no_host(u8 family, struct ernat_ip first,
				  struct ernat_ip last, struct ernat_ip *at)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(specials); i++) {
		const struct special *s = &specials[i];

		if (!s->no_host || s->family != family ||
		    ernat_ip_cmp(first, special_last(s)) > 0 ||
		    ernat_ip_cmp(last, s->ip) < 0)
			continue;
		*at = ernat_ip_cmp(first, s->ip) > 0 ? first : s->ip;
		return s->what;
	}
	return NULL;
}
