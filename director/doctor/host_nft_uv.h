/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What nftables in this kernel can do, and what others have put into it. Shell: asks the kernel. */
#ifndef DIRECTOR_DOCTOR_HOST_NFT_UV_H
#define DIRECTOR_DOCTOR_HOST_NFT_UV_H

#include "director/doctor/host_facts.h"
#include "director/ruleset/nft_socket_uv.h"

/* Tries what our rules are made of. 0, or a negative errno with *err when the answer is no verdict. */
int host_nft_try(struct nft_socket *s, struct host_facts *facts, struct err *err);
/* Reads the chains and rules of all tables but ours. 0 or negative errno. */
int host_nft_look(struct nft_socket *s, struct host_facts *facts);

#endif
