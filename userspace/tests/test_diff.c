// SPDX-License-Identifier: GPL-2.0-or-later
/* What "ernat diff" says of two rulesets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

static unsigned int n_tests, n_failed;

static struct config *load(const char *s)
{
	char path[] = "/tmp/ernat-diff-XXXXXX";
	struct config *cfg = NULL;
	int fd = mkstemp(path);

	if (fd >= 0 && write(fd, s, strlen(s)) == (ssize_t)strlen(s))
		cfg = config_load(path);
	if (fd >= 0)
		close(fd);
	unlink(path);
	if (!cfg)
		exit(1);
	return cfg;
}

static void says(const char *name, const char *old_text, const char *new_text, const char *expected)
{
	struct config *old = load(old_text), *new = load(new_text);
	struct text out = { 0 };
	bool changed = diff_text(&out, old, new);
	bool ok = changed == !!*expected && !strcmp(out.s ? out.s : "", expected) &&
		  changed == !config_equal(old, new);

	n_failed += !ok;
	printf("%sok %u - %s\n", ok ? "" : "not ", ++n_tests, name);
	if (!ok)
		fprintf(stderr, "%s", out.s ? out.s : "nothing\n");
	text_free(&out);
	config_free(old);
	config_free(new);
}

#define RULES(order) "rule " order " { exempt; } "

int main(void)
{
	says("what is said otherwise is the same",
	     "pool p { address 10.0.0.0-10.0.0.255; port 1024-65535; } set s { 1.1.1.1; }"
	     "rule r { from s, 2.2.2.2; mark 16; exempt; }",
	     "# comment\nset s { 1.1.1.1; } rule r { exempt; mark 0x10; from 2.2.2.2; from s; }"
	     "pool p { alarm 80% 70%; address 10.0.0.0/24; }",
	     "");
	says("an object more", "rule a { exempt; }",
	     "rule a { exempt; } pool p { address 1.1.1.1; }",
	     "+pool p {\n+\taddress 1.1.1.1;\n+}\n");
	says("an object less", "rule a { exempt; } set s { 1.1.1.1; }", "rule a { exempt; }",
	     "-set s {\n-\t1.1.1.1;\n-}\n");
	says("a rule more says where", "rule a { exempt; }", "rule a { exempt; } rule b { drop; }",
	     "+# behind a\n+rule b {\n+\tdrop;\n+}\n");
	says("a list, value by value", "pool p { address 1.1.1.1, 1.1.1.2; port 5-6, 8; }",
	     "pool p { address 1.1.1.1, 1.1.1.3; port 5-7, 8; }",
	     " pool p {\n-\taddress 1.1.1.2;\n+\taddress 1.1.1.3;\n-\tport 5-6, 8;\n"
	     "+\tport 5-7, 8;\n }\n");
	says("another order of a list", "pool p { address 1.1.1.1, 1.1.1.2; }",
	     "pool p { address 1.1.1.2, 1.1.1.1; }",
	     " pool p {\n-\taddress 1.1.1.1;\n-\taddress 1.1.1.2;\n+\taddress 1.1.1.2;\n"
	     "+\taddress 1.1.1.1;\n }\n");
	says("one rule moves, not all others", RULES("a") RULES("b") RULES("c") RULES("d"),
	     RULES("d") RULES("a") RULES("b") RULES("c"), "~rule d: moves to the front\n");
	says("a rule moves back", RULES("a") RULES("b") RULES("c"),
	     RULES("b") RULES("c") RULES("a"), "~rule a: moves behind c\n");
	says("pools have no order", "pool a { address 1.1.1.1; } pool b { address 1.1.1.2; }",
	     "pool b { address 1.1.1.2; } pool a { address 1.1.1.1; }", "");
	says("the top level", "rule a { exempt; } conntrack-alarm 60% 50%;",
	     "rule a { exempt; } circuit-subnet 10.0.0.0/30;",
	     "+circuit-subnet 10.0.0.0/30;\n-conntrack-alarm 60% 50%;\n");
	printf("1..%u\n", n_tests);
	return n_failed ? 1 : 0;
}
