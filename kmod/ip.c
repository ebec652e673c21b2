// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/unaligned.h>

#include "ip.h"

struct ernat_ip ernat_ip_from(const union nf_inet_addr *addr, u8 family)
{
	struct ernat_ip ip = {};

	if (family == NFPROTO_IPV6) {
		ip.hi = get_unaligned_be64(&addr->ip6[0]);
		ip.lo = get_unaligned_be64(&addr->ip6[2]);
	} else {
		ip.lo = ntohl(addr->ip);
	}
	return ip;
}

void ernat_ip_to(struct ernat_ip ip, u8 family, union nf_inet_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (family == NFPROTO_IPV6) {
		put_unaligned_be64(ip.hi, &addr->ip6[0]);
		put_unaligned_be64(ip.lo, &addr->ip6[2]);
	} else {
		addr->ip = htonl(ip.lo);
	}
}

const char *ernat_ip_text(char *text, u8 family, struct ernat_ip ip)
{
	union nf_inet_addr addr;

	ernat_ip_to(ip, family, &addr);
	if (family == NFPROTO_IPV6)
		snprintf(text, ERNAT_IP_TEXT, "%pI6c", &addr.in6);
	else
		snprintf(text, ERNAT_IP_TEXT, "%pI4", &addr.ip);
	return text;
}
