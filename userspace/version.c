// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <ernat_version.h>

#include "client.h"
#include "json.h"
#include "main.h"
#include "print.h"
#include "status.h"

static void print_json(bool loaded, const char *module)
{
	json_out_object(NULL);
	json_out_uint("schema", JSON_SCHEMA);
	json_out_string("command", ERNAT_VERSION);
	json_out_string("module", module);
	json_out_bool("loaded", loaded);
	json_out_object_end();
}

static void print_text(bool loaded, const char *module)
{
	char name[PRINT_NAME];

	printf("command: %s\n", ERNAT_VERSION);
	if (!loaded)
		printf("module: not loaded\n");
	else
		printf("module: %s\n", module ? print_escape(name, module) :
						"loaded; its version needs CAP_NET_ADMIN");
}

int version_main(int argc, char **argv)
{
	const char *module = NULL;
	struct status status;
	int code = EXIT_OK;
	struct client *c;
	bool loaded;
	int err = 0;

	(void)argv;
	if (argc > 1)
		return usage_error("version", "it takes no words");
	c = client_try_open(&loaded);
	if (!c && loaded)
		return EXIT_FAILED;
	if (c) {
		err = status_get(c, &status);
		if (!err)
			module = status.version;
	}
	if (err && err != -EPERM) {
		client_perror(c, "status");
		code = EXIT_FAILED;
	}
	if (opts.json)
		print_json(loaded, module);
	else
		print_text(loaded, module);
	client_close(c);
	return code;
}
