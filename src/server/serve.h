/* SPDX-License-Identifier: Apache-2.0 */
/* The server: wiring of a data folder into listeners, services, administration and housekeeping. */
#ifndef SIGNET_SERVER_SERVE_H
#define SIGNET_SERVER_SERVE_H

#include "base/err.h"

/*
 * Serves the data folder until SIGTERM or SIGINT; SIGHUP reads the TLS certificate and the CAs
 * anew. Prints one line on standard output when it is ready. One server a folder: ERR_CONFLICT for
 * the second. `record` NULL, or a folder for what hosts and server say (record/recorder.h).
 */
enum err serve(const char *folder, const char *record) ERR_MUST_USE;

/*
 * Whether signet.conf of the data folder is one to start with, with the TLS certificate and key
 * that it names: reads, and changes nothing, also while a server runs. The error that `serve` would
 * end with. CAs are not opened.
 */
enum err serve_check(const char *folder) ERR_MUST_USE;

#endif
