/* SPDX-License-Identifier: Apache-2.0 */
/* Oracles: a name that we encode is DER and the same as itself; DER names never break the reader.
 */
#include "fuzz.h"
#include "mutate_der.h"

#include "der/der.h"
#include "x509/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct span in = span_of(data, size), der;
    if (name_from_x500(&a, in, &der) == OK)
        must(der_check(der) == OK && name_same(der, der));
    name_text(&a, in);
    (void)name_same(in, in);
    return 0;
}
