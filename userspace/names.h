/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names: numbers of routing protocols, routing tables and IP protocols by
 * name, with what /etc/iproute2 adds.
 */
#ifndef _ERNAT_NAMES_H
#define _ERNAT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A name, or the number in digits; valid until the next call of any of them. */
const char *route_protocol_name(uint8_t protocol);
const char *route_table_name(uint32_t table);
const char *ip_protocol_name(uint8_t protocol);

/* By name or number. */
bool route_protocol_number(const char *name, uint32_t *number);
bool route_table_number(const char *name, uint32_t *number);
bool ip_protocol_number(const char *name, uint32_t *number);

/* The word for a number of the module's enums; "unknown" for one it learned later. */
#define NAME_OF(words, i) name_of(words, sizeof(words) / sizeof(*(words)), i)
const char *name_of(const char *const *words, size_t n, uint8_t i);

/* Decimal or 0x hexadecimal, nothing before or after it. */
bool parse_number(const char *s, uint32_t *number);

/* For nearest(): the names there are; NULL after the last. */
const char *route_protocol_nth(void *unused, unsigned int i);
const char *route_table_nth(void *unused, unsigned int i);
const char *ip_protocol_nth(void *unused, unsigned int i);

#endif
