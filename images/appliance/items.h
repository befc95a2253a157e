/* The fw_cfg items opt/tscmatrix/ of the appliance's machine: what a cell brings in. */
#ifndef ITEMS_H
#define ITEMS_H

/* The whole item with a NUL after it; NULL where there is none. For texts of a few kB. */
char *item_text(const char *name);

/* Copies an item of any size into a file; returns what went wrong, or NULL. Needs iopl(3). */
const char *item_to_file(const char *name, const char *path);

/* The whole file with a NUL after it, or NULL. */
char *slurp(const char *path, unsigned long *length);

#endif
