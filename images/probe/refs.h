/* The reference counters that the kernel calibrates the TSC against: where they are, what a read costs. */
#ifndef REFS_H
#define REFS_H

/* Sends the acpi, pmtimer, hpet and refcost frames. */
void report_references(void);

#endif
