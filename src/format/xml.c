/* The XML parser: expat reads, its elements become nodes in the arena. */
#include "format/xml.h"

#include <expat.h>
#include <stdio.h>

#include "base/table.h"
#include "base/text.h"
#include "format/wiping.h"

static const XML_Char SPACE_END = '\n'; /* between namespace and name in expat's names */

/* An element still open: its node, its text so far, the last of its own elements. */
typedef struct open_element {
    xml *node;
    xml *last;
    size_t text_start; /* in the reader's text buffer */
} open_element;

typedef struct reader {
    XML_Parser parser;
    arena *memory;
    open_element open[XML_DEPTH_MOST];
    size_t depth;
    size_t nodes;
    xml *root;
    buffer text; /* texts of the open elements, one behind the other */
    status failure;
    const char *reason;
} reader;

static void reader_refuse(reader *r, status failure, const char *reason) {
    if (FAILED(r->failure)) return;
    r->failure = failure;
    r->reason = reason;
    XML_StopParser(r->parser, XML_FALSE);
}

static slice local_name(const XML_Char *name) {
    slice whole = slice_of_text(name);
    size_t end = slice_find_byte(whole, (uint8_t)SPACE_END);
    return end == SIZE_MAX ? whole : slice_skip(whole, end + 1);
}

static bool is_blank_text(slice text) { return slice_trim(text).len == 0; }

/* An element inside another: what the outer one held so far may only be blanks, which are dropped. */
static bool child_link(reader *r, xml *node) {
    open_element *outer = &r->open[r->depth - 1];
    if (!is_blank_text(slice_skip(buffer_slice(&r->text), outer->text_start))) {
        reader_refuse(r, FAIL(MALFORMED), "text beside elements");
        return false;
    }
    r->text.len = outer->text_start;
    if (outer->last) outer->last->next = node;
    else outer->node->first = node;
    outer->last = node;
    outer->node->count++;
    return true;
}

static void on_start(void *context, const XML_Char *name, const XML_Char **attributes) {
    (void)attributes;
    reader *r = context;
    if (FAILED(r->failure)) return;
    if (r->depth == XML_DEPTH_MOST) return reader_refuse(r, FAIL(MALFORMED), "nested too deeply");
    if (++r->nodes > XML_NODES_MOST) return reader_refuse(r, FAIL(TOO_LARGE), "too many elements");
    xml *node = ARENA_NEW(r->memory, xml);
    if (!node || FAILED(arena_copy(r->memory, local_name(name), &node->name)))
        return reader_refuse(r, FAIL(OUT_OF_MEMORY), "the elements need more memory than they may use");
    if (r->depth == 0) r->root = node;
    else if (!child_link(r, node)) return;
    r->open[r->depth++] = (open_element){node, NULL, r->text.len};
}

static void on_end(void *context, const XML_Char *name) {
    (void)name;
    reader *r = context;
    if (FAILED(r->failure) || r->depth == 0) return;
    open_element *element = &r->open[--r->depth];
    slice text = slice_skip(buffer_slice(&r->text), element->text_start);
    if (element->node->first && !is_blank_text(text)) return reader_refuse(r, FAIL(MALFORMED), "text beside elements");
    if (element->node->first) text = slice_head(text, 0);
    if (FAILED(arena_copy(r->memory, text, &element->node->text)))
        return reader_refuse(r, FAIL(OUT_OF_MEMORY), "the elements need more memory than they may use");
    r->text.len = element->text_start;
}

static void on_text(void *context, const XML_Char *text, int len) {
    reader *r = context;
    if (FAILED(r->failure) || r->depth == 0) return;
    if (FAILED(buffer_append(&r->text, slice_of(text, (size_t)len))))
        reader_refuse(r, FAIL(OUT_OF_MEMORY), "the text needs more memory than it may use");
}

static void on_doctype(void *context, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                       int has_own) {
    (void)name, (void)system, (void)public, (void)has_own;
    reader_refuse(context, FAIL(MALFORMED), "DOCTYPE is not allowed");
}

/* expat's own sentences do not quote the text. */
static void fault_fill(const reader *r, xml_fault *fault) {
    if (!fault) return;
    fault->line = XML_GetCurrentLineNumber(r->parser);
    fault->column = XML_GetCurrentColumnNumber(r->parser) + 1;
    XML_Index position = XML_GetCurrentByteIndex(r->parser);
    fault->position = position > 0 ? (size_t)position : 0;
    const char *reason = r->reason ? r->reason : XML_ErrorString(XML_GetErrorCode(r->parser));
    snprintf(fault->reason, sizeof fault->reason, "%s", reason ? reason : "not XML here");
}

static void fault_at_start(const char *reason, xml_fault *fault) {
    if (!fault) return;
    *fault = (xml_fault){.line = 1, .column = 1};
    snprintf(fault->reason, sizeof fault->reason, "%s", reason);
}

/* Encoding is UTF-8 whatever the document says; the salt comes from the process' own keyed hash, so expat asks nobody.
 */
static status reader_open(reader *r) {
    static const XML_Memory_Handling_Suite memory = {wiping_take, wiping_resize, wiping_give_back};
    r->parser = XML_ParserCreate_MM("UTF-8", &memory, (const XML_Char[]){SPACE_END, 0});
    ENSURE(r->parser != NULL, OUT_OF_MEMORY);
    XML_SetHashSalt(r->parser, (unsigned long)table_hash(SLICE("names of XML elements")) | 1);
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    return OK;
}

static status reader_run(reader *r, slice text) {
    enum XML_Status parsed = XML_Parse(r->parser, text.at ? (const char *)text.at : "", (int)text.len, XML_TRUE);
    if (FAILED(r->failure)) return r->failure;
    if (parsed == XML_STATUS_OK) return OK;
    return XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY ? FAIL(OUT_OF_MEMORY) : FAIL(MALFORMED);
}

static void reader_clear(reader *r) {
    XML_ParserFree(r->parser);
    buffer_wipe(&r->text);
    buffer_clear(&r->text);
}

status xml_parse(slice text, arena *memory, const xml **out, xml_fault *fault) {
    if (text.len > XML_BYTES_MOST) {
        fault_at_start("the text is too long", fault);
        return FAIL(TOO_LARGE);
    }
    if (!utf8_is_valid(text)) {
        fault_at_start("not UTF-8", fault);
        return FAIL(MALFORMED);
    }
    OWNED(reader) r = {.memory = memory};
    TRY(reader_open(&r));
    status result = reader_run(&r, text);
    if (FAILED(result)) {
        fault_fill(&r, fault);
        return result;
    }
    *out = r.root;
    return OK;
}

const xml *xml_child(const xml *parent, const char *name) {
    if (!parent) return NULL;
    for (const xml *each = parent->first; each; each = each->next)
        if (slice_equals_text(each->name, name)) return each;
    return NULL;
}

bool xml_child_text(const xml *parent, const char *name, slice *out) {
    const xml *child = xml_child(parent, name);
    if (!child) return false;
    *out = child->text;
    return true;
}
