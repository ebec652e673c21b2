/* SPDX-License-Identifier: GPL-2.0 */
/* compat: every difference between the kernels that ernat is built for. */
#ifndef _ERNAT_COMPAT_H
#define _ERNAT_COMPAT_H

#include <linux/random.h>
#include <linux/version.h>

/* A random number below @n, n > 0; get_random_u32_below() came with 6.2. */
static inline u32 ernat_random_below(u32 n)
{
	return ((u64)get_random_u32() * n) >> 32;
}

/* The bits of a TOS byte that IPv4 routing looks at; all of DSCP since 6.11. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#include <net/inet_dscp.h>
#define ernat_route_tos(tos)	((tos) & INET_DSCP_MASK)
#else
#include <net/route.h>
#define ernat_route_tos(tos)	((tos) & IPTOS_RT_MASK)
#endif

/* Since 6.10 a tracepoint's string is known from its declaration. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define ernat_assign_str(dst, src)	__assign_str(dst)
#else
#define ernat_assign_str(dst, src)	__assign_str(dst, src)
#endif

/* Attributes of a dump's request; a struct genl_info holds them since 6.7. */
#include <net/genetlink.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#define ernat_dump_attrs(cb)	(genl_info_dump(cb)->attrs)
#else
#define ernat_dump_attrs(cb)	(genl_dumpit_info(cb)->attrs)
#endif

#endif /* _ERNAT_COMPAT_H */
