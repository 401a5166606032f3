// The digests of the system's libcrypto (OpenSSL 3). Nothing is wrapped: Swift can call every
// function that Loading and Credentials need (EVP_MD_CTX_new, EVP_DigestInit_ex, EVP_DigestUpdate,
// EVP_DigestFinal_ex, EVP_sha256, EVP_MD_CTX_free, EVP_Digest, CRYPTO_memcmp) directly.
#ifndef ASSAY_CCRYPTO_SHIM_H
#define ASSAY_CCRYPTO_SHIM_H

#include <openssl/crypto.h>
#include <openssl/evp.h>

#endif
