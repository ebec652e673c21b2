// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static void out_of_memory(void)
{
	fputs("ernat: out of memory\n", stderr);
	exit(1);
}

void *xalloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		out_of_memory();
	return p;
}

void *xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p)
		out_of_memory();
	return p;
}

static void reserve(struct text *t, size_t more)
{
	if (t->size - t->len > more)
		return;
	t->size = (t->len + more) * 2 + 64;
	t->s = xrealloc(t->s, t->size);
}

void text_add(struct text *t, const char *s, size_t len)
{
	reserve(t, len);
	memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
}

void text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_putc(struct text *t, char c)
{
	text_add(t, &c, 1);
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		reserve(t, n);
		vsnprintf(t->s + t->len, n + 1, fmt, again);
		t->len += n;
	}
	va_end(again);
}

void text_free(struct text *t)
{
	free(t->s);
	memset(t, 0, sizeof(*t));
}

size_t utf8_len(const char *s, size_t left)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = *s;
	uint32_t code;
	size_t len, i;

	if (c < 0x80)
		return 1;
	len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || len > left)
		return 0;
	code = c & (0x7f >> len);
	for (i = 1; i < len; i++) {
		c = s[i];
		if ((c & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (c & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return len;
}

/* Characters that reorder the text around them: U+202A-202E, U+2066-2069. */
static bool is_direction(const unsigned char *s, size_t len)
{
	if (len != 3 || s[0] != 0xe2)
		return false;
	return (s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) ||
	       (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
}

static bool is_control(const unsigned char *s, size_t len)
{
	if (len == 1)
		return *s < 0x20 || *s == 0x7f;
	return len == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

size_t text_escape_char(struct text *t, const char *s, size_t left, unsigned int *columns)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t len = utf8_len(s, left);
	size_t i;

	if (len && !is_control(u, len) && !is_direction(u, len)) {
		text_add(t, s, len);
		*columns = 1;
		return len;
	}
	if (!len)
		len = 1;
	for (i = 0; i < len; i++)
		text_printf(t, "\\x%02x", u[i]);
	*columns = 4 * len;
	return len;
}

void text_escape(struct text *t, const char *s, size_t len)
{
	unsigned int columns;
	size_t n;

	for (; len; s += n, len -= n)
		n = text_escape_char(t, s, len, &columns);
}

void text_name(struct text *t, const char *name)
{
	if (!name)
		name = "?";
	text_escape(t, name, strlen(name));
}
