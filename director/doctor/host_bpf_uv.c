/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/doctor/host_bpf_uv.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

enum {
	TCX_INGRESS =
		46, /* BPF_TCX_INGRESS of Linux 6.6; the headers of Debian 12 do not have it */
	PROGRAMS_MAX = 64,
};

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

void host_bpf_name(uint32_t id, char ret[static HOST_KIND])
{
	struct bpf_prog_info info = {0};
	union bpf_attr attr;
	int fd;

	ret[0] = '\0';
	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	fd = bpf(BPF_PROG_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return;
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0)
		snprintf(ret, HOST_KIND, "%.*s", (int)sizeof(info.name), info.name);
	close(fd);
}

size_t host_bpf_at_ingress(unsigned int ifindex, char ret[static HOST_KIND])
{
	uint32_t ids[PROGRAMS_MAX] = {0};
	union bpf_attr attr;

	ret[0] = '\0';
	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = ifindex; /* a union with target_ifindex of newer headers */
	attr.query.attach_type = TCX_INGRESS;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = PROGRAMS_MAX;
	if (bpf(BPF_PROG_QUERY, &attr) < 0 || attr.query.prog_cnt == 0)
		return 0;
	host_bpf_name(ids[0], ret);
	return attr.query.prog_cnt;
}
