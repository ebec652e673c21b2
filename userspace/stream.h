/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream: a dump of any length, shown as it comes: rows of a table, lines, or
 * elements of a JSON array. With --top the highest ones alone, in order.
 */
#ifndef _ERNAT_STREAM_H
#define _ERNAT_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

#include "filter.h"
#include "heap.h"
#include "table.h"

#define STREAM_ATTRS 32 /* more than any kind of nest has */

/**
 * struct stream_view - one kind of object and how it is shown
 * @filter: what it may be chosen by; @filter.command is the command's name
 * @what: the object, for messages
 * @cmd: what dumps it
 * @attr: its nest, with attributes up to @max of @kinds (see attr_parse()),
 *	of which those of the ATTR_BIT()s in @needed have to be there
 * @columns: of the table; NULL: @line is how it is shown
 * @row: of the table
 * @line: one by itself, in a line or some
 * @json: as a JSON object
 * @matches: what filters; NULL: the kernel does
 * @rank: where it stands for --top; NULL: there is no --top
 * @single: where the filter has one address for this key, @line is used, and
 *	@none is said where there is nothing; or 0
 */
struct stream_view {
	struct filter_view filter;
	const char *what;
	uint8_t cmd;
	uint16_t attr;
	uint16_t max;
	const uint8_t *kinds;
	uint64_t needed;
	void (*columns)(struct table *t);
	void (*row)(struct table *t, const struct nlattr *const *tb);
	void (*line)(const struct nlattr *const *tb);
	void (*json)(const struct nlattr *const *tb);
	bool (*matches)(const struct filter *f, const struct nlattr *const *tb);
	void (*rank)(const struct nlattr *const *tb, struct heap_rank *rank);
	uint16_t single;
	const char *none;
};

struct stream {
	const struct stream_view *view;
	struct filter filter;
	struct heap top;
	struct table *table;
	bool lines;
	bool begun; /* with the first object, so that a refusal prints nothing */
};

/* The whole command. */
int stream_main(const struct stream_view *view, int argc, char **argv);

/*
 * Its parts: reads the words after the command (false, after one line on
 * stderr, where one is wrong); an MNL callback that shows an object; prints
 * what is still kept and, after a @complete answer, what there is to say of none.
 */
bool stream_init(struct stream *s, const struct stream_view *view, int argc, char **argv);
int stream_take(const struct nlmsghdr *nlh, void *stream);
int stream_end(struct stream *s, bool complete);

#endif /* _ERNAT_STREAM_H */
