/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table: aligned columns. The first rows are kept to see how wide they are;
 * what comes after them is printed at once, so that a table of any length
 * needs the same memory.
 */
#ifndef _ERNAT_TABLE_H
#define _ERNAT_TABLE_H

#include "print.h"

struct table;

enum {
	TABLE_RIGHT = 1,
	TABLE_SHRINK = 2, /* may be cut where the terminal is narrow */
};

struct table *table_new(void);
void table_column(struct table *t, const char *title, unsigned int flags);

/* The next cell of the row, escaped; the row ends with the last column. */
void table_cell(struct table *t, enum print_color color, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The usual cells: a number, a share ("-" of nothing), a name ("-" for NULL). */
void table_count(struct table *t, enum print_color color, uint64_t n);
void table_share(struct table *t, uint64_t part, uint64_t whole);
void table_name(struct table *t, const char *name);

/* Prints what is still kept, and the titles even where there is nothing. */
void table_end(struct table *t);

#endif /* _ERNAT_TABLE_H */
