// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hostile files: every beginning of a good one, and good ones with bytes
 * changed, as text and as JSON. Nothing may crash, hang or leak (build with
 * SANITIZE=1), and what is still good has to survive print and read.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

static const char good[] =
	"# comment\n"
	"set corp { 10.0.0.0/8; except 10.9.0.0/16; fd00::/16; }\n"
	"pool p { description \"\xc3\xbc \\\"x\\\"\"; address 198.51.100.0/28,\n"
	"	198.51.100.32/28 standby, 2001:db8::/124 router b; overflow q;\n"
	"	port 80, 1024-65535; alarm 90% 10%; exhausted reject; }\n"
	"pool q { address 198.51.101.1-198.51.101.9; log sessions; }\n"
	"route-source er { role microsoft; protocol bgp, 77; device er*;\n"
	"	prefix 10.0.0.0/8 ge 16 le 24; metric 1-5; table main; no guard;\n"
	"	allow corp, except 10.0.0.1; neighbor 192.0.2.1; as 64500; }\n"
	"rule r { to er, none; from local, corp; dport 80; mark 1/3; snat p; }\n"
	"rule x { exempt; }\n"
	"conntrack-alarm 85% 20%;\n";

static char path[] = "/tmp/ernat-fuzz-XXXXXX";
static unsigned int n_tests, n_failed, n_loaded;
static uint32_t seed = 12345;

/* The same bytes on every machine and every day. */
static uint32_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static void ok(bool fine, const char *name)
{
	n_failed += !fine;
	printf("%sok %u - %s\n", fine ? "" : "not ", ++n_tests, name);
}

static struct config *load(const char *s, size_t len)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(s, 1, len, f) != len || fclose(f))
		exit(1);
	return config_load(path);
}

/* A file may be refused; if not, it means what its canonical text means. */
static bool survives(const char *s, size_t len)
{
	struct config *cfg = load(s, len), *again;
	struct text t = { 0 };
	bool same;

	if (!cfg)
		return true;
	n_loaded++;
	config_text(&t, cfg, NULL);
	again = load(t.s, t.len);
	same = again && config_equal(cfg, again);
	config_free(again);
	config_free(cfg);
	text_free(&t);
	return same;
}

static bool all_beginnings(const char *s, size_t len)
{
	bool fine = true;
	size_t i;

	for (i = 0; i < len; i++)
		fine &= survives(s, i);
	return fine;
}

static bool changed_bytes(const char *s, size_t len, unsigned int rounds)
{
	static const char likely[] = ";{},\"#\\\n */-%:.0149azAZ\xff\x01[]";
	char *copy = malloc(len);
	bool fine = true;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		unsigned int n = 1 + next_random() % 4;

		memcpy(copy, s, len);
		while (n--)
			copy[next_random() % len] = likely[next_random() % (sizeof(likely) - 1)];
		fine &= survives(copy, len);
	}
	free(copy);
	return fine;
}

/* Pieces of the file in another order, some of them twice. */
static bool shuffled(const char *s, size_t len, unsigned int rounds)
{
	bool fine = true;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		struct text t = { 0 };
		unsigned int n = 1 + next_random() % 12;

		while (n--) {
			size_t from = next_random() % len;

			text_add(&t, s + from, next_random() % (len - from));
		}
		fine &= survives(t.s ? t.s : "", t.len);
		text_free(&t);
	}
	return fine;
}

static bool repeated(const char *s, size_t n)
{
	struct text t = { 0 };
	bool fine;

	while (n--)
		text_puts(&t, s);
	fine = survives(t.s, t.len);
	text_free(&t);
	return fine;
}

int main(void)
{
	struct config *cfg;
	json_t *json;
	char *s;
	int fd = mkstemp(path);

	if (fd < 0 || !freopen("/dev/null", "w", stderr))
		return 1;
	close(fd);
	cfg = load(good, sizeof(good) - 1);
	ok(cfg, "the file to start from is good");
	json = config_to_json(cfg, NULL);
	s = json_dumps(json, JSON_INDENT(1));
	json_decref(json);
	config_free(cfg);
	ok(all_beginnings(good, sizeof(good) - 1), "every beginning of the text");
	ok(all_beginnings(s, strlen(s)), "every beginning of the JSON");
	ok(changed_bytes(good, sizeof(good) - 1, 3000), "text with bytes changed");
	ok(changed_bytes(s, strlen(s), 2000), "JSON with bytes changed");
	ok(shuffled(good, sizeof(good) - 1, 1000), "text in pieces");
	ok(n_loaded > 100, "not all of it was refused");
	ok(repeated("{", 1000000), "a million braces");
	ok(repeated("pool ", 1000000), "a million words");
	ok(repeated("\"", 100001), "a hundred thousand quotes");
	ok(repeated(";", 1000000), "a million semicolons");
	ok(repeated("[", 1000000), "a million brackets");
	ok(repeated("{\"a\":", 100000), "deep JSON");
	ok(repeated("pool a {", 100000), "deep blocks");
	free(s);
	unlink(path);
	printf("1..%u\n", n_tests);
	return n_failed ? 1 : 0;
}
