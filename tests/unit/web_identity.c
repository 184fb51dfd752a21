/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/web_identity.h"

#include "tests/unit/web_server.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { DAY_S = 86400, VERSION_3 = 2, RSA_BITS = 2048 };

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

static struct web_identity *make(const struct web_identity *by, EVP_PKEY *key, const char *common,
				 int from_days, int to_days, int nid, const char *value)
{
	static long serial = 1;
	struct web_identity *i = calloc(1, sizeof(*i));
	X509_NAME *name;

	i->key = key;
	i->cert = X509_new();
	X509_set_version(i->cert, VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(i->cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(i->cert), (long)from_days * DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(i->cert), (long)to_days * DAY_S);
	X509_set_pubkey(i->cert, i->key);
	name = X509_get_subject_name(i->cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common, -1, -1,
				   0);
	X509_set_issuer_name(i->cert, by ? X509_get_subject_name(by->cert) : name);
	add_extension(i->cert, by ? by->cert : i->cert, nid, value);
	X509_sign(i->cert, by ? by->key : i->key, EVP_sha256());
	return i;
}

struct web_identity *web_authority_new(void)
{
	return make(NULL, EVP_EC_gen("P-256"), "authority of a test", -1, 1, NID_basic_constraints,
		    "critical,CA:TRUE");
}

struct web_identity *web_identity_new(const struct web_identity *authority, const char *names,
				      int from_days, int to_days)
{
	return make(authority, EVP_EC_gen("P-256"), "a web server", from_days, to_days,
		    NID_subject_alt_name, names);
}

struct web_identity *web_identity_rsa(const struct web_identity *authority, const char *names)
{
	return make(authority, EVP_RSA_gen(RSA_BITS), "a web server", -1, 1, NID_subject_alt_name,
		    names);
}

void web_identity_free(struct web_identity *i)
{
	if (!i)
		return;
	X509_free(i->cert);
	EVP_PKEY_free(i->key);
	free(i);
}

bool web_identity_save(const struct web_identity *i, const char *path)
{
	FILE *f = fopen(path, "w");
	bool good = f && PEM_write_X509(f, i->cert);

	if (f)
		fclose(f);
	return good;
}
