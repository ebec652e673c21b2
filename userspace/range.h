/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * range: ranges of addresses, from text and to text, and arithmetic on sets
 * of them.
 */
#ifndef _ERNAT_RANGE_H
#define _ERNAT_RANGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "text.h"

struct range {
	uint8_t first[16]; /* IPv4: the first four bytes, the rest zero */
	uint8_t last[16];
	uint8_t family; /* AF_INET or AF_INET6 */
};

static inline unsigned int family_size(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

/* PREFIX/LEN, ADDRESS or FIRST-LAST. On failure *@why says what is wrong. */
bool range_parse(const char *s, struct range *range, const char **why);
/* Could this be meant as an address (rather than a name)? */
bool range_meant(const char *s);
/* Length of the prefix that the range is, or -1 */
int range_prefix_len(const struct range *range);
void range_from_prefix(struct range *range, uint8_t family, const uint8_t *addr, unsigned int len);
/* The shortest way to say it: address, prefix or FIRST-LAST. */
void range_text(struct text *out, const struct range *range);
bool range_equal(const struct range *a, const struct range *b);
bool range_overlaps(const struct range *a, const struct range *b);
bool range_contains(const struct range *outer, const struct range *inner);

/* struct range_set - a set of addresses; rangeset_done() before asking it */
struct range_set {
	struct range *v;
	unsigned int n;
	unsigned int size;
};

void rangeset_add(struct range_set *set, const struct range *range);
/* Sorts and merges. */
void rangeset_done(struct range_set *set);
/* @set less @minus, both done. */
void rangeset_subtract(struct range_set *set, const struct range_set *minus);
/* Does @range lie in @set? If not, *@miss (may be NULL) is an address outside. */
bool rangeset_covers(const struct range_set *set, const struct range *range, struct range *miss);
/* The first range of @set that has an address of @range, or NULL. */
const struct range *rangeset_overlap(const struct range_set *set, const struct range *range);
void rangeset_free(struct range_set *set);

#endif
