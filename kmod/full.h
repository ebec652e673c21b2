/* SPDX-License-Identifier: GPL-2.0 */
/*
 * full: which pool addresses have no port left toward a destination.
 *
 * A tree of runs of places: the addresses that a pool gives out are numbered, so
 * that a run does not end at a gap between them. A ring (its id) is the numbering
 * of one pool. Only a hint that saves asking each address: one may be full and not
 * stand here (no memory), but never the other way round. The caller's lock guards
 * the tree.
 */
#ifndef _ERNAT_FULL_H
#define _ERNAT_FULL_H

#include <linux/rbtree.h>
#include <linux/types.h>

/* Return: whether it stands there now. Atomic context. */
bool ernat_full_add(struct rb_root *root, u64 ring, u64 place);
void ernat_full_del(struct rb_root *root, u64 ring, u64 place);
/* @place, or the first one after it that is not full. */
u64 ernat_full_skip(const struct rb_root *root, u64 ring, u64 place);
void ernat_full_clear(struct rb_root *root);

#endif /* _ERNAT_FULL_H */
