/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A certificate with its key, as OpenSSL has them; see web_server.h. */
#ifndef TESTS_WEB_IDENTITY_H
#define TESTS_WEB_IDENTITY_H

#include <openssl/evp.h>
#include <openssl/x509.h>

struct web_identity {
	X509 *cert;
	EVP_PKEY *key;
};

#endif
