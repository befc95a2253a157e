/* The line protocol of docs/probe-protocol.md: frames with a number and a checksum on the console. */
#ifndef FRAME_H
#define FRAME_H

#include <stddef.h>
#include <stdint.h>

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

/* From now on frames wait for frames_flush(), or for so many that they fill a group. */
void frames_hold(void);

/* Sends what waits; after it, all of it is on the wire, and was sent again if the kernel spoke meanwhile. */
void frames_flush(void);

/* All frames so far, those that wait too. */
unsigned int frames_sent(void);

/* CRC-32 (IEEE, as zlib's) of bytes after those that gave crc; 0 to begin with. */
uint32_t crc32_more(uint32_t crc, const char *bytes, size_t length);

#endif
