/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * send: new flows, two packets of each (SYN and ACK, or two datagrams), so many a second, received on
 * DEVICE as if its link had brought them (frames.h). SPARE is an interface that nobody else uses.
 * CLIENTS is the first of the clients' addresses: others follow in its low 16 bits.
 *
 * Prints "FLOWS flows in SECONDS s, SECONDS s of them in the kernel": how long they took, and how
 * long the way of the packets through this host did.
 */
#include "tests/bench/frames.h"
#include "tests/bench/report.h"
#include "tests/bench/twin.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 64, PACKETS = 2 }; /* flows of a burst, packets of a flow */

static int mac_of(const char *device, struct mac *ret)
{
	struct ifreq r = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int code = fd < 0 ? -errno : 0;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", device);
	if (code == 0 && ioctl(fd, SIOCGIFHWADDR, &r) < 0)
		code = -errno;
	if (fd >= 0)
		close(fd);
	memcpy(ret->bytes, r.ifr_hwaddr.sa_data, MAC_LEN);
	return code;
}

static void wait_until(double when)
{
	double left = when - report_now();
	struct timespec pause = {.tv_nsec = (long)(left * 1e9)};

	if (left > 0 && left < 1)
		nanosleep(&pause, NULL);
}

static int send_all(const struct frames *f, uint32_t ifindex, uint32_t flows, double rate)
{
	double start = report_now(), busy = 0, ns;

	for (uint32_t done = 0, n; done < flows; done += n) {
		double begin = report_now();
		int code;

		n = flows - done < BURST ? flows - done : BURST;
		code = frames_send(f, ifindex, n * PACKETS, &ns);
		if (code < 0)
			return code;
		busy += report_now() - begin;
		wait_until(start + (done + n) / rate);
	}
	printf("%u flows in %.3f s, %.3f s of them in the kernel\n", flows, report_now() - start,
	       busy);
	return 0;
}

int twin_bench_send(int argc, char **argv)
{
	uint32_t ifindex = if_nametoindex(argv[0]), spare = if_nametoindex(argv[1]);
	uint32_t flows = (uint32_t)strtoul(argv[6], NULL, 10);
	struct frame_ends ends = {.from = {{2, 0, 0, 0, 0, 9}},
				  .port = (uint16_t)strtoul(argv[3], NULL, 10)};
	struct traffic t = {.flows = flows,
			    .in_turn = true,
			    .train = 1,
			    .udp = strcmp(argv[5], "udp") == 0,
			    .first_flags = FRAMES_SYN,
			    .flags = FRAMES_ACK};
	double rate = strtod(argv[7], NULL);
	struct frames f = {0};
	int code = mac_of(argv[0], &ends.to);

	(void)argc;
	if (addr_parse(argv[2], &ends.vip) < 0 || addr_parse(argv[4], &ends.client) < 0 ||
	    flows == 0 || rate <= 0)
		code = -EINVAL;
	if (code == 0)
		code = frames_open(&f, &t, &ends);
	if (code == 0)
		code = frames_hold(&f, spare);
	if (code == 0)
		code = send_all(&f, ifindex, flows, rate);
	frames_close(&f);
	if (code < 0)
		fprintf(stderr, "bench_twin send: %s\n", strerror(-code));
	return code < 0;
}
