// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "attr.h"
#include "client.h"
#include "filter.h"
#include "json.h"
#include "main.h"
#include "print.h"

static const struct filter_view view = { "clear session", FILTER_SESSIONS, 0 };

static int read_count(const struct nlmsghdr *nlh, void *data)
{
	return attr_reply_u64(nlh, ERNAT_A_COUNT, data) ? MNL_CB_OK : MNL_CB_ERROR;
}

static int clear(struct client *c, const struct filter *filter)
{
	struct nlmsghdr *nlh = client_msg(c, ERNAT_CMD_CLEAR_SESSION, 0);
	uint64_t n = 0;

	if (filter->has)
		filter_put(nlh, filter);
	else
		mnl_attr_put(nlh, ERNAT_A_ALL, 0, NULL);
	if (client_talk(c, nlh, read_count, &n)) {
		client_perror(c, "clear");
		return EXIT_FAILED;
	}
	if (opts.json) {
		json_out_object(NULL);
		json_out_uint("schema", JSON_SCHEMA);
		json_out_uint("cleared", n);
		json_out_object_end();
	} else {
		printf("%llu session%s cleared\n", (unsigned long long)n, PLURAL(n));
	}
	return EXIT_OK;
}

int clear_session_main(int argc, char **argv)
{
	bool all = argc == 2 && !strcmp(argv[1], "all");
	struct filter filter;
	struct client *c;
	int code;

	if (argc < 2)
		return usage_error("clear session", "a FILTER is needed, or \"all\"");
	if (!filter_read(&filter, &view, all ? 0 : argc - 1, argv + 1))
		return EXIT_USAGE;
	c = client_open();
	if (!c)
		return EXIT_FAILED;
	code = clear(c, &filter);
	client_close(c);
	return code;
}
