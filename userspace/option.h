/* SPDX-License-Identifier: GPL-2.0-or-later */
/* option: options of one command that have a number. */
#ifndef _ERNAT_OPTION_H
#define _ERNAT_OPTION_H

#include <stdint.h>

/*
 * Takes "NAME N" or "NAME=N" out of argv, *@value stays as it is where there is
 * none. Returns the new argc, or -1 after one line on stderr when N is not a
 * number from 1 to @max or the option is said twice.
 */
int option_number(int argc, char **argv, const char *name, uint32_t max, uint32_t *value);

#endif /* _ERNAT_OPTION_H */
