/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The subcommands: one file each. argv[0] is the subcommand's name. Each prints its own --help and
 * returns the exit status: 0 done, 1 it failed (the cause is on standard error), 2 wrong usage.
 */
#ifndef SIGNET_CMD_CMD_H
#define SIGNET_CMD_CMD_H

int cmd_init(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_user(int argc, char **argv);
int cmd_profile(int argc, char **argv);
/* Verbs of profile. */
int cmd_profile_new(int argc, char **argv);
int cmd_profile_lint(int argc, char **argv);
int cmd_profile_show(int argc, char **argv);
int cmd_profile_diff(int argc, char **argv);
int cmd_enrollment(int argc, char **argv);
int cmd_device(int argc, char **argv);
/* Verbs of device, on the server's side. */
int cmd_device_list(int argc, char **argv);
int cmd_device_set(int argc, char **argv);
int cmd_device_import(int argc, char **argv);
int cmd_device_show(int argc, char **argv);
int cmd_device_unenroll(int argc, char **argv);
int cmd_device_remove(int argc, char **argv);
int cmd_device_confirm(int argc, char **argv);
int cmd_device_reject(int argc, char **argv);
int cmd_device_rekey(int argc, char **argv);
/* And with emulated hosts of their own. */
int cmd_device_fleet(int argc, char **argv);
int cmd_device_compare(int argc, char **argv);
int cmd_command(int argc, char **argv);
int cmd_pfx(int argc, char **argv);
int cmd_group(int argc, char **argv);
int cmd_cert(int argc, char **argv);
int cmd_challenge(int argc, char **argv);
int cmd_request(int argc, char **argv);
int cmd_alarm(int argc, char **argv);
int cmd_ca(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_gateway(int argc, char **argv);
int cmd_probe(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_scep(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_bench(int argc, char **argv);

#endif
