// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "attr.h"
#include "client.h"
#include "json.h"
#include "main.h"
#include "print.h"

struct adopt {
	uint64_t adopted;
	uint64_t ended;
};

static int read_counts(const struct nlmsghdr *nlh, void *data)
{
	struct adopt *a = data;

	return attr_reply_u64(nlh, ERNAT_A_ADOPTED, &a->adopted) &&
			       attr_reply_u64(nlh, ERNAT_A_ENDED, &a->ended) ?
		       MNL_CB_OK :
		       MNL_CB_ERROR;
}

static int adopt(struct client *c)
{
	struct adopt a = {};

	if (client_talk(c, client_msg(c, ERNAT_CMD_ADOPT, 0), read_counts, &a)) {
		client_perror(c, "adopt");
		return EXIT_FAILED;
	}
	if (opts.json) {
		json_out_object(NULL);
		json_out_uint("schema", JSON_SCHEMA);
		json_out_uint("adopted", a.adopted);
		json_out_uint("ended", a.ended);
		json_out_object_end();
	} else {
		printf("adopted %llu session%s, ended %llu connection%s\n",
		       (unsigned long long)a.adopted, PLURAL(a.adopted),
		       (unsigned long long)a.ended, PLURAL(a.ended));
	}
	return EXIT_OK;
}

int adopt_main(int argc, char **argv)
{
	struct client *c;
	int code;

	(void)argv;
	if (argc > 1)
		return usage_error("adopt", "it takes no words");
	c = client_open();
	if (!c)
		return EXIT_FAILED;
	code = adopt(c);
	client_close(c);
	return code;
}
