// SPDX-License-Identifier: GPL-2.0-or-later
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "apply_warn.h"
#include "client.h"
#include "config.h"
#include "diag.h"
#include "main.h"
#include "print.h"
#include "transaction.h"

struct apply {
	const char *file;
	const char *router; /* NULL: as it was */
	bool check;
};

static bool good_router(const char *name)
{
	size_t len = strlen(name);

	return len && len < ERNAT_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@+-") == len;
}

static bool router_option(struct apply *a, const char *name)
{
	if (name && good_router(name)) {
		a->router = name;
		return true;
	}
	print_error(name ? "--router: \"%s\" is not a name" : "--router needs a name%s",
		    name ? name : "");
	return false;
}

static bool parse_options(struct apply *a, int argc, char **argv)
{
	bool only_files = false;
	int i;

	for (i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (!only_files && !strcmp(arg, "--")) {
			only_files = true;
		} else if (!only_files && !strcmp(arg, "--check")) {
			a->check = true;
		} else if (!only_files && !strcmp(arg, "--router")) {
			if (!router_option(a, i + 1 < argc ? argv[++i] : NULL))
				return false;
		} else if (!only_files && !strncmp(arg, "--router=", 9)) {
			if (!router_option(a, arg + 9))
				return false;
		} else if (!only_files && arg[0] == '-' && arg[1]) {
			print_error("apply: unknown option \"%s\"", arg);
			return false;
		} else if (a->file) {
			print_error("apply takes one FILE, \"%s\" is a second one", arg);
			return false;
		} else {
			a->file = arg;
		}
	}
	if (!a->file)
		print_error("apply needs a FILE, or - for standard input");
	return a->file;
}

static void print_counts(const struct config *cfg)
{
	static const char *const singular[] = {
		[KIND_SET] = "set",
		[KIND_POOL] = "pool",
		[KIND_SOURCE] = "route source",
		[KIND_RULE] = "rule",
	};
	enum kind kind;

	for (kind = KIND_SET; kind < KIND_MAX; kind++)
		printf("%u %s, ", cfg->list[kind].n,
		       cfg->list[kind].n == 1 ? singular[kind] : kinds[kind].plural);
}

static void print_text(const struct apply *a, const struct config *cfg, bool changed,
		       uint32_t generation)
{
	if (!changed) {
		printf("no change, generation %u\n", generation);
		return;
	}
	printf(a->check ? "valid: " : "applied: ");
	print_counts(cfg);
	if (a->check)
		printf("nothing changed\n");
	else
		printf("generation %u\n", generation);
}

static void print_json(const struct apply *a, const struct config *cfg, bool changed,
		       uint32_t generation)
{
	json_t *root = json_pack("{si,sb,sI}", "schema", CONFIG_SCHEMA, "changed",
				 changed && !a->check, "generation", (json_int_t)generation);
	json_t *list = json_array();
	const struct warning *w;

	if (a->check)
		json_object_set_new(root, "would_change", json_boolean(changed));
	for (w = cfg->warnings; w; w = w->next)
		json_array_append_new(list, json_string(w->text));
	json_object_set_new(root, "warnings", list);
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
}

static int apply(const struct apply *a, struct client *c, struct config *cfg)
{
	struct config *running = config_running(c);
	bool changed, ok = true;
	uint32_t generation;

	if (!running)
		return EXIT_FAILED;
	generation = running->generation;
	/* a reload that forgets --router must not stop what is given out */
	cfg->router = a->router ? a->router : running->router;
	changed = !generation || !config_equal(cfg, running);
	if (changed)
		ok = transaction_run(c, cfg, a->check, &generation);
	/* beside an error they would only hide it */
	if (ok)
		apply_warn(cfg, a->router);
	if (ok && opts.json)
		print_json(a, cfg, changed, generation);
	else if (ok)
		print_text(a, cfg, changed, generation);
	config_free(running);
	return ok ? EXIT_OK : EXIT_FAILED;
}

int apply_main(int argc, char **argv)
{
	struct apply a = { 0 };
	struct config *cfg;
	struct client *c;
	int ret;

	if (!parse_options(&a, argc, argv))
		return usage_error("apply", "one FILE is needed");
	cfg = config_load(a.file);
	if (!cfg)
		return EXIT_FAILED;
	c = client_open();
	ret = c ? apply(&a, c, cfg) : EXIT_FAILED;
	client_close(c);
	config_free(cfg);
	return ret;
}
