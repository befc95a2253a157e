/* Port and memory accesses that a CPU or an emulator may refuse, without the end of the probe. */
#ifndef PORTS_H
#define PORTS_H

/* Does the work, and returns the name of the signal that ended it early, or NULL. */
const char *try_access(void (*work)(void *), void *argument);

/* Writes one byte; where that is not allowed, nothing happens. */
void write_port(unsigned int port, unsigned char value);

/* Tells who counts this guest's exits (images/exits/exits.h) that the probe has come to its nth turn. */
void mark(unsigned int n);

#endif
