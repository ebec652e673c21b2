/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json: JSON written to stdout as it comes, so that a million sessions need
 * no tree. @key is NULL for elements of an array and at the top.
 */
#ifndef _ERNAT_JSON_H
#define _ERNAT_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* Value of "schema" where the top is an object: changes when a key's meaning does. */
#define JSON_SCHEMA 1

/* From here on the elements of what was begun last stand in a line each. */
void json_out_one_line(void);

void json_out_object(const char *key);
void json_out_object_end(void);
void json_out_array(const char *key);
void json_out_array_end(void);
void json_out_string(const char *key, const char *value); /* NULL: null */
void json_out_uint(const char *key, uint64_t value);
void json_out_percent(const char *key, double value);
void json_out_share(const char *key, uint64_t part, uint64_t whole); /* null of nothing */
void json_out_bool(const char *key, bool value);
void json_out_null(const char *key);

#endif /* _ERNAT_JSON_H */
