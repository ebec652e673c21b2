/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print: messages, numbers and addresses as text, colour. */
#ifndef _ERNAT_PRINT_H
#define _ERNAT_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

#define PRINT_NUM 32
#define PRINT_NAME 320 /* the longest name, every byte escaped */
#define PRINT_ADDR 104 /* FIRST-LAST, or [ADDRESS]:PORT */

/* "ernat: ..." in one line on stderr; what could steer a terminal is escaped. */
void print_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Copies @s with control characters and what is no UTF-8 as \xNN, so that a
 * name cannot steer the terminal; cut where it is too long. Returns @buf.
 */
char *print_escape(char buf[PRINT_NAME], const char *s);

/* stdout cannot be written any more: there is no use in going on. */
bool print_failed(void);

enum print_color {
	COLOR_NONE,
	COLOR_BOLD,
	COLOR_DIM,
	COLOR_RED,
	COLOR_YELLOW,
	COLOR_GREEN,
};

/* Begins a colour, or with COLOR_NONE ends it; "" where stdout is no terminal. */
const char *print_color(enum print_color color);

/* Columns of the terminal; 0 where stdout is none, and nothing is to be cut. */
unsigned int print_width(void);

/* 1234567 as 1,234,567; what no one counts any more as 1.8e+19 */
const char *print_count(uint64_t n, char buf[PRINT_NUM]);

/* 4s, 5m03s, 2h10m, 3d04h */
const char *print_age(uint64_t seconds, char buf[PRINT_NUM]);

/* A time in nanoseconds since the epoch, here: 2026-11-23 02:50:01 */
const char *print_time(uint64_t ns, char buf[PRINT_NUM]);
/* The same with ".123" */
const char *print_time_ms(uint64_t ns, char buf[PRINT_NUM]);
/* For JSON, in UTC: 2026-11-23T02:50:01.123456Z */
const char *print_time_utc(uint64_t ns, char buf[PRINT_NUM]);

/* "1 session", "2 sessions" */
#define PLURAL(n) ((n) == 1 ? "" : "s")

/* "  sessions       12": a line about one object */
void print_line(const char *what, const char *value);

/* 0.0 where @whole is 0 */
double percent(uint64_t part, uint64_t whole);

/* Green, yellow from 70 %, red from 80 %: where alarms clear and raise by default. */
enum print_color percent_color(double value);

/* The attribute's 4 or 16 bytes as an address; "-" without attribute. */
const char *print_addr(const struct nlattr *addr, char buf[PRINT_ADDR]);

/* 192.0.2.1:80, [2001:db8::1]:80 */
const char *print_addr_port(const struct nlattr *addr, uint16_t port, char buf[PRINT_ADDR]);

/* An address, a prefix where it is one, else FIRST-LAST */
const char *print_range(const struct nlattr *first, const struct nlattr *last,
			char buf[PRINT_ADDR]);

#endif /* _ERNAT_PRINT_H */
