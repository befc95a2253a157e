/** Constants of the kernel that more than one room needs, by the kernel's own names if it has one. */

/** arch/x86/kernel/tsc.c tsc_read_refs(): so many tries make one sample. */
export const MAX_RETRIES = 5;
/** tsc.c up to 4.20 SMI_TRESHOLD: a try that took longer is rejected, TSC cycles. */
export const SMI_TRESHOLD = 50_000;
/** tsc.c from 5.0 on (a786ef152cdc): a try that took longer than `tsc_khz >> 5` is rejected, TSC cycles. */
export const relativeLimit = (khz: number): number => Math.floor(khz / 32);
/** The stop sample is taken HZ after the start sample: no refinement ends sooner. Less 5 % for clocks that differ, s. */
export const MIN_REFINEMENT_S = 0.95;
/** kernel/time/clocksource.c WATCHDOG_INTERVAL (HZ >> 1), ns. */
export const WATCHDOG_INTERVAL_NS = 500_000_000;
/** include/linux/acpi_pmtmr.h PMTMR_TICKS_PER_SEC; the counter has 24 bits, and wraps after 4.69 s. */
export const PMTMR_TICKS_PER_SEC = 3_579_545;
export const PMTMR_WRAP_NS = (2 ** 24 / PMTMR_TICKS_PER_SEC) * 1e9;
