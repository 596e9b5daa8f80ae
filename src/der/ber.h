/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BER to DER (X.690): clients built on BouncyCastle and Apple's write indefinite lengths and
 * constructed strings (costs-and-traps.md, trap 4). What comes out takes the same strict path as
 * everybody's DER.
 */
#ifndef SIGNET_DER_BER_H
#define SIGNET_DER_BER_H

#include "der/der.h"

/*
 * One item of BER as DER: definite minimal lengths, primitive strings, minimal INTEGERs, BOOLEANs
 * 0xff; der_check accepts what comes out. DER comes out as it went in, not copied; else `der` is in
 * `a`, and below 64 KiB it is never longer than `ber` was.
 *
 * Not touched is what only a schema can know: the order of a SET OF, DEFAULT values, and a string
 * under an IMPLICIT tag, which stays constructed.
 *
 * What neither BER nor DER knows, or is nested deeper than DER_MAX_DEPTH, is ERR_PARSE with the
 * offset in `ber`.
 */
enum err ber_to_der(struct arena *a, struct span ber, struct span *der) ERR_MUST_USE;

#endif
