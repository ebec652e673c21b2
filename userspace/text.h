/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text: a growing string, and what makes untrusted bytes fit for a terminal.
 */
#ifndef _ERNAT_TEXT_H
#define _ERNAT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* struct text - a growing string; zero it before first use */
struct text {
	char *s; /* NUL-terminated, NULL while nothing was added */
	size_t len;
	size_t size;
};

void *xalloc(size_t size); /* zeroed; ends the program when there is none */
void *xrealloc(void *old, size_t size);

void text_add(struct text *t, const char *s, size_t len);
void text_puts(struct text *t, const char *s);
void text_putc(struct text *t, char c);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *t);

/* Length of the valid UTF-8 sequence at @s, 0 when there is none. */
size_t utf8_len(const char *s, size_t left);

/*
 * Adds the character at @s in a form that cannot steer a terminal: control
 * and direction characters and what is no UTF-8 as \xNN.
 * Returns how many bytes it took; *@columns: how wide it stands.
 */
size_t text_escape_char(struct text *t, const char *s, size_t left, unsigned int *columns);
void text_escape(struct text *t, const char *s, size_t len);
/* A name, escaped; "?" for NULL. */
void text_name(struct text *t, const char *name);

#endif
