// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "client.h"
#include "main.h"
#include "print.h"

static int flush(struct client *c, bool force)
{
	struct nlmsghdr *nlh = client_msg(c, ERNAT_CMD_FLUSH, 0);
	int err;

	if (force)
		mnl_attr_put(nlh, ERNAT_A_FORCE, 0, NULL);
	err = client_talk(c, nlh, NULL, NULL);
	if (!err)
		return EXIT_OK;
	if (err == -EBUSY && !force)
		print_error("flush: %s; --force ends them", client_errmsg(c));
	else
		client_perror(c, "flush");
	return EXIT_FAILED;
}

int flush_main(int argc, char **argv)
{
	bool force = argc == 2 && !strcmp(argv[1], "--force");
	struct client *c;
	int code;

	if (argc > 1 + force)
		return usage_error("flush", "it takes no words but --force");
	c = client_open();
	if (!c)
		return EXIT_FAILED;
	code = flush(c, force);
	client_close(c);
	return code;
}
