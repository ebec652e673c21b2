// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <string.h>

#include "names.h"
#include "option.h"
#include "print.h"

/* Does this word begin the option? *@rest: after its "=", or NULL. */
static bool is_option(const char *word, const char *name, const char **rest)
{
	size_t len = strlen(name);

	*rest = NULL;
	if (strncmp(word, name, len))
		return false;
	if (word[len] == '=')
		*rest = word + len + 1;
	return *rest || !word[len];
}

int option_number(int argc, char **argv, const char *name, uint32_t max, uint32_t *value)
{
	const char *rest;
	bool seen = false;
	int i, n = 0;

	for (i = 0; i < argc; i++) {
		if (!is_option(argv[i], name, &rest)) {
			argv[n++] = argv[i];
			continue;
		}
		if (!rest && i + 1 < argc)
			rest = argv[++i];
		if (seen) {
			print_error("%s is said twice", name);
			return -1;
		}
		if (!rest || !parse_number(rest, value) || !*value || *value > max) {
			print_error("%s needs a number from 1 to %u", name, max);
			return -1;
		}
		seen = true;
	}
	argv[n] = NULL;
	return n;
}
