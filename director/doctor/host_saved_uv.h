/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that nft is given at boot, and what they include. Shell: reads files. */
#ifndef DIRECTOR_DOCTOR_HOST_SAVED_UV_H
#define DIRECTOR_DOCTOR_HOST_SAVED_UV_H

#include "director/doctor/host_facts.h"

/*
 * Looks into the file and what it includes, and adds the places where our tables are named. A file
 * that is not there is no fault. Relative names are below folder ("/etc", as nft has it).
 */
void host_saved_look(struct host_facts *facts, const char *path, const char *folder);

#endif
