/* What `keyhold doctor` looks at. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/invocation.h"

enum finding_state { FINDING_FINE, FINDING_WARNING, FINDING_WRONG };

typedef struct finding {
    const char *check; /* static text */
    enum finding_state state;
    char text[320];
    char advice[240]; /* "" when there is none */
} finding;

enum { FINDINGS_MOST = 40 };

typedef struct findings {
    finding at[FINDINGS_MOST];
    size_t count;
} findings;

/* Adds one; further ones than fit are dropped. */
finding *finding_add(findings *all, const char *check, enum finding_state state, const char *text, ...)
    __attribute__((format(printf, 4, 5)));
void finding_advise(finding *f, const char *advice, ...) __attribute__((format(printf, 2, 3)));

/* The machine: kernel, processor, swap, core dumps. */
void doctor_check_machine(findings *all);
/* The data folder: who can reach it, the root key, certificate, room on the disk. */
void doctor_check_folder(findings *all, const char *data);

#endif
