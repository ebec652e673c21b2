/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diag: messages that point at a place in a file.
 *
 *	FILE:LINE:COL: text
 *		the line
 *		    ^~~~
 *
 * Everything that stems from a file is escaped.
 */
#ifndef _ERNAT_DIAG_H
#define _ERNAT_DIAG_H

#include "config.h"

#define DIAG_MAX_ERRORS 10
#define DIAG_MAX_WARNINGS 20 /* printed; all are counted */

/* @at may be NULL or without a file. */
void diag_error(struct config *cfg, const struct place *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void diag_warning(struct config *cfg, const struct place *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Adds text to the message before; a line of its own, without place. */
void diag_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* After the last warning: says how many were not printed. */
void diag_finish(const struct config *cfg);

/* Nothing is printed from now on, until told otherwise. */
void diag_silence(bool silent);

/* Enough errors to stop reading? */
bool diag_full(const struct config *cfg);

unsigned int place_line(const struct place *at);

#endif
