/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All connections through the path of the traffic, and who a frame is for; see vip_path_uv.h. */
#include "director/health/vip_inside_uv.h"
#include "ha/clock_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { ISN_TICK_US = 4 }; /* RFC 9293, 3.4.1 */

/* --- tables ----------------------------------------------------------------------------------- */

static uint32_t hash_bytes(uint32_t h, const void *bytes, size_t len)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ b[i]) * 16777619; /* FNV-1a */
	return h;
}

static uint32_t hash_key(const struct vip_path *path, const struct vip_key *k)
{
	uint32_t h = hash_bytes(2166136261, path->secret, sizeof(path->secret));

	h = hash_bytes(h, k->vip.bytes, addr_len(&k->vip));
	h = hash_bytes(h, &k->own_port, sizeof(k->own_port));
	h = hash_bytes(h, &k->port, sizeof(k->port));
	h = hash_bytes(h, k->mac.bytes, MAC_LEN);
	return h ^ h >> 16;
}

static struct vip_key key_of(const struct vip_conn *c)
{
	return (struct vip_key){c->ask.vip, c->port, c->ask.port, c->ask.mac};
}

static bool key_equal(const struct vip_key *a, const struct vip_key *b)
{
	return a->own_port == b->own_port && a->port == b->port && mac_equal(&a->mac, &b->mac) &&
	       addr_equal(&a->vip, &b->vip);
}

/* What two backends send through one more machine has one MAC; then the one that waits for that. */
static struct vip_conn *find(const struct vip_path *path, const struct vip_key *k, uint32_t ack)
{
	struct vip_conn *found = NULL;

	for (struct vip_place *p = path->by_peer[hash_key(path, k) % VIP_BUCKETS]; p; p = p->next) {
		const struct small_tcp *tcp = &p->conn->tcp;

		if (key_equal(&p->key, k) &&
		    (!found || ack - tcp->snd_una <= tcp->snd_max - tcp->snd_una))
			found = p->conn;
	}
	return found;
}

/* Whatever the MAC. */
static struct vip_conn *find_isn(const struct vip_path *path, const struct vip_key *k, uint32_t isn)
{
	struct vip_conn *c = path->by_isn[isn % VIP_BUCKETS];

	while (c && !(c->tcp.isn == isn && c->port == k->own_port && c->ask.port == k->port &&
		      addr_equal(&c->ask.vip, &k->vip)))
		c = c->next_by_isn;
	return c;
}

/*
 * RFC 6528: ISN = M + F(…). By the clock, so that a backend that remembers the last connection of
 * these ports takes the new one for new.
 */
static uint32_t choose_isn(const struct vip_path *path, const struct vip_conn *c)
{
	const struct vip_key k = key_of(c);

	return (uint32_t)(clock_us() / ISN_TICK_US) + hash_key(path, &k) * 2654435761U;
}

static void enter_place(struct vip_path *path, struct vip_place *p, struct vip_conn *c,
			const struct vip_key *k)
{
	struct vip_place **bucket = &path->by_peer[hash_key(path, k) % VIP_BUCKETS];

	*p = (struct vip_place){.next = *bucket, .conn = c, .key = *k};
	*bucket = p;
}

static void remove_place(struct vip_path *path, struct vip_place *p)
{
	struct vip_place **at = &path->by_peer[hash_key(path, &p->key) % VIP_BUCKETS];

	if (!p->conn)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->conn = NULL;
}

bool vip_path_enter(struct vip_path *path, struct vip_conn *c, uint32_t *ret_isn)
{
	unsigned int first = path->next_port++;
	struct vip_conn **bucket;
	struct vip_key k;
	unsigned int i;

	for (i = 0; i < VIP_PORTS; i++) {
		c->port = path->ports.numbers[(first + i) % VIP_PORTS];
		k = key_of(c);
		if (!find(path, &k, 0))
			break;
	}
	if (i == VIP_PORTS)
		return false;
	c->tcp.isn = *ret_isn = choose_isn(path, c);
	enter_place(path, &c->asked, c, &k);
	bucket = &path->by_isn[*ret_isn % VIP_BUCKETS];
	c->next_by_isn = *bucket;
	*bucket = c;
	return true;
}

void vip_path_enter_answers(struct vip_path *path, struct vip_conn *c, const struct mac *mac)
{
	struct vip_key k = key_of(c);

	k.mac = *mac;
	if (c->asked.conn && !c->answers.conn)
		enter_place(path, &c->answers, c, &k);
}

void vip_path_remove(struct vip_path *path, struct vip_conn *c)
{
	struct vip_conn **at = &path->by_isn[c->tcp.isn % VIP_BUCKETS];

	if (!c->asked.conn)
		return;
	remove_place(path, &c->asked);
	remove_place(path, &c->answers);
	while (*at != c)
		at = &(*at)->next_by_isn;
	*at = c->next_by_isn;
}

/* --- what is known of backends ---------------------------------------------------------------- */

/* Of two with one hash, or in one bucket, either costs the other no more than a SYN. */
static uint32_t hash_ask(const struct vip_path *path, const struct vip_ask *ask)
{
	const struct vip_key k = {ask->vip, 0, ask->port, ask->mac};
	uint32_t h = hash_key(path, &k);

	return h ? h : 1;
}

static bool is_known(const struct vip_path *path, const struct vip_known *all,
		     const struct vip_ask *ask)
{
	uint32_t h = hash_ask(path, ask);
	const struct vip_known *at = &all[h % VIP_BUCKETS];

	return at->hash == h && clock_us() < at->until_us;
}

/* until_us 0: it is not so any more. */
static void set_known(const struct vip_path *path, struct vip_known *all, const struct vip_ask *ask,
		      uint64_t until_us)
{
	uint32_t h = hash_ask(path, ask);
	struct vip_known *at = &all[h % VIP_BUCKETS];

	if (until_us || at->hash == h)
		*at = (struct vip_known){h, until_us};
}

bool vip_path_is_behind(const struct vip_path *path, const struct vip_ask *ask)
{
	return is_known(path, path->behind, ask);
}

void vip_path_set_behind(struct vip_path *path, const struct vip_ask *ask, bool behind)
{
	set_known(path, path->behind, ask, behind ? CLOCK_NEVER : 0);
}

bool vip_path_forwards(const struct vip_path *path, const struct vip_ask *ask)
{
	return is_known(path, path->forwards, ask);
}

void vip_path_set_forwards(struct vip_path *path, const struct vip_ask *ask, bool forwards)
{
	set_known(path, path->forwards, ask, forwards ? clock_us() + VIP_FORWARDS_MS * 1000ULL : 0);
}

/* --- hearing ---------------------------------------------------------------------------------- */

/* What answers a SYN is known by that, whichever MAC it is from. */
static void hear_segment(struct vip_path *path, struct vip_socket *s, const struct vip_segment *in)
{
	const struct vip_key k = {in->from, in->to_port, in->from_port, in->source};
	struct vip_conn *c = NULL;

	if (in->tcp.bits & (SMALL_TCP_SYN | SMALL_TCP_RST) && in->tcp.bits & SMALL_TCP_ACK)
		c = find_isn(path, &k, in->tcp.ack - 1);
	if (!c)
		c = find(path, &k, in->tcp.ack);
	if (!c || !addr_equal(&c->own, &in->to) || !vip_conn_hear(c, &in->source, &in->tcp))
		vip_socket_refuse(s, in);
}

static void hear_error(struct vip_path *path, const struct vip_heard *heard)
{
	const struct vip_segment *quoted = &heard->segment;
	const struct vip_key k = {quoted->to, quoted->from_port, quoted->to_port, quoted->source};
	struct vip_conn *c = find_isn(path, &k, quoted->tcp.seq);

	if (!c)
		c = find(path, &k, quoted->tcp.seq);
	if (c && addr_equal(&c->own, &quoted->from))
		vip_conn_hear_error(c, heard);
}

static void heard(void *owner, struct vip_socket *s, const struct vip_heard *h)
{
	switch (h->kind) {
	case VIP_HEARD_SEGMENT: hear_segment(owner, s, &h->segment); return;
	case VIP_HEARD_EXCEEDED:
	case VIP_HEARD_UNREACHABLE: hear_error(owner, h); return;
	}
	abort();
}

/* --- beginning and end ------------------------------------------------------------------------ */

static void free_when_done(struct vip_path *path)
{
	if (path->closing && path->sockets_closed && path->conns == 0)
		free(path);
}

void vip_path_forget(struct vip_path *path)
{
	path->conns--;
	free_when_done(path);
}

static void on_sockets_closed(void *owner)
{
	struct vip_path *path = owner;

	path->sockets_closed = true;
	free_when_done(path);
}

struct vip_ask vip_ask_of(const struct probe_ask *ask)
{
	return (struct vip_ask){
		.vip = ask->vip,
		.port = ask->port,
		.backend = ask->address,
		.ifindex = ask->ifindex,
		.mac = ask->mac,
		.own_mac = ask->own_mac,
	};
}

int vip_path_new(uv_loop_t *loop, struct vip_path **ret, struct err *err)
{
	struct vip_path *path = calloc(1, sizeof(*path));
	int code;

	if (!path)
		return err_set(err, -ENOMEM, "no memory for checks");
	if (getrandom(path->secret, sizeof(path->secret), 0) != sizeof(path->secret)) {
		code = err_set(err, -errno, "no random numbers for checks: %s",
			       strerrordesc_np(errno));
		free(path);
		return code;
	}
	code = vip_ports_open(&path->ports, err);
	if (code < 0) {
		free(path);
		return code;
	}
	path->sockets.loop = loop;
	path->sockets.ports = path->ports.numbers;
	path->sockets.heard = heard;
	path->sockets.closed = on_sockets_closed;
	path->sockets.owner = path;
	*ret = path;
	return 0;
}

uv_loop_t *vip_path_loop(const struct vip_path *path)
{
	return path->sockets.loop;
}

void vip_path_close(struct vip_path *path)
{
	if (!path)
		return;
	path->conns++; /* until the end of this function it stays */
	for (size_t i = 0; i < VIP_BUCKETS; i++)
		while (path->by_peer[i])
			vip_conn_abort(path->by_peer[i]->conn);
	path->closing = true;
	vip_ports_close(&path->ports);
	vip_sockets_close(&path->sockets);
	vip_path_forget(path);
}
