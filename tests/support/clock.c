/* SPDX-License-Identifier: Apache-2.0 */
/* SIGNET_CLOCK=SECONDS in the environment of a test build: every time of ours is so much later. */
#include "base/clock.h"

#include <stdlib.h>

__attribute__((constructor)) static void shift(void) {
    const char *seconds = getenv("SIGNET_CLOCK");
    if (seconds)
        clock_shift(strtoll(seconds, NULL, 10) * 1000);
}
