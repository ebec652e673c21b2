// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "print.h"
#include "text.h"

#define MAX_DEPTH 16

/* Per level, whether something is in it already: then a comma comes next. */
static bool filled[MAX_DEPTH];
static unsigned int depth;
static unsigned int one_line = MAX_DEPTH; /* the level from which on all is in one line */

static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f && c != '"' && c != '\\';
}

/* The first character of s, which is not plain. Returns its length. */
static size_t put_special(const char *s, size_t left)
{
	size_t n = utf8_len(s, left);

	if (!n) {
		/* JSON is UTF-8: what is none becomes the character that says so */
		fputs_unlocked("\\ufffd", stdout);
		return 1;
	}
	if (*s == '"' || *s == '\\')
		printf("\\%c", *s);
	else if ((unsigned char)*s < 0x20 || *s == 0x7f)
		printf("\\u%04x", *s);
	else
		fwrite_unlocked(s, 1, n, stdout);
	return n;
}

static void put_text(const char *s)
{
	const char *end = s + strlen(s);
	const char *plain;

	putchar_unlocked('"');
	while (s < end) {
		for (plain = s; s < end && is_plain(*s); s++)
			;
		fwrite_unlocked(plain, 1, s - plain, stdout);
		if (s < end)
			s += put_special(s, end - s);
	}
	putchar_unlocked('"');
}

static void put_newline(void)
{
	unsigned int i;

	putchar_unlocked('\n');
	for (i = 0; i < depth; i++)
		fputs_unlocked("  ", stdout);
}

static void separate(const char *key)
{
	if (filled[depth])
		putchar_unlocked(',');
	if (depth && depth < one_line)
		put_newline();
	else if (depth && filled[depth])
		putchar_unlocked(' ');
	filled[depth] = true;
	if (!key)
		return;
	put_text(key);
	fputs_unlocked(": ", stdout);
}

static void begin(const char *key, char bracket)
{
	separate(key);
	putchar_unlocked(bracket);
	assert(depth + 1 < MAX_DEPTH);
	filled[++depth] = false;
}

static void end(char bracket)
{
	bool newline = filled[depth] && depth < one_line;

	depth--;
	if (newline)
		put_newline();
	putchar_unlocked(bracket);
	if (!depth) {
		putchar('\n');
		filled[0] = false;
		one_line = MAX_DEPTH;
	}
}

void json_out_one_line(void)
{
	one_line = depth + 1;
}

void json_out_object(const char *key)
{
	begin(key, '{');
}

void json_out_object_end(void)
{
	end('}');
}

void json_out_array(const char *key)
{
	begin(key, '[');
}

void json_out_array_end(void)
{
	end(']');
}

void json_out_string(const char *key, const char *value)
{
	if (!value) {
		json_out_null(key);
		return;
	}
	separate(key);
	put_text(value);
}

void json_out_uint(const char *key, uint64_t value)
{
	separate(key);
	printf("%llu", (unsigned long long)value);
}

void json_out_percent(const char *key, double value)
{
	separate(key);
	printf("%.1f", value);
}

void json_out_share(const char *key, uint64_t part, uint64_t whole)
{
	if (whole)
		json_out_percent(key, percent(part, whole));
	else
		json_out_null(key);
}

void json_out_bool(const char *key, bool value)
{
	separate(key);
	fputs(value ? "true" : "false", stdout);
}

void json_out_null(const char *key)
{
	separate(key);
	fputs("null", stdout);
}
