/* Tags as a list. */
#include "service/tag_list.h"

tag *tag_list_find(const tag_list *of, slice name) {
    for (size_t i = 0; i < of->count; i++)
        if (slice_equals(of->at[i].tag_key, name)) return &of->at[i];
    return NULL;
}

status tag_list_set(tag_list *of, const tag *tags, size_t count, arena *memory) {
    tag *all = ARENA_ARRAY(memory, tag, of->count + count + 1);
    ENSURE(all != NULL, OUT_OF_MEMORY);
    if (of->count) memcpy(all, of->at, of->count * sizeof *all);
    of->at = all;
    for (size_t i = 0; i < count; i++) {
        tag *there = tag_list_find(of, tags[i].tag_key);
        if (there) there->tag_value = tags[i].tag_value;
        else of->at[of->count++] = tags[i];
    }
    return OK;
}

void tag_list_drop(tag_list *of, const slice *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        tag *there = tag_list_find(of, names[i]);
        if (!there) continue;
        memmove(there, there + 1, (size_t)(of->at + of->count - there - 1) * sizeof *there);
        of->count--;
    }
}
