/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A backend that runs Linux.
 *
 * ARP: the kernel answers for every address of the machine, whichever interface has it, unless
 * arp_ignore says otherwise, and names any of them as the sender of its own requests, unless
 * arp_announce does. Of the values of "all" and of the interface the higher one counts.
 *
 * Neighbour discovery needs no such setting. Seen on Linux 6.18, with a virtual address on lo and
 * solicitations at eth0: none was answered, be it to the group of the address (also when eth0 had
 * joined that for another one), to all nodes or to eth0's own Ethernet address, nor with forwarding
 * and proxy_ndp on; and for what it sends as the virtual address the machine asks for its
 * neighbours from an address of eth0.
 *
 * Each row may be run again, and then changes nothing.
 */
#include "director/setup/setup.h"

#include <sys/socket.h>

static const struct setup_row rows[] = {
	{
		.kind = SETUP_RUNNING,
		.cure = SETUP_CURE_ARP,
		.family = AF_INET,
		.system = "iproute2, procps",
		.title = "no word about the addresses in ARP",
		.note = "Before the machine has them: else it speaks for them in between. Of the "
			"values "
			"of\n\"all\" and of an interface the higher one counts, so the first "
			"command "
			"would do for\nevery interface; the last one stays when somebody resets "
			"\"all\".",
		.lines = {{SETUP_ALWAYS, "sysctl -w net/ipv4/conf/all/arp_ignore=1 "
					 "net/ipv4/conf/all/arp_announce=2"},
			  {SETUP_INTERFACE, "IFACE=@interface@"},
			  {SETUP_NO_NAME, "IFACE=$(ip -o address show to @backend@ | sed -n "
					  "'1s/^[0-9]*: *\\([^ ]*\\) .*/\\1/p')"},
			  {SETUP_SEVERAL,
			   "[ -n \"$IFACE\" ] || IFACE=$(ip -o route get @backend@ | "
			   "sed -n '1s/.* dev \\([^ ]*\\) .*/\\1/p')"},
			  {SETUP_ONE, "[ -n \"$IFACE\" ] || { echo 'this machine does not have "
				      "@backend@' >&2; false; }"},
			  {SETUP_SEVERAL,
			   "[ -n \"$IFACE\" ] || { echo 'there is no way to @backend@' "
			   ">&2; false; }"},
			  {SETUP_ALWAYS, "sysctl -w \"net/ipv4/conf/$IFACE/arp_ignore=1\" "
					 "\"net/ipv4/conf/$IFACE/arp_announce=2\""}},
	},
	{
		.kind = SETUP_RUNNING,
		.cure = SETUP_CURE_ADDRESS,
		.family = AF_INET,
		.system = "iproute2",
		.title = "the IPv4 addresses, on the loopback interface",
		.note = "Of 32 bits: with the network's own length the whole network would be "
			"local.",
		.lines = {{SETUP_EACH_V4, "ip address replace @vip@/32 dev lo"}},
	},
	{
		.kind = SETUP_RUNNING,
		.cure = SETUP_CURE_ADDRESS,
		.family = AF_INET6,
		.system = "iproute2",
		.title = "the IPv6 addresses, on the loopback interface",
		.note = "Linux answers neighbour solicitations for addresses of the interface at "
			"which "
			"they\narrive and for no others: being silent needs no setting. "
			"preferred_lft 0: "
			"the machine\ndoes not choose the address for connections of its own.",
		.lines = {{SETUP_EACH_V6,
			   "ip -6 address replace @vip@/128 dev lo nodad preferred_lft 0"}},
	},
	{
		.kind = SETUP_PERSISTENT,
		.family = AF_INET,
		.system = "sysctl",
		.title = "silent in ARP, beside any of the systems below",
		.path = "/etc/sysctl.d/60-director.conf",
		.mode = "644",
		.lines = {{SETUP_ALWAYS, "net/ipv4/conf/all/arp_ignore = 1"},
			  {SETUP_ALWAYS, "net/ipv4/conf/all/arp_announce = 2"},
			  {SETUP_INTERFACE, "net/ipv4/conf/@interface@/arp_ignore = 1"},
			  {SETUP_INTERFACE, "net/ipv4/conf/@interface@/arp_announce = 2"}},
	},
	{
		.kind = SETUP_PERSISTENT,
		.system = "systemd-networkd",
		.title = "the loopback interface is its own",
		.note = "Where a .network file for lo is there already, the next file goes into a "
			"folder "
			"beside\nthat one instead, of its name with .d behind it: one .network "
			"file counts "
			"for an\ninterface.",
		.path = "/etc/systemd/network/60-director.network",
		.mode = "644",
		.lines = {{SETUP_ALWAYS, "[Match]\nName=lo"}},
	},
	{
		.kind = SETUP_PERSISTENT,
		.system = "systemd-networkd",
		.title = "the farm's addresses",
		.path = "/etc/systemd/network/60-director.network.d/@farm@.conf",
		.mode = "644",
		.lines = {{SETUP_EACH_V4, "[Address]\nAddress=@vip@/32\nAddPrefixRoute=false"},
			  {SETUP_EACH_V6, "[Address]\nAddress=@vip@/128\nAddPrefixRoute=false\n"
					  "DuplicateAddressDetection=none\nPreferredLifetime=0"}},
	},
	{
		.kind = SETUP_PERSISTENT,
		.system = "systemd-networkd",
		.title = "the files above, put to use",
		.lines = {{SETUP_ALWAYS, "networkctl reload"}},
	},
	{
		.kind = SETUP_PERSISTENT,
		.system = "netplan",
		.title = "the farm's addresses",
		.path = "/etc/netplan/60-director-@farm@.yaml",
		.mode = "600",
		.lines = {{SETUP_ALWAYS,
			   "network:\n  version: 2\n  ethernets:\n    lo:\n      match:\n"
			   "        name: lo\n      addresses:"},
			  {SETUP_EACH_V4, "        - \"@vip@/32\""},
			  {SETUP_EACH_V6, "        - \"@vip@/128\":\n            lifetime: 0"}},
	},
	{
		.kind = SETUP_PERSISTENT,
		.system = "netplan",
		.title = "the file above, put to use",
		.lines = {{SETUP_ALWAYS, "netplan apply"}},
	},
	{
		.kind = SETUP_PERSISTENT,
		.system = "ifupdown",
		.title = "the farm's addresses",
		.note = "For the next start; /etc/network/interfaces must have the line\n"
			"`source /etc/network/interfaces.d/*`, as Debian's has.",
		.path = "/etc/network/interfaces.d/director-@farm@",
		.mode = "644",
		.lines = {{SETUP_ALWAYS, "iface lo inet manual"},
			  {SETUP_EACH_V4, "\tup ip address replace @vip@/32 dev lo"},
			  {SETUP_EACH_V6,
			   "\tup ip -6 address replace @vip@/128 dev lo nodad preferred_lft 0"},
			  {SETUP_EACH, "\tdown ip address flush dev lo to @vip@/@bits@"}},
	},
	{
		.kind = SETUP_PERSISTENT,
		.system = "NetworkManager 1.42 or newer",
		.title = "the farm's addresses, in a profile of the loopback interface",
		.lines = {{SETUP_ALWAYS,
			   "nmcli connection show director >/dev/null 2>&1 || nmcli "
			   "connection add type loopback con-name director ifname lo "
			   "ipv4.method manual ipv4.addresses 127.0.0.1/8 ipv6.method manual "
			   "ipv6.addresses ::1/128"},
			  {SETUP_ANY_V4,
			   "nmcli connection modify director +ipv4.addresses @list4@"},
			  {SETUP_ANY_V6,
			   "nmcli connection modify director +ipv6.addresses @list6@"},
			  {SETUP_ALWAYS, "nmcli connection up director"}},
	},
	{
		.kind = SETUP_PERSISTENT,
		.system = "NetworkManager before 1.42",
		.title = "the farm's addresses, on an interface that leads nowhere",
		.note = "That NetworkManager leaves lo alone. A machine is as silent about "
			"addresses of "
			"this\ninterface.",
		.lines = {{SETUP_ALWAYS, "nmcli connection show director >/dev/null 2>&1 || nmcli "
					 "connection add type "
					 "dummy con-name director ifname director0 ipv4.method "
					 "disabled ipv6.method "
					 "disabled"},
			  {SETUP_ANY_V4, "nmcli connection modify director ipv4.method manual "
					 "+ipv4.addresses @list4@"},
			  {SETUP_ANY_V6, "nmcli connection modify director ipv6.method manual "
					 "+ipv6.addresses @list6@"},
			  {SETUP_ALWAYS, "nmcli connection up director"}},
	},
	{
		.kind = SETUP_CHECK,
		.system = "iproute2",
		.title = "the service listens, on the farm's address or on all of them",
		.note = "On the farm's own ports: none is translated.",
		.lines = {{SETUP_TCP_PORT, "ss -ltn '@sport@'"},
			  {SETUP_UDP_PORT, "ss -lun '@sport@'"}},
	},
	{
		.kind = SETUP_CHECK,
		.system = "iproute2",
		.title = "the MTU is that of the director's interface",
		.note = "Frames come as the clients' packets were: one that is longer than this "
			"machine's "
			"MTU\nwould be lost without a word.",
		.lines = {{SETUP_ALWAYS, "ip -o link show"}},
	},
	{
		.kind = SETUP_CHECK,
		.family = AF_INET,
		.system = "procps",
		.title = "reverse path filtering fits",
		.note = "1 (strict) may stay where answers to clients leave by the interface at "
			"which the\n"
			"requests arrive; where they leave by another one, it drops the requests: "
			"2 or 0.",
		.lines = {{SETUP_ALWAYS, "sysctl -ar 'net.ipv4.conf.*\\.rp_filter'"}},
	},
	{
		.kind = SETUP_REMOVE,
		.system = "systemd-networkd",
		.title = "what was made for it",
		.note = "The file about the loopback interface goes with the last farm.",
		.lines = {{SETUP_ALWAYS,
			   "rm -f /etc/systemd/network/60-director.network.d/@farm@.conf"},
			  {SETUP_ALWAYS, "rmdir /etc/systemd/network/60-director.network.d "
					 "2>/dev/null || true"},
			  {SETUP_ALWAYS,
			   "[ -e /etc/systemd/network/60-director.network.d ] || rm -f "
			   "/etc/systemd/network/60-director.network"},
			  {SETUP_ALWAYS, "networkctl reload"}},
	},
	{
		.kind = SETUP_REMOVE,
		.system = "netplan",
		.title = "what was made for it",
		.lines = {{SETUP_ALWAYS, "rm -f /etc/netplan/60-director-@farm@.yaml"},
			  {SETUP_ALWAYS, "netplan apply"}},
	},
	{
		.kind = SETUP_REMOVE,
		.system = "ifupdown",
		.title = "what was made for it",
		.lines = {{SETUP_ALWAYS, "rm -f /etc/network/interfaces.d/director-@farm@"}},
	},
	{
		.kind = SETUP_REMOVE,
		.system = "NetworkManager",
		.title = "what was made for it",
		.note = "The addresses of every farm whose backend the machine is.",
		.lines = {{SETUP_ALWAYS,
			   "if nmcli connection show director >/dev/null 2>&1; then nmcli "
			   "connection delete director; fi"}},
	},
	{
		.kind = SETUP_REMOVE,
		.system = "iproute2",
		.title = "the addresses",
		.note = "After the above: else the system gives them again.",
		.lines = {{SETUP_EACH, "ip address flush dev lo to @vip@/@bits@"}},
	},
	{
		.kind = SETUP_REMOVE,
		.family = AF_INET,
		.system = "procps",
		.title = "silence in ARP",
		.note = "Not while the machine is a backend of another farm. 0 is the kernel's own "
			"value; "
			"a\nmachine that had another one before needs that.",
		.lines = {{SETUP_ALWAYS, "rm -f /etc/sysctl.d/60-director.conf"},
			  {SETUP_INTERFACE, "IFACE=@interface@"},
			  {SETUP_NO_NAME, "IFACE=$(ip -o address show to @backend@ | sed -n "
					  "'1s/^[0-9]*: *\\([^ ]*\\) .*/\\1/p')"},
			  {SETUP_SEVERAL,
			   "[ -n \"$IFACE\" ] || IFACE=$(ip -o route get @backend@ | "
			   "sed -n '1s/.* dev \\([^ ]*\\) .*/\\1/p')"},
			  {SETUP_ALWAYS, "[ -z \"$IFACE\" ] || sysctl -w "
					 "\"net/ipv4/conf/$IFACE/arp_ignore=0\" "
					 "\"net/ipv4/conf/$IFACE/arp_announce=0\""},
			  {SETUP_ALWAYS, "sysctl -w net/ipv4/conf/all/arp_ignore=0 "
					 "net/ipv4/conf/all/arp_announce=0"}},
	},
};

const struct setup_table setup_linux = {
	.name = "linux",
	.shell = "a shell, as root",
	.rows = rows,
	.n = sizeof(rows) / sizeof(rows[0]),
};
