/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `backend-setup`: reads the configuration by itself; the daemon is not needed. */
#include "director/config/keywords.h"
#include "director/config/load.h"
#include "director/ctl/ctl.h"
#include "director/setup/setup.h"

#include <stdlib.h>
#include <string.h>

static const struct setup_table *const tables[SETUP_OS_N] = {
	[SETUP_LINUX] = &setup_linux,
	[SETUP_WINDOWS] = &setup_windows,
};

static int take_os(const struct ctl *ctl, struct setup *s)
{
	enum setup_os os = 0;

	while (ctl->os && os < SETUP_OS_N && strcmp(ctl->os, tables[os]->name) != 0)
		os++;
	if (os == SETUP_OS_N)
		return ctl_fail(CTL_USAGE, "--os must be linux or windows, not \"%s\"", ctl->os);
	if (ctl->interface && !setup_interface_is_valid(os, ctl->interface))
		return ctl_fail(CTL_USAGE, "\"%s\" cannot be the name of an interface on %s",
				ctl->interface, tables[os]->name);
	s->table = tables[os];
	s->interface = ctl->interface;
	return CTL_DONE;
}

/* "www" or "www/web1" */
static int take_farm(const struct config *c, const char *text, struct setup *s)
{
	const char *slash = strchr(text, '/');
	char name[CONFIG_NAME_MAX + 1];
	int len = (int)(slash ? (size_t)(slash - text) : strlen(text));

	if (!len || len > CONFIG_NAME_MAX || (slash && !slash[1]))
		return ctl_fail(CTL_USAGE, "\"%s\" is neither FARM nor FARM/BACKEND", text);
	snprintf(name, sizeof(name), "%.*s", len, text);
	s->farm = config_farm_by_name(c, name);
	if (!s->farm)
		return ctl_unknown_farm(c, name);
	s->backend = slash ? config_backend_by_name(s->farm, slash + 1) : NULL;
	if (slash && !s->backend)
		return ctl_unknown_backend(s->farm, text);
	return CTL_DONE;
}

int ctl_backend_setup(const struct ctl *ctl)
{
	struct config *config = NULL;
	struct setup setup = {0};
	struct err err = {0};
	int code = take_os(ctl, &setup);

	if (code != CTL_DONE)
		return code;
	if (config_load(ctl->config ? ctl->config : CTL_DEFAULT_CONFIG, &config, &err) < 0)
		return ctl_fail_err(&err);
	code = take_farm(config, ctl->argv[0], &setup);
	if (code == CTL_DONE &&
	    (ctl->json ? print_setup_json(stdout, &setup) : print_setup(stdout, &setup)) < 0)
		code = ctl_fail(CTL_FAILED, "no memory for the setup of a backend");
	config_free(config);
	return code;
}
