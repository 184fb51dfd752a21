/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * send: new flows, two packets of each (SYN and ACK, or two datagrams), so many a second, received on
 * DEVICE as if its link had brought them (frames.h), in turn to each of so many PORTS from the first
 * one on. CLIENTS is the first of the clients' addresses: others follow in its low 16 bits. Interfaces
 * spare0, spare1, …, one for each port, are nobody else's.
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

enum { BURST = 64, PACKETS = 2, PORTS_MAX = 16 }; /* flows of a burst, packets of a flow */

struct sender {
	struct frames frames[PORTS_MAX];
	uint32_t n_ports;
};

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

static int send_all(const struct sender *s, uint32_t ifindex, uint32_t flows, double rate)
{
	double start = report_now(), busy = 0, ns;
	uint32_t bursts = 0;

	for (uint32_t done = 0, n; done < flows; done += n) {
		double begin = report_now();
		int code;

		n = flows - done < BURST ? flows - done : BURST;
		code = frames_send(&s->frames[bursts++ % s->n_ports], ifindex, n * PACKETS, &ns);
		if (code < 0)
			return code;
		busy += report_now() - begin;
		wait_until(start + (done + n) / rate);
	}
	printf("%u flows in %.3f s, %.3f s of them in the kernel\n", flows, report_now() - start,
	       busy);
	return 0;
}

static int open_port(struct frames *f, const struct traffic *t, const struct frame_ends *ends,
		     uint32_t number)
{
	char spare[IF_NAMESIZE];
	int code = frames_open(f, t, ends);

	snprintf(spare, sizeof(spare), "spare%u", number);
	return code < 0 ? code : frames_hold(f, if_nametoindex(spare));
}

int twin_bench_send(int argc, char **argv)
{
	uint32_t flows = (uint32_t)strtoul(argv[6], NULL, 10);
	struct sender s = {.n_ports = (uint32_t)strtoul(argv[3], NULL, 10)};
	struct frame_ends ends = {.from = {{2, 0, 0, 0, 0, 9}},
				  .port = (uint16_t)strtoul(argv[2], NULL, 10)};
	struct traffic t = {.flows = flows,
			    .in_turn = true,
			    .train = 1,
			    .udp = strcmp(argv[5], "udp") == 0,
			    .first_flags = FRAMES_SYN,
			    .flags = FRAMES_ACK};
	double rate = strtod(argv[7], NULL);
	int code = mac_of(argv[0], &ends.to);

	(void)argc;
	if (addr_parse(argv[1], &ends.vip) < 0 || addr_parse(argv[4], &ends.client) < 0 ||
	    flows == 0 || rate <= 0 || s.n_ports == 0 || s.n_ports > PORTS_MAX)
		code = -EINVAL;
	for (uint32_t i = 0; code == 0 && i < s.n_ports; i++, ends.port++)
		code = open_port(&s.frames[i], &t, &ends, i);
	if (code == 0)
		code = send_all(&s, if_nametoindex(argv[0]), flows, rate);
	for (uint32_t i = 0; i < s.n_ports && i < PORTS_MAX; i++)
		frames_close(&s.frames[i]);
	if (code < 0)
		fprintf(stderr, "bench_twin send: %s\n", strerror(-code));
	return code < 0;
}
