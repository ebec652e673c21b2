// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "text.h"

#define MAX_DEPTH 16

/* Per level, whether something is in it already: then a comma comes next. */
static bool filled[MAX_DEPTH];
static unsigned int depth;

static void put_text(const char *s)
{
	size_t left = strlen(s);
	size_t n;

	putchar('"');
	for (; left; s += n, left -= n) {
		n = utf8_len(s, left);
		if (!n) {
			/* JSON is UTF-8: what is none becomes the character that says so */
			fputs("\\ufffd", stdout);
			n = 1;
		} else if (*s == '"' || *s == '\\') {
			printf("\\%c", *s);
		} else if ((unsigned char)*s < 0x20 || *s == 0x7f) {
			printf("\\u%04x", *s);
		} else {
			fwrite(s, 1, n, stdout);
		}
	}
	putchar('"');
}

static void separate(const char *key)
{
	if (filled[depth])
		putchar(',');
	if (depth)
		printf("\n%*s", (int)depth * 2, "");
	filled[depth] = true;
	if (!key)
		return;
	put_text(key);
	fputs(": ", stdout);
}

static void begin(const char *key, char bracket)
{
	separate(key);
	putchar(bracket);
	assert(depth + 1 < MAX_DEPTH);
	filled[++depth] = false;
}

static void end(char bracket)
{
	bool any = filled[depth];

	depth--;
	if (any)
		printf("\n%*s", (int)depth * 2, "");
	putchar(bracket);
	if (!depth) {
		putchar('\n');
		filled[0] = false;
	}
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
