/*
 * What kvm-exits.so leaves behind of one guest: how often its virtual CPUs left it for QEMU, and the reads of the two
 * reference counters among that. The file is shared memory, so that it can be read at any time and outlives a QEMU
 * that dies. Little endian, as x86 is; read by images/appliance/ and by harness/guest/exit-counts.ts.
 */
#ifndef EXITS_H
#define EXITS_H

#include <stdint.h>

#define EXITS_MAGIC 0x58435354u /* "TSCX" */
#define EXITS_VERSION 1
#define EXITS_SECONDS 64
#define EXITS_MARKS 4

/*
 * The probe writes MARK_BASE + n to this port, which no machine has, at the turns of its work: what the kernel read is
 * then told apart from what the probe did. A write to an unassigned port goes to QEMU, which drops it.
 */
#define MARK_PORT 0x5c1
#define MARK_BASE 0xa0

enum { COUNTER_PM, COUNTER_HPET, COUNTERS };

struct exits_mark {
	/* Since the first KVM_RUN; 0 where the mark was never made. */
	uint64_t t_ns;
	uint64_t reads[COUNTERS];
};

struct exits {
	uint32_t magic;
	uint32_t version;
	/* KVM_RUN returns, and those for a port or a memory access. */
	uint64_t runs;
	uint64_t io;
	uint64_t mmio;
	uint64_t reads[COUNTERS];
	/* Time really added, and how many reads got the disturbance as well. */
	uint64_t added_ns[COUNTERS];
	uint64_t disturbed[COUNTERS];
	struct exits_mark marks[EXITS_MARKS];
	/* Reads in each second since the first KVM_RUN; the last one also counts all that came later. */
	uint32_t per_second[COUNTERS][EXITS_SECONDS];
};

#endif
