// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "print.h"
#include "range.h"
#include "text.h"

#define NSEC 1000000000ULL

void print_error(const char *fmt, ...)
{
	struct text text = {};
	char *plain = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&plain, fmt, ap) < 0)
		plain = NULL;
	va_end(ap);
	if (plain)
		text_escape(&text, plain, strlen(plain));
	fprintf(stderr, "ernat: %s\n", text.s ? text.s : "");
	text_free(&text);
	free(plain);
}

char *print_escape(char buf[PRINT_NAME], const char *s)
{
	struct text text = {};

	text_escape(&text, s, strlen(s));
	snprintf(buf, PRINT_NAME, "%s", text.s ? text.s : "");
	text_free(&text);
	return buf;
}

bool print_failed(void)
{
	return ferror(stdout);
}

static bool is_terminal(void)
{
	static int terminal = -1;

	if (terminal < 0)
		terminal = isatty(STDOUT_FILENO);
	return terminal;
}

const char *print_color(enum print_color color)
{
	static const char *const codes[] = {
		[COLOR_NONE] = "\033[0m", [COLOR_BOLD] = "\033[1m",    [COLOR_DIM] = "\033[2m",
		[COLOR_RED] = "\033[31m", [COLOR_YELLOW] = "\033[33m", [COLOR_GREEN] = "\033[32m",
	};
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (!is_terminal() || (no && *no) || !term || !strcmp(term, "dumb"))
		return "";
	return codes[color];
}

unsigned int print_width(void)
{
	struct winsize size;

	if (!is_terminal())
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return 80;
	return size.ws_col;
}

const char *print_count(uint64_t n, char buf[PRINT_NUM])
{
	char digits[24];
	int len, i, o = 0;

	if (n >= 1000000000000ULL) {
		snprintf(buf, PRINT_NUM, "%.1e", (double)n);
		return buf;
	}
	len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf[o++] = ',';
		buf[o++] = digits[i];
	}
	buf[o] = 0;
	return buf;
}

const char *print_age(uint64_t seconds, char buf[PRINT_NUM])
{
	unsigned long long s = seconds;

	if (s < 60)
		snprintf(buf, PRINT_NUM, "%llus", s);
	else if (s < 3600)
		snprintf(buf, PRINT_NUM, "%llum%02llus", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, PRINT_NUM, "%lluh%02llum", s / 3600, s / 60 % 60);
	else
		snprintf(buf, PRINT_NUM, "%llud%02lluh", s / 86400, s / 3600 % 24);
	return buf;
}

const char *print_time(uint64_t ns, char buf[PRINT_NUM])
{
	time_t seconds = ns / NSEC;
	struct tm tm = {};

	localtime_r(&seconds, &tm);
	strftime(buf, PRINT_NUM, "%Y-%m-%d %H:%M:%S", &tm);
	return buf;
}

const char *print_time_ms(uint64_t ns, char buf[PRINT_NUM])
{
	size_t len = strlen(print_time(ns, buf));

	snprintf(buf + len, PRINT_NUM - len, ".%03u", (unsigned int)(ns % NSEC / 1000000));
	return buf;
}

const char *print_time_utc(uint64_t ns, char buf[PRINT_NUM])
{
	time_t seconds = ns / NSEC;
	struct tm tm = {};
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(buf, PRINT_NUM, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + len, PRINT_NUM - len, ".%06uZ", (unsigned int)(ns % NSEC / 1000));
	return buf;
}

void print_line(const char *what, const char *value)
{
	printf("  %-14s %s\n", what, value);
}

double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

enum print_color percent_color(double value)
{
	return value >= 80 ? COLOR_RED : value >= 70 ? COLOR_YELLOW : COLOR_GREEN;
}

const char *print_addr(const struct nlattr *addr, char buf[PRINT_ADDR])
{
	int family;

	if (!addr)
		return strcpy(buf, "-");
	family = mnl_attr_get_payload_len(addr) == 4 ? AF_INET : AF_INET6;
	inet_ntop(family, mnl_attr_get_payload(addr), buf, PRINT_ADDR);
	return buf;
}

const char *print_addr_port(const struct nlattr *addr, uint16_t port, char buf[PRINT_ADDR])
{
	char text[PRINT_ADDR];
	bool v6 = addr && mnl_attr_get_payload_len(addr) == 16;

	print_addr(addr, text);
	snprintf(buf, PRINT_ADDR, v6 ? "[%.45s]:%u" : "%.45s:%u", text, port);
	return buf;
}

const char *print_range(const struct nlattr *first, const struct nlattr *last, char buf[PRINT_ADDR])
{
	struct text text = {};
	struct range range = {};

	if (!last)
		last = first;
	if (!first || mnl_attr_get_payload_len(first) != mnl_attr_get_payload_len(last))
		return strcpy(buf, "-");
	range.family = mnl_attr_get_payload_len(first) == 4 ? AF_INET : AF_INET6;
	memcpy(range.first, mnl_attr_get_payload(first), mnl_attr_get_payload_len(first));
	memcpy(range.last, mnl_attr_get_payload(last), mnl_attr_get_payload_len(last));
	range_text(&text, &range);
	snprintf(buf, PRINT_ADDR, "%s", text.s);
	text_free(&text);
	return buf;
}
