/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Oracle: what comes out is DER, which comes out of a second run as it is; DER is handed back
 * untouched; the output is not longer than the input, which is short enough here.
 */
#include "fuzz.h"
#include "mutate_der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ARENA_AUTO(a);
    struct span in = span_of(data, size), der, again;
    if (size > 65536)
        return 0;
    bool is_der = der_check(in) == OK;
    if (ber_to_der(&a, in, &der) != OK) {
        must(!is_der);
        return 0;
    }
    must(!is_der || der.p == in.p);
    must(der_check(der) == OK);
    must(der.n <= in.n);
    must(ber_to_der(&a, der, &again) == OK && again.p == der.p && again.n == der.n);
    return 0;
}
