/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device that has the virtual MAC address of one virtual router: a macvlan on the section's
 * interface, through rtnetlink, and a packet socket that sends from that address.
 *
 * Owns the device, which is marked as ours by its alias; never touches another one. It is up while
 * the router is master. Then the kernel hands it the frames to the virtual address, answers ARP and
 * neighbour discovery for the addresses on it, and sends nothing else from it: it has no address of
 * its own making. While it is down, frames to the virtual address are those of somebody else, and the
 * kernel drops them. Its mode is bridge: in private mode the kernel would keep from the interface
 * what another master sends from the same virtual address, and two masters would never hear each
 * other.
 *
 * vmac_remove() waits for nothing, every other request for VMAC_WAIT_MS at most; vmac_open() may have to
 * wait first for a removal that has begun.
 */
#ifndef HA_VMAC_UV_H
#define HA_VMAC_UV_H

#include "ha/vmac.h"
#include "include/err.h"

#include <stdbool.h>
#include <uv.h>

enum { VMAC_WAIT_MS = 500 };

struct vmac {
	uv_loop_t *loop;
	uint8_t family;
	struct mac mac;
	char name[VMAC_NAME];
	unsigned int parent;  /* ifindex of the interface below */
	unsigned int ifindex; /* 0: there is no device */
	bool up;
	int fd; /* sends frames on the interface below; -1: not open */
};

void vmac_init(struct vmac *v, uv_loop_t *loop, uint8_t family, uint8_t virtual_router_id,
	       const char *interface);
/*
 * Makes the device, or takes over the one that an earlier run left, as it is: up when that was
 * master. Sees to it that the interface below does not answer ARP for addresses that are on the
 * device: its arp_ignore becomes 1 and stays so. 0, or a negative errno with the sentence.
 */
int vmac_open(struct vmac *v, unsigned int parent, struct err *err);
/* There is a device, and it is still the one that was opened. */
bool vmac_is_there(const struct vmac *v);
/* 0, also when it is so already. */
int vmac_set_up(struct vmac *v, bool up, struct err *err);
/* Sends a frame, whose source is the caller's business, out of the interface below. 0 or -errno. */
int vmac_send(const struct vmac *v, const uint8_t *frame, size_t len);
/* The device went with its interface, or somebody removed it. */
void vmac_forget(struct vmac *v);
/*
 * Removes the device with the addresses on it: soon, by a thread of libuv's pool, because the kernel
 * takes 10 to 20 ms for it. A device of that name can be opened at once. The loop goes on until it is
 * gone.
 */
void vmac_remove(struct vmac *v);
/* Closes the socket (aside_uv.h), the device stays. */
void vmac_close(struct vmac *v);

/* Removes devices of ours that keep() (NULL: none) does not know. 0 or a negative errno. */
int vmac_clean(bool (*keep)(const void *owner, const char *name), const void *owner,
	       size_t *ret_removed, struct err *err);

#endif
