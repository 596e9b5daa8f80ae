/* SPDX-License-Identifier: Apache-2.0 */
/* Oracle: spans lie inside the input, and OpenSSL reads what we read. */
#include <openssl/x509.h>
#include <stdlib.h>

#include "x509/csr.h"
#include "x509/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span whole, struct span part) {
    if (part.n && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct span in = span_of(data, size), rest, value;
    struct csr csr;
    const char *oid;
    unsigned type;
    if (csr_parse(in, &csr) != OK)
        return 0;
    inside(in, csr.subject);
    inside(in, csr.challenge);
    inside(in, csr.device_id);
    inside(in, csr.signature);
    for (rest = csr.eku; eku_next(&a, &rest, &oid);)
        if (!*oid)
            abort();
    for (rest = csr.san; san_next(&a, &rest, &type, &value);)
        if (type > 11)
            abort();
    name_text(&a, csr.subject);
    if (csr_verify(&csr) != OK)
        return 0;
    X509_REQ *req = d2i_X509_REQ(NULL, &data, (long)size);
    if (!req)
        abort();
    X509_REQ_free(req);
    return 0;
}
