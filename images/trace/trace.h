/* What the kernel traced since its boot (docs/traces.md). Only in the probe of guests that are traced: -DTRACED. */
#ifndef TRACE_H
#define TRACE_H

/* Stops the tracing and reports it: frames of the kinds trace, traceinfo, traceprobe, traceerror and tracefunc. */
void report_trace(void);

#endif
