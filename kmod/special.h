/* SPDX-License-Identifier: GPL-2.0 */
/* special: addresses that are set apart, so that they are nobody's to announce. */
#ifndef _ERNAT_SPECIAL_H
#define _ERNAT_SPECIAL_H

#include "addrset.h"

/**
 * ernat_special_find - an address that can never be public
 * @s: addresses
 * @family: of what was found
 * @at: what was found
 *
 * Documentation prefixes pass: examples have to run.
 *
 * Return: what it is, or NULL when there is none.
 */
const char *ernat_special_find(const struct ernat_addrset *s, u8 *family,
			       struct ernat_ip *at);

/* The same of addresses that can be no host's at all, @first to @last. */
const char *ernat_special_no_host(u8 family, struct ernat_ip first,
				  struct ernat_ip last, struct ernat_ip *at);

#endif /* _ERNAT_SPECIAL_H */
