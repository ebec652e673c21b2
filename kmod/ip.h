/* SPDX-License-Identifier: GPL-2.0 */
/* ip: an address as a number, so that ranges compare alike in both families. */
#ifndef _ERNAT_IP_H
#define _ERNAT_IP_H

#include <linux/netfilter.h>
#include <linux/types.h>

/* IPv4: @lo is the address in host order and @hi is 0. */
struct ernat_ip {
	u64 hi;
	u64 lo;
};

/* A run of addresses, both ends included. */
struct ernat_span {
	struct ernat_ip first;
	struct ernat_ip last;
};

static inline int ernat_ip_cmp(struct ernat_ip a, struct ernat_ip b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	if (a.lo != b.lo)
		return a.lo < b.lo ? -1 : 1;
	return 0;
}

/* The address after; wraps. */
static inline struct ernat_ip ernat_ip_next(struct ernat_ip a)
{
	if (!++a.lo)
		a.hi++;
	return a;
}

/* The address before; wraps. */
static inline struct ernat_ip ernat_ip_prev(struct ernat_ip a)
{
	if (!a.lo--)
		a.hi--;
	return a;
}

struct ernat_ip ernat_ip_from(const union nf_inet_addr *addr, u8 family);
void ernat_ip_to(struct ernat_ip ip, u8 family, union nf_inet_addr *addr);

/* The address in words. Return: @text, which holds ERNAT_IP_TEXT bytes. */
#define ERNAT_IP_TEXT	48
const char *ernat_ip_text(char *text, u8 family, struct ernat_ip ip);

#endif /* _ERNAT_IP_H */
