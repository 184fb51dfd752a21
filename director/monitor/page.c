/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "director/monitor/page.h"

/* The path is that from the top of the source, where make runs. */
__asm__(".pushsection .rodata\n"
	".global page_html\n"
	"page_html:\n"
	".incbin \"director/monitor/status.html\"\n"
	".byte 0\n"
	".global page_drill_html\n"
	"page_drill_html:\n"
	".incbin \"director/monitor/drill.html\"\n"
	".byte 0\n"
	".popsection\n");
