// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main.h"
#include "names.h"

/*
 * ernat --complete WORD...: prints what may follow these words, one a line.
 * For values of a kind that the shell knows better it prints the kind
 * (@FILE, @DEVICE), and the shell's function does the rest.
 */

static void offer_names(const char *(*nth)(void *, unsigned int))
{
	const char *name;
	unsigned int i;

	for (i = 0; (name = nth(NULL, i)); i++)
		puts(name);
}

static void offer_value(const char *kind)
{
	if (!strcmp(kind, "PROTOCOL"))
		offer_names(ip_protocol_nth);
	else if (strcmp(kind, "VALUE"))
		printf("@%s\n", kind);
}

static void offer_commands(const struct command *table)
{
	for (; table->name; table++)
		puts(table->name);
}

/* The kind of value that has to follow this word, or NULL. */
static char *value_after(const char *words, const char *word)
{
	size_t len = strlen(word);
	const char *s = words;

	while (len && *s) {
		if (!strncmp(s, word, len) && s[len] == '=')
			return strndup(s + len + 1, strcspn(s + len + 1, " "));
		s += strcspn(s, " ");
		s += *s == ' ';
	}
	return NULL;
}

static bool is_among(const char *word, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], word))
			return true;
	}
	return false;
}

/* Is there a word already that is no key of @words and no key's value? */
static bool has_operand(const char *words, int argc, char **argv)
{
	char *kind;
	int i;

	for (i = 0; i < argc; i++) {
		kind = value_after(words, argv[i]);
		if (!kind && argv[i][0] != '-')
			return true;
		i += !!kind;
		free(kind);
	}
	return false;
}

/* Nothing twice. */
static void offer_words(const struct command *c, int argc, char **argv)
{
	char *kind = argc ? value_after(c->words, argv[argc - 1]) : NULL;
	char *all, *word, *state = NULL;

	if (kind) {
		offer_value(kind);
		free(kind);
		return;
	}
	all = strdup(c->words);
	for (word = all ? strtok_r(all, " ", &state) : NULL; word;
	     word = strtok_r(NULL, " ", &state)) {
		if (*word == '=') {
			if (!has_operand(c->words, argc, argv))
				offer_value(word + 1);
			continue;
		}
		word[strcspn(word, "=")] = 0;
		if (!is_among(word, argc, argv))
			puts(word);
	}
	free(all);
}

/* The options that may stand anywhere, and their value, are no words. */
static int drop_options(int argc, char **argv)
{
	int i, n = 0;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "-n") || !strcmp(argv[i], "--netns"))
			i++;
		else if (strcmp(argv[i], "-j") && strcmp(argv[i], "--json"))
			argv[n++] = argv[i];
	}
	return n;
}

int complete_main(int argc, char **argv)
{
	const struct command *table = commands;
	const struct command *c = NULL;

	argc--;
	argv++;
	if (argc && (!strcmp(argv[argc - 1], "-n") || !strcmp(argv[argc - 1], "--netns"))) {
		puts("@NETNS");
		return EXIT_OK;
	}
	argc = drop_options(argc, argv);
	for (; argc && table; argc--, argv++) {
		c = command_find(table, argv[0], NULL);
		if (!c)
			return EXIT_OK;
		table = c->sub;
	}
	if (table)
		offer_commands(table);
	else
		offer_words(c, argc, argv);
	return EXIT_OK;
}
