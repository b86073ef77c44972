/* Memory for the parsers we use: freed copies are overwritten, because bodies may carry plaintexts and secrets. */
#ifndef FORMAT_WIPING_H
#define FORMAT_WIPING_H

#include <stddef.h>

/* The same contracts as malloc, realloc and free. */
void *wiping_take(size_t bytes);
void *wiping_resize(void *at, size_t bytes);
void wiping_give_back(void *at);

#endif
