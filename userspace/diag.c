// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"

/* A line is shown from this many bytes before the place to that many after. */
#define SHOW_BEFORE 120
#define SHOW_AFTER 80

static bool silent;

void diag_silence(bool on)
{
	silent = on;
}

struct position {
	unsigned int line;
	unsigned int column; /* in characters, from 1 */
	size_t start; /* of the line, in bytes */
};

static void locate(const struct place *at, struct position *pos)
{
	const char *data = at->in->data;
	size_t i;

	*pos = (struct position){ .line = 1, .column = 1 };
	for (i = 0; i < at->off; i++) {
		if (data[i] == '\n') {
			pos->line++;
			pos->start = i + 1;
		}
	}
	for (i = pos->start; i < at->off; i++) {
		if ((data[i] & 0xc0) != 0x80)
			pos->column++;
	}
}

unsigned int place_line(const struct place *at)
{
	struct position pos;

	if (!at->in)
		return 0;
	locate(at, &pos);
	return pos.line;
}

/* Copies one character to @line and as much blank or underline to @caret. */
static size_t show_char(struct text *line, struct text *caret, const struct place *at, size_t i,
			size_t end)
{
	const char *s = at->in->data + i;
	char mark = i < at->off ? ' ' : i == at->off ? '^' : '~';
	unsigned int columns = 1;
	size_t n = 1;

	if (*s == '\t') {
		text_putc(line, '\t');
		mark = i < at->off ? '\t' : mark;
	} else {
		n = text_escape_char(line, s, end - i, &columns);
	}
	if (i > at->off && i >= at->off + at->len)
		return n;
	text_putc(caret, mark);
	while (--columns)
		text_putc(caret, mark == '^' ? '~' : mark);
	return n;
}

static void show_line(const struct place *at, size_t start)
{
	const char *data = at->in->data;
	const char *nl = memchr(data + at->off, '\n', at->in->len - at->off);
	size_t end = nl ? (size_t)(nl - data) : at->in->len;
	struct text line = { 0 }, caret = { 0 };
	size_t i = start;

	if (at->off - start > SHOW_BEFORE) {
		i = at->off - SHOW_BEFORE;
		while (i < at->off && (data[i] & 0xc0) == 0x80)
			i++;
		text_puts(&line, "...");
		text_puts(&caret, "   ");
	}
	if (end > start && data[end - 1] == '\r')
		end--;
	if (end > at->off + SHOW_AFTER)
		end = at->off + SHOW_AFTER;
	while (i < end)
		i += show_char(&line, &caret, at, i, end);
	if (at->off >= end)
		text_putc(&caret, '^');
	fprintf(stderr, "%s\n%s\n", line.s ? line.s : "", caret.s);
	text_free(&line);
	text_free(&caret);
}

static void put_place(struct text *out, const struct config *cfg, const struct place *at,
		      struct position *pos)
{
	const char *name = cfg && cfg->inputs ? cfg->inputs->name : NULL;

	if (at && at->in) {
		locate(at, pos);
		text_escape(out, at->in->name, strlen(at->in->name));
		text_printf(out, ":%u:%u: ", pos->line, pos->column);
	} else if (name) {
		text_escape(out, name, strlen(name));
		text_puts(out, ": ");
	} else {
		text_puts(out, "ernat: ");
	}
}

static void put_message(struct text *out, const char *fmt, va_list ap)
{
	char *msg = NULL;

	if (vasprintf(&msg, fmt, ap) < 0)
		return;
	text_escape(out, msg, strlen(msg));
	free(msg);
}

void diag_error(struct config *cfg, const struct place *at, const char *fmt, ...)
{
	struct position pos = { 0 };
	struct text out = { 0 };
	va_list ap;

	if ((cfg && cfg->n_errors++ >= DIAG_MAX_ERRORS) || silent)
		return;
	put_place(&out, cfg, at, &pos);
	va_start(ap, fmt);
	put_message(&out, fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s\n", out.s);
	if (at && at->in)
		show_line(at, pos.start);
	if (cfg && cfg->n_errors == DIAG_MAX_ERRORS)
		fputs("too many errors, the rest is not shown\n", stderr);
	text_free(&out);
}

static void keep_warning(struct config *cfg, const char *place, char *text)
{
	struct warning *w = config_alloc(cfg, sizeof(*w));
	struct text all = { 0 };

	text_puts(&all, place);
	text_puts(&all, text);
	w->text = (char *)config_strndup(cfg, all.s, all.len);
	text_free(&all);
	*cfg->warnings_tail = w;
	cfg->warnings_tail = &w->next;
}

void diag_warning(struct config *cfg, const struct place *at, const char *fmt, ...)
{
	struct text place = { 0 }, msg = { 0 };
	struct position pos = { 0 };
	va_list ap;

	if (cfg->n_warnings++ >= DIAG_MAX_WARNINGS || silent)
		return;
	put_place(&place, cfg, at, &pos);
	va_start(ap, fmt);
	put_message(&msg, fmt, ap);
	va_end(ap);
	fprintf(stderr, "%swarning: %s\n", place.s, msg.s);
	if (at && at->in)
		show_line(at, pos.start);
	keep_warning(cfg, place.s, msg.s);
	text_free(&place);
	text_free(&msg);
}

void diag_hint(const char *fmt, ...)
{
	struct text out = { 0 };
	va_list ap;

	if (silent)
		return;
	va_start(ap, fmt);
	put_message(&out, fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s\n", out.s ? out.s : "");
	text_free(&out);
}

void diag_finish(const struct config *cfg)
{
	if (cfg->n_warnings > DIAG_MAX_WARNINGS)
		fprintf(stderr, "%u more warnings are not shown\n",
			cfg->n_warnings - DIAG_MAX_WARNINGS);
}

bool diag_full(const struct config *cfg)
{
	return cfg->n_errors >= DIAG_MAX_ERRORS;
}
