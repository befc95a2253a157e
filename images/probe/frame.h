/* The line protocol of docs/probe-protocol.md: frames with a number and a checksum on the console. */
#ifndef FRAME_H
#define FRAME_H

#include <stddef.h>

#define NONCE_LENGTH 8
/* Longest payload of one frame, in characters as sent; longer text goes on in the next frame. */
#define PAYLOAD_MAX 800

/* Takes stdout for frames. nonce must be NONCE_LENGTH hex digits. */
void frames_open(const char *nonce);

/* Sends text as one or more frames; bytes that are not printable ASCII, and the backslash, become \xHH. */
void frame(const char *kind, const char *text);
void framef(const char *kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for text that is escaped already, as /dev/kmsg gives it. */
void frame_escaped(const char *kind, const char *text);

unsigned int frames_sent(void);

#endif
