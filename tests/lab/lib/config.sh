# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The directors' configuration, section by section; a test puts together what it needs.

# lab_conf: a pair and one farm; the same file for both directors.
lab_conf() {
	lab_conf_cluster
	lab_conf_vrrp
	lab_conf_farm www maglev '"80", "8080"'
}

lab_conf_cluster() {
	cat <<-EOT
		cluster "lab" {
			key-file = "${LAB_KEY:-$LAB/cluster.key}"
			${LAB_CLUSTER_KEYS:-}
			node "a" { address = "$(lab_node_address a)"  priority = ${LAB_PRIORITY_A:-150} }
			node "b" { address = "$(lab_node_address b)"  priority = ${LAB_PRIORITY_B:-100} }
		}
	EOT
}

# lab_node_address NODE: by which the directors know each other; LAB_NODE_FAMILY=6 needs lab_net6_up.
lab_node_address() {
	if [ "${LAB_NODE_FAMILY:-4}" = 6 ]; then lab_address6 "$1"; else lab_address "$1"; fi
}

# A short interval keeps the tests short; a takeover without a word takes 3.6 of them.
lab_conf_vrrp() {
	cat <<-EOT
		vrrp "web" {
			interface = "eth0"
			virtual-router-id = 51
			addresses = { ${LAB_VIPS:-"\"$LAB_VIP/24\""} }
			advertise-interval = "${LAB_ADVERTISE_INTERVAL:-200ms}"
			${LAB_VRRP_KEYS:-}
		}
	EOT
}

# lab_conf_farm NAME SCHEDULER PORTS [WEIGHT1 WEIGHT2 WEIGHT3]
lab_conf_farm() {
	cat <<-EOT
		farm "$1" {
			address = "$LAB_VIP"
			interface = "eth0"
			ports = { $3 }
			scheduler = "$2"
			${LAB_FARM_CHECKS:-default-checks = false}
			${LAB_FARM_KEYS:-}
			backend "web1" { address = "$(lab_address web1)"  weight = ${4:-1} }
			backend "web2" { address = "$(lab_address web2)"  weight = ${5:-1} }
			backend "web3" { address = "$(lab_address web3)"  weight = ${6:-1} }
		}
	EOT
}

# lab_key_make FILE: the cluster's key.
lab_key_make() {
	"$LAB_BUILD/directorctl" key generate "$1" >/dev/null
}
