/* SPDX-License-Identifier: GPL-2.0 */
/*
 * full: which pool addresses have no port left toward a destination.
 *
 * A tree of ranges of addresses, each by a list of ports (its id). Only a hint
 * that saves asking each address: one may be full and not stand here (no
 * memory), but never the other way round. The caller's lock guards the tree.
 */
#ifndef _ERNAT_FULL_H
#define _ERNAT_FULL_H

#include <linux/rbtree.h>
#include "ip.h"

/* Return: whether it stands there now. Atomic context. */
bool ernat_full_add(struct rb_root *root, u32 ports_id, struct ernat_ip ip);
void ernat_full_del(struct rb_root *root, u32 ports_id, struct ernat_ip ip);
/* Moves @ip past the full ones. Return: false at the end of all addresses. */
bool ernat_full_skip(const struct rb_root *root, u32 ports_id,
		     struct ernat_ip *ip);
void ernat_full_clear(struct rb_root *root);

#endif /* _ERNAT_FULL_H */
