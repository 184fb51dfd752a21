/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A backend that runs Windows, 2012 or newer.
 *
 * The virtual address lies on a loopback adapter, which is no part of the network, so nothing is
 * said about it there. Windows takes packets for an address of another adapter, and sends packets
 * that name one as their sender, where the "weak host" settings allow it: receiving, on the adapter
 * at which requests arrive and on the one that has the address; sending, on the one that has it.
 *
 * These settings last. No row was run here: they are what Microsoft's documentation of the commands
 * has.
 */
#include "director/setup/setup.h"

#include <sys/socket.h>

#define FIND_NIC                                                                                   \
	{SETUP_INTERFACE, "$nic = '@interface@'"},                                                 \
	{                                                                                          \
		SETUP_NO_NAME, "$nic = Get-NetIPAddress | Where-Object IPAddress -In @backends@ "  \
			       "| Select-Object "                                                  \
			       "-First 1 -ExpandProperty InterfaceAlias"                           \
	}

static const struct setup_row rows[] = {
	{
		.kind = SETUP_PERSISTENT,
		.system = "PowerShell, devcon",
		.title = "a loopback adapter of the name director",
		.note = "devcon.exe comes with the Windows Driver Kit. By hand: hdwwiz.exe, manual "
			"choice, "
			"network\nadapters, Microsoft, Microsoft KM-TEST Loopback Adapter; then "
			"the second "
			"command.\nRun again, neither does anything.",
		.lines = {{SETUP_ALWAYS,
			   "if (-not (Get-NetAdapter | Where-Object InterfaceDescription -Match "
			   "'KM-TEST')) { devcon.exe install \"$env:windir\\inf\\netloop.inf\" "
			   "'*MSLOOP' }"},
			  {SETUP_ALWAYS,
			   "if (-not (Get-NetAdapter -Name 'director' -ErrorAction "
			   "SilentlyContinue)) { "
			   "Get-NetAdapter | Where-Object InterfaceDescription -Match 'KM-TEST' | "
			   "Select-Object -First 1 | Rename-NetAdapter -NewName 'director' }"}},
	},
	{
		.kind = SETUP_PERSISTENT,
		.system = "PowerShell",
		.title = "weak host settings, then the addresses",
		.note = "Metric 254: what the machine sends of its own goes another way. "
			"SkipAsSource: the\n"
			"addresses are not chosen for that, and are not registered in DNS.",
		.lines =
			{FIND_NIC,
			 {SETUP_ALWAYS, "Set-DnsClient -InterfaceAlias 'director' "
					"-RegisterThisConnectionsAddress $false"},
			 {SETUP_ANY_V4,
			  "Set-NetIPInterface -InterfaceAlias 'director' -AddressFamily IPv4 -Dhcp "
			  "Disabled -WeakHostReceive Enabled -WeakHostSend Enabled "
			  "-InterfaceMetric "
			  "254"},
			 {SETUP_ANY_V4,
			  "Set-NetIPInterface -InterfaceAlias $nic -AddressFamily IPv4 "
			  "-WeakHostReceive Enabled"},
			 {SETUP_ANY_V6,
			  "Set-NetIPInterface -InterfaceAlias 'director' -AddressFamily IPv6 "
			  "-WeakHostReceive Enabled -WeakHostSend Enabled -InterfaceMetric 254"},
			 {SETUP_ANY_V6,
			  "Set-NetIPInterface -InterfaceAlias $nic -AddressFamily IPv6 "
			  "-WeakHostReceive Enabled"},
			 {SETUP_EACH,
			  "if (-not (Get-NetIPAddress -IPAddress '@vip@' -ErrorAction "
			  "SilentlyContinue)) { New-NetIPAddress -InterfaceAlias 'director' "
			  "-IPAddress '@vip@' -PrefixLength @bits@ -SkipAsSource $true }"}},
	},
	{
		.kind = SETUP_PERSISTENT,
		.family = AF_INET,
		.system = "netsh",
		.title = "the same for IPv4 with netsh, in place of the commands above",
		.note = "Ethernet stands for the adapter at which requests arrive, unless it was "
			"named with\n"
			"--interface. Run again, `add address` says that the object exists, and "
			"nothing "
			"changes.",
		.lines = {{SETUP_ALWAYS, "netsh interface ipv4 set dnsservers name=\"director\" "
					 "source=static address=none register=none"},
			  {SETUP_ALWAYS, "netsh interface ipv4 set interface \"director\" "
					 "weakhostreceive=enabled weakhostsend=enabled metric=254"},
			  {SETUP_INTERFACE, "netsh interface ipv4 set interface \"@interface@\" "
					    "weakhostreceive=enabled"},
			  {SETUP_NO_NAME, "netsh interface ipv4 set interface \"Ethernet\" "
					  "weakhostreceive=enabled"},
			  {SETUP_EACH_V4, "netsh interface ipv4 add address name=\"director\" "
					  "address=@vip@ mask=255.255.255.255 skipassource=true"}},
	},
	{
		.kind = SETUP_PERSISTENT,
		.family = AF_INET6,
		.system = "netsh",
		.title = "the same for IPv6 with netsh, in place of the commands above",
		.note = "Ethernet stands for the adapter at which requests arrive, unless it was "
			"named with\n"
			"--interface. Run again, `add address` says that the object exists, and "
			"nothing "
			"changes.",
		.lines = {{SETUP_ALWAYS, "netsh interface ipv6 set interface \"director\" "
					 "weakhostreceive=enabled weakhostsend=enabled metric=254"},
			  {SETUP_INTERFACE, "netsh interface ipv6 set interface \"@interface@\" "
					    "weakhostreceive=enabled"},
			  {SETUP_NO_NAME, "netsh interface ipv6 set interface \"Ethernet\" "
					  "weakhostreceive=enabled"},
			  {SETUP_EACH_V6, "netsh interface ipv6 add address interface=\"director\" "
					  "address=@vip@/128 skipassource=true"}},
	},
	{
		.kind = SETUP_CHECK,
		.system = "PowerShell",
		.title = "the service listens, on the farm's address or on all of them",
		.note = "On the farm's own ports: none is translated. The firewall must let "
			"clients in on "
			"both\nadapters.",
		.lines = {{SETUP_TCP_PORT, "Get-NetTCPConnection -State Listen -LocalPort @range@"},
			  {SETUP_UDP_PORT, "Get-NetUDPEndpoint -LocalPort @range@"}},
	},
	{
		.kind = SETUP_CHECK,
		.system = "netsh",
		.title = "the MTU is that of the director's interface",
		.note = "Frames come as the clients' packets were: one that is longer than this "
			"machine's "
			"MTU\nwould be lost without a word.",
		.lines = {{SETUP_ANY_V4, "netsh interface ipv4 show interfaces"},
			  {SETUP_ANY_V6, "netsh interface ipv6 show interfaces"}},
	},
	{
		.kind = SETUP_REMOVE,
		.system = "PowerShell",
		.title = "the addresses, then the weak host settings",
		.note = "The latter not while the machine is a backend of another farm.",
		.lines = {FIND_NIC,
			  {SETUP_EACH,
			   "Get-NetIPAddress -IPAddress '@vip@' -ErrorAction SilentlyContinue | "
			   "Remove-NetIPAddress -Confirm:$false"},
			  {SETUP_ANY_V4,
			   "Set-NetIPInterface -InterfaceAlias $nic -AddressFamily IPv4 "
			   "-WeakHostReceive Disabled"},
			  {SETUP_ANY_V6,
			   "Set-NetIPInterface -InterfaceAlias $nic -AddressFamily IPv6 "
			   "-WeakHostReceive Disabled"}},
	},
	{
		.kind = SETUP_REMOVE,
		.system = "devcon",
		.title = "the loopback adapter",
		.note = "Every one of the machine, with the addresses of every farm.",
		.lines = {{SETUP_ALWAYS, "devcon.exe remove '*MSLOOP'"}},
	},
};

const struct setup_table setup_windows = {
	.name = "windows",
	.shell = "PowerShell, as administrator",
	.rows = rows,
	.n = sizeof(rows) / sizeof(rows[0]),
};
