/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole server side of a SCEP message: read, describe, and open as an envelope. Oracle: what
 * scep_read accepts scep_describe shows, and no envelope opens, since the key is made here.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "scep/message.h"
#include "x509/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct key *key;
static struct arena forever;
static struct span ra;

static void set_up(void) {
    struct span name;
    if (key_new_rsa(1024, &key) != OK || name_from_x500(&forever, span_str("CN=RA"), &name) != OK)
        abort();
    struct cert_template t = {.serial = span_str("\x01"),
                              .issuer = name,
                              .subject = name,
                              .spki = key_spki(key),
                              .not_after = clock_ms()};
    if (cert_build(&forever, &t, key, &ra) != OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    BUF_AUTO(text);
    struct span in = span_of(data, size);
    struct csr csr;
    struct scep_request r;
    if (!key)
        set_up();
    bool read = scep_read(in, &r) == OK;
    bool shown = scep_describe(in, size % 2, &text) == OK;
    if (read && !shown)
        abort();
    struct scep_request as_envelope = {.enveloped = in};
    if (scep_open(&a, &as_envelope, ra, key, &csr) == OK)
        abort();
    return 0;
}
