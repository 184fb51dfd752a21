/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells systemd how the daemon is (sd_notify(3)): ready, reloading, stopping, and the watchdog's
 * sign of life. Without NOTIFY_SOCKET everything is a no-op.
 */
#ifndef DIRECTOR_SERVICE_NOTIFY_UV_H
#define DIRECTOR_SERVICE_NOTIFY_UV_H

#include <stdbool.h>
#include <stdint.h>

/* One or more lines, "READY=1". */
void notify_send(const char *state);
/* How often the watchdog wants a sign: half of WATCHDOG_USEC in milliseconds; 0: never. */
uint64_t notify_watchdog_ms(void);
/* systemd itself has started this process (SYSTEMD_EXEC_PID, systemd.exec(5)), and not a child of it. */
bool notify_is_unit(void);

#endif
