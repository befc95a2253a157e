/*
 * Linux reads a byte of fw_cfg at a time, and a part of an item by reading all before it again (fw_cfg_read_blob() in
 * drivers/firmware/qemu_fw_cfg.c). That will do for a command line. A kernel is fetched by the device's own DMA
 * (docs/specs/fw_cfg.rst in QEMU) into memory that was kept from the kernel with memmap=; it comes at once and whole, so
 * nothing of the host's timing comes with it.
 */
#define _GNU_SOURCE
#include "items.h"

#include <byteswap.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <unistd.h>

#define FOLDER "/sys/firmware/qemu_fw_cfg/by_name/opt/tscmatrix"
/* harness/guest/launch/nested-arguments.ts reserves it. */
#define WINDOW_ADDRESS 0x4000000ul
#define WINDOW_BYTES 0x400000ul
#define HEAD_BYTES 4096ul

#define DMA_PORT_HIGH 0x514
#define DMA_PORT_LOW 0x518
#define DMA_ERROR 0x01u
#define DMA_READ 0x02u
#define DMA_SELECT 0x08u

struct dma_access {
	uint32_t control;
	uint32_t length;
	uint64_t address;
};

char *slurp(const char *path, unsigned long *length)
{
	size_t size = 0, room = 65536;
	char *text = malloc(room + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0 || !text)
		return NULL;
	while ((got = read(fd, text + size, room - size)) > 0) {
		size += got;
		if (size == room)
			text = realloc(text, (room *= 2) + 1);
	}
	close(fd);
	text[size] = 0;
	if (length)
		*length = size;
	return text;
}

static char *attribute(const char *name, const char *what)
{
	char path[256];

	snprintf(path, sizeof(path), FOLDER "/%s/%s", name, what);
	return slurp(path, NULL);
}

char *item_text(const char *name)
{
	return attribute(name, "raw");
}

static long number(const char *name, const char *what)
{
	char *text = attribute(name, what);
	long value = text ? strtol(text, NULL, 10) : -1;

	free(text);
	return value;
}

static int transfer(volatile struct dma_access *access, uint32_t control, uint32_t length)
{
	access->control = bswap_32(control);
	access->length = bswap_32(length);
	access->address = bswap_64(WINDOW_ADDRESS + HEAD_BYTES);
	outl(bswap_32((uint64_t)WINDOW_ADDRESS >> 32), DMA_PORT_HIGH);
	/* The lower half starts it; QEMU has it done before the instruction ends. */
	outl(bswap_32((uint32_t)WINDOW_ADDRESS), DMA_PORT_LOW);
	return access->control == 0 ? 0 : -1;
}

static const char *copy(int to, unsigned char *window, long key, long left)
{
	uint32_t control = (uint32_t)key << 16 | DMA_SELECT | DMA_READ;

	while (left > 0) {
		const long room = WINDOW_BYTES - HEAD_BYTES;
		uint32_t part = left > room ? room : left;

		if (transfer((struct dma_access *)window, control, part))
			return "fw_cfg refused the transfer";
		if (write(to, window + HEAD_BYTES, part) != (ssize_t)part)
			return strerror(errno);
		left -= part;
		control = DMA_READ;
	}
	return NULL;
}

const char *item_to_file(const char *name, const char *path)
{
	long key = number(name, "key"), size = number(name, "size");
	int memory = open("/dev/mem", O_RDWR | O_CLOEXEC), to;
	unsigned char *window;
	const char *fault;

	if (key < 0 || size <= 0)
		return "there is no such item";
	if (memory < 0)
		return "/dev/mem cannot be opened";
	window = mmap(NULL, WINDOW_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memory, WINDOW_ADDRESS);
	close(memory);
	if (window == MAP_FAILED)
		return "/dev/mem cannot be mapped";
	to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	fault = to < 0 ? strerror(errno) : copy(to, window, key, size);
	if (to >= 0)
		close(to);
	munmap(window, WINDOW_BYTES);
	return fault;
}
