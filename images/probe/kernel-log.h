/* The kernel's log: all of it, or checksums by which a reader finds it whole on the console itself. */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

/* Sends the dmesg frames, or the logsum frame where tscprobe.log=digest asks for it and the console shows the log. */
void report_kernel_log(void);

#endif
