/* For the supervisor's files only: its state, and what they call of each other. */
#ifndef ROLE_SUPERVISOR_H
#define ROLE_SUPERVISOR_H

#include "role/supervisor/credentials.h"
#include "role/supervisor/family.h"
#include "role/supervisor/folder.h"
#include "role/supervisor/options.h"
#include "system/notify.h"

typedef struct supervisor {
    supervisor_options options;
    settings settings;
    chosen_account chosen;
    data_folder folder;
    loop *loop;
    family *family;
    notify notify;
    arena memory;
    char temporary[PATH_MAX];        /* folder to be removed at the end, or empty */
    int64_t started_ms, stopping_ms; /* 0: not stopping */
    int null_fd;
    size_t gateway_count;
    int plain_fds[FAMILY_GATEWAYS_MOST], tls_fds[FAMILY_GATEWAYS_MOST]; /* -1: not open */
    slice http, https;                                                  /* addresses with their ports, or absent */
    bool is_awaiting_account;                                           /* the answer to BOOTSTRAP has not come */
    bool is_announced;                                                  /* ready was said */
    bool has_failed;
    bootstrapped_message account; /* of an account made now; in the memory of `chosen` */
} supervisor;

/* Each does its job to the end; a failure has a sentence in *complaint, or was logged when that stays empty. */
status supervisor_init(supervisor *s, buffer *complaint);  /* init.c */
status supervisor_serve(supervisor *s, buffer *complaint); /* serve.c */

/* supervisor.c */
/* Settings from all sources. */
status supervisor_load_settings(const supervisor *s, settings *out, buffer *complaint);
/* The log from now on as the settings say. */
void supervisor_log_as_set(const supervisor *s);
/* Finds the executables, enters the sandbox; then all children are started and connected. */
status supervisor_start_family(supervisor *s, const family_plan *plan, buffer *complaint);
/* Asks core for the account. */
status supervisor_bootstrap(supervisor *s);
/* Keeps the answer and writes the account's id down. A refusal is logged: s->has_failed. */
void supervisor_take_account(supervisor *s, const bootstrapped_message *result);
/* Overwrites what is known of the account and of chosen credentials. */
void supervisor_forget_account(supervisor *s);
/* A child ended too early: stops the others. */
void supervisor_give_up(supervisor *s);

/* listen.c */
status supervisor_listen(supervisor *s, buffer *complaint);
void supervisor_close_listeners(supervisor *s);

/* report.c: what goes to stdout */
void report_account(const supervisor *s, slice existing_account);
void report_ready(const supervisor *s);

#endif
