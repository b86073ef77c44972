/* Tags of one resource as a list that grows and shrinks. */
#ifndef SERVICE_TAG_LIST_H
#define SERVICE_TAG_LIST_H

#include "base/arena.h"
#include "contract/contract_tables.h"

typedef struct tag_list {
    tag *at;
    size_t count;
} tag_list;

/* NULL when there is none of that name. */
tag *tag_list_find(const tag_list *of, slice name);
/* Those already there get the new value. The new list lives in the arena. */
status tag_list_set(tag_list *of, const tag *tags, size_t count, arena *memory);
void tag_list_drop(tag_list *of, const slice *names, size_t count);

#endif
