/* XML 1.0: a bounded parser into simple nodes (no DTD, no entities of one's own) and a writer. */
#ifndef FORMAT_XML_H
#define FORMAT_XML_H

#include "base/arena.h"
#include "base/buffer.h"

enum {
    XML_BYTES_MOST = 4 << 20, /* of text; a caller with a smaller limit compares text.len first */
    XML_DEPTH_MOST = 16,      /* elements inside one another */
    XML_NODES_MOST = 1 << 16, /* elements in one text */
};

/* One element. It holds either text or elements. Everything it points to lives in the arena given to xml_parse. */
typedef struct xml {
    slice name;              /* without namespace and prefix */
    slice text;              /* unescaped UTF-8, blanks kept; empty when it holds elements */
    const struct xml *next;  /* the next element of the same parent */
    const struct xml *first; /* its own elements */
    size_t count;
} xml;

/* Where and why a text was refused; line and column count from 1, position in bytes from 0. */
typedef struct xml_fault {
    size_t line;
    size_t column;
    size_t position;
    char reason[96]; /* plain ASCII without any bytes of the text */
} xml_fault;

/* Parses one document. Attributes, comments and processing instructions are passed over. Refused as MALFORMED: what is
 * not well-formed, text that is not UTF-8, DOCTYPE, entities other than the five predefined ones and character
 * references, text beside elements, nesting beyond XML_DEPTH_MOST. TOO_LARGE past XML_BYTES_MOST or XML_NODES_MOST;
 * OUT_OF_MEMORY when the arena's limit is reached. *fault is written on failure and may be NULL. No call to the kernel
 * but for memory; freed copies are overwritten. The process should have called table_seed before. */
status xml_parse(slice text, arena *memory, const xml **out, xml_fault *fault);

/* The first element of that name, or NULL; NULL for NULL. */
const xml *xml_child(const xml *parent, const char *name);
/* Text of the first element of that name. False, and nothing written, when there is none. */
bool xml_child_text(const xml *parent, const char *name, slice *out);

/* Whether XML 1.0 §2.2 has a way to carry the text: UTF-8 without control characters other than tab, LF and CR, and
 * without U+FFFE and U+FFFF. What it cannot carry the caller percent-encodes (EncodingType) or refuses. */
bool xml_can_carry(slice text);

/* Writer: xml_writer w = {.out = &buffer}; then the calls below, then xml_finish. The first failure sticks and later
 * calls do nothing, so only xml_finish needs checking. Names are borrowed until the element is closed and are trusted:
 * constants or names from our own tables; they are checked to be XML names in ASCII. */
typedef struct xml_writer {
    buffer *out;
    slice open[XML_DEPTH_MOST];
    unsigned depth;
    bool has_root;
    status failure;
} xml_writer;

/* <?xml version="1.0" encoding="UTF-8"?> and LF; optional, only at the very start. */
void xml_begin(xml_writer *w);
void xml_open(xml_writer *w, slice name);
/* <name xmlns="space"> */
void xml_open_in(xml_writer *w, slice name, slice space);
void xml_close(xml_writer *w);
/* <name>text</name>, escaped; a CR as &#13; so that it comes back. Text XML cannot carry fails with MALFORMED. */
void xml_put_text(xml_writer *w, slice name, slice text);
void xml_put_integer(xml_writer *w, slice name, int64_t value);
void xml_put_bool(xml_writer *w, slice name, bool value);
/* OK when one whole element was written; otherwise the first failure: MALFORMED as above, TOO_LARGE or OUT_OF_MEMORY of
 * the buffer, INTERNAL when the calls did not make XML. */
status xml_finish(xml_writer *w);

#endif
