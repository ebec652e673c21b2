// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "text.h"

#define KEPT_ROWS 256
#define MAX_COLUMNS 16
#define MIN_SHRUNK 6
#define GAP 2

struct cell {
	char *text;
	enum print_color color;
};

struct column {
	const char *title;
	unsigned int flags;
	unsigned int width;
};

struct table {
	struct column column[MAX_COLUMNS];
	unsigned int n_columns;
	struct cell *cell; /* KEPT_ROWS rows, used again when streaming */
	unsigned int n_cells;
	bool streaming; /* widths are settled, titles printed */
};

struct table *table_new(void)
{
	return xalloc(sizeof(struct table));
}

void table_column(struct table *t, const char *title, unsigned int flags)
{
	struct column *c = &t->column[t->n_columns];

	if (t->n_columns == MAX_COLUMNS)
		return;
	c->title = title;
	c->flags = flags;
	t->n_columns++;
}

/* Columns that a UTF-8 text takes, taking each character for one. */
static unsigned int columns_of(const char *s)
{
	unsigned int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void measure(struct table *t)
{
	unsigned int i, n;
	struct column *c;

	for (i = 0; i < t->n_columns; i++)
		t->column[i].width = columns_of(t->column[i].title);
	for (i = 0; i < t->n_cells; i++) {
		c = &t->column[i % t->n_columns];
		n = columns_of(t->cell[i].text);
		if (n > c->width)
			c->width = n;
	}
}

static unsigned int total_width(const struct table *t)
{
	unsigned int i, sum = 0;

	for (i = 0; i < t->n_columns; i++)
		sum += t->column[i].width + (i ? GAP : 0);
	return sum;
}

/* Takes from the widest column that may be cut until the line fits. */
static void shrink(struct table *t)
{
	unsigned int limit = print_width();
	struct column *widest;
	unsigned int i;

	while (limit && total_width(t) > limit) {
		widest = NULL;
		for (i = 0; i < t->n_columns; i++) {
			struct column *c = &t->column[i];

			if (c->flags & TABLE_SHRINK && c->width > MIN_SHRUNK &&
			    (!widest || c->width > widest->width))
				widest = c;
		}
		if (!widest)
			return;
		widest->width--;
	}
}

/* The text, or as much as may stand there and a "~" for the rest. */
static void print_text(const struct column *c, const char *s, unsigned int width)
{
	unsigned int left = c->width;
	const char *p = s;

	if (width <= c->width || !(c->flags & TABLE_SHRINK)) {
		fputs(s, stdout);
		return;
	}
	for (; *p; p++)
		if ((*p & 0xc0) != 0x80 && !--left)
			break;
	printf("%.*s~", (int)(p - s), s);
}

static void spaces(unsigned int n)
{
	while (n--)
		putchar_unlocked(' ');
}

static void print_cell(const struct table *t, unsigned int i, const char *s, enum print_color color)
{
	const struct column *c = &t->column[i];
	unsigned int width = columns_of(s);
	unsigned int pad = width < c->width ? c->width - width : 0;

	if (i)
		spaces(GAP);
	if (c->flags & TABLE_RIGHT)
		spaces(pad);
	if (color != COLOR_NONE)
		fputs(print_color(color), stdout);
	print_text(c, s, width);
	if (color != COLOR_NONE)
		fputs(print_color(COLOR_NONE), stdout);
	if (!(c->flags & TABLE_RIGHT) && i + 1 < t->n_columns)
		spaces(pad);
}

static void print_rows(struct table *t)
{
	unsigned int i, column;

	for (i = 0; i < t->n_cells; i++) {
		column = i % t->n_columns;
		print_cell(t, column, t->cell[i].text, t->cell[i].color);
		if (column + 1 == t->n_columns)
			putchar('\n');
		free(t->cell[i].text);
	}
	t->n_cells = 0;
}

static void begin_streaming(struct table *t)
{
	unsigned int i;

	measure(t);
	shrink(t);
	for (i = 0; i < t->n_columns; i++)
		print_cell(t, i, t->column[i].title, COLOR_BOLD);
	putchar('\n');
	t->streaming = true;
}

/* Takes the text over and gives one that cannot steer a terminal. */
static char *escaped(char *s)
{
	struct text text = {};
	const char *p = s;

	while ((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f)
		p++;
	if (!*p)
		return s;
	text_escape(&text, s, strlen(s));
	free(s);
	return text.s;
}

void table_cell(struct table *t, enum print_color color, const char *fmt, ...)
{
	struct cell *cell;
	char *text;
	va_list ap;

	if (!t->cell)
		t->cell = xalloc(KEPT_ROWS * t->n_columns * sizeof(*t->cell));
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	cell = &t->cell[t->n_cells++];
	cell->text = escaped(text);
	cell->color = color;
	if (t->n_cells % t->n_columns)
		return;
	if (!t->streaming && t->n_cells == KEPT_ROWS * t->n_columns)
		begin_streaming(t);
	if (t->streaming)
		print_rows(t);
}

void table_count(struct table *t, enum print_color color, uint64_t n)
{
	char buf[PRINT_NUM];

	table_cell(t, color, "%s", print_count(n, buf));
}

void table_share(struct table *t, uint64_t part, uint64_t whole)
{
	double share = percent(part, whole);

	if (whole)
		table_cell(t, percent_color(share), "%.1f%%", share);
	else
		table_cell(t, COLOR_DIM, "-");
}

void table_name(struct table *t, const char *name)
{
	table_cell(t, COLOR_NONE, "%s", name ? name : "-");
}

void table_end(struct table *t)
{
	if (!t->streaming)
		begin_streaming(t);
	print_rows(t);
	free(t->cell);
	free(t);
}
