// SPDX-License-Identifier: GPL-2.0-or-later
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "config.h"
#include "main.h"
#include "print.h"

struct show {
	const char *name;
	const char *file;
};

static bool parse_options(struct show *s, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--file") && i + 1 < argc) {
			s->file = argv[++i];
		} else if (!strncmp(argv[i], "--file=", 7)) {
			s->file = argv[i] + 7;
		} else if (argv[i][0] == '-' || s->name) {
			print_error("show config: what is \"%s\"?", argv[i]);
			return false;
		} else {
			s->name = argv[i];
		}
	}
	return true;
}

static struct config *running(void)
{
	struct client *c = client_open();
	struct config *cfg = c ? config_running(c) : NULL;

	client_close(c);
	if (cfg && !cfg->generation) {
		print_error("no ruleset in this network namespace: ernat apply FILE");
		config_free(cfg);
		return NULL;
	}
	return cfg;
}

static bool knows(const struct config *cfg, const char *name)
{
	enum kind kind;

	for (kind = KIND_SET; kind < KIND_MAX; kind++) {
		if (config_find(cfg, kind, name))
			return true;
	}
	return false;
}

static void print(const struct config *cfg, const char *name)
{
	struct text out = { 0 };
	json_t *json;

	if (opts.json) {
		json = config_to_json(cfg, name);
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
		return;
	}
	config_text(&out, cfg, name);
	if (out.len)
		fwrite(out.s, 1, out.len, stdout);
	text_free(&out);
}

int show_config_main(int argc, char **argv)
{
	struct show s = { 0 };
	struct config *cfg;
	int ret = EXIT_OK;

	if (!parse_options(&s, argc, argv))
		return usage_error("show config", "it takes one NAME");
	cfg = s.file ? config_load(s.file) : running();
	if (!cfg)
		return EXIT_FAILED;
	if (s.name && !knows(cfg, s.name)) {
		print_error("no set, pool, route source or rule \"%s\"", s.name);
		ret = EXIT_FAILED;
	} else {
		print(cfg, s.name);
	}
	config_free(cfg);
	return ret;
}
