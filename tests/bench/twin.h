/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instruments of twin.sh; argv: what follows the tool's name. Exit statuses. */
#ifndef TESTS_BENCH_TWIN_H
#define TESTS_BENCH_TWIN_H

int twin_bench_send(int argc, char **argv);
int twin_bench_insert(int argc, char **argv);
int twin_bench_limits(int argc, char **argv);

#endif
