/* Failures: what the server answers is recognised, and every failure has the exit code the manual says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/trouble.h"
#include "contract/failure.h"

static void expect_server(server_error error, enum status_code failure, enum outcome outcome) {
    trouble t = {0};
    status found = trouble_from_server(&t, &error);
    if (found.code != failure) fail_msg("%.*s is taken for %s", SLICE_ARGS(error.code), status_name(found));
    assert_int_equal(outcome_of(found), outcome);
    assert_int_equal(t.http, error.http);
}

static void answers_are_recognised(void **state) {
    (void)state;
    expect_server((server_error){404, SLICE("Forbidden.KeyNotFound"), SLICE("The specified Key is not found."), {0}},
                  FAILURE_KEY_NOT_FOUND, OUTCOME_NOT_FOUND);
    expect_server(
        (server_error){
            403, SLICE("Forbidden.NoPermission"), SLICE("You are not authorized to do this action: kms:Encrypt"), {0}},
        FAILURE_NO_PERMISSION, OUTCOME_DENIED);
    expect_server((server_error){400, SLICE("SignatureDoesNotMatch"), SLICE("Specified signature is not matched"), {0}},
                  FAILURE_BAD_SIGNATURE, OUTCOME_DENIED);
    expect_server((server_error){409, SLICE("Rejected.Disabled"), {0}, {0}}, FAILURE_KEY_DISABLED, OUTCOME_CONFLICT);
    expect_server((server_error){400, SLICE("AliasAlreadyExists"), {0}, {0}}, FAILURE_ALIAS_EXISTS, OUTCOME_CONFLICT);
    expect_server((server_error){400, SLICE("DryRunOperationError"), SLICE("DryRun: it would have succeeded"), {0}},
                  FAILURE_DRY_RUN, OUTCOME_OK);
    expect_server((server_error){400, SLICE("InvalidCRC64"), {0}, {0}}, FAILURE_BAD_CRC, OUTCOME_VERIFICATION);
    /* the same code: only the message tells */
    expect_server((server_error){403, SLICE("NoPermission"), SLICE("System policies cannot be changed."), {0}},
                  FAILURE_POLICY_SYSTEM, OUTCOME_DENIED);
    expect_server((server_error){404, SLICE("NoSuchKey"), SLICE("The specified key does not exist."), {0}},
                  FAILURE_OBJECT_NOT_FOUND, OUTCOME_NOT_FOUND);
    expect_server((server_error){403,
                                 SLICE("AccessDenied"),
                                 SLICE("This takes the approval of others first: 0 of 1 approvals for the request 0f."),
                                 {0}},
                  FAILURE_APPROVAL_REQUIRED, OUTCOME_PENDING);
    /* nothing is known but the status */
    expect_server((server_error){404, SLICE("Whatever"), SLICE("?"), {0}}, FAILURE_NOT_FOUND, OUTCOME_NOT_FOUND);
    expect_server((server_error){403, {0}, {0}, {0}}, FAILURE_NO_PERMISSION, OUTCOME_DENIED);
    expect_server((server_error){503, {0}, {0}, {0}}, FAILURE_CLOSED, OUTCOME_UNAVAILABLE);
    expect_server((server_error){504, {0}, {0}, {0}}, FAILURE_TIMEOUT, OUTCOME_TIMEOUT);
    expect_server((server_error){418, {0}, {0}, {0}}, FAILURE_INTERNAL, OUTCOME_ERROR);
}

static void expect_diagnostic(slice message, const char *why, const char *diagnostic) {
    trouble t = {0};
    server_error error = {403, SLICE("Forbidden.NoPermission"), message, {0}};
    assert_int_equal(trouble_from_server(&t, &error).code, FAILURE_NO_PERMISSION);
    assert_string_equal(t.why, why);
    assert_string_equal(t.diagnostic, diagnostic);
}

static void a_diagnostic_stays_whole_or_is_left_out(void **state) {
    (void)state;
    static char message[DIAGNOSTIC_ROOM + 64];
    expect_diagnostic(SLICE("You may not: kms:Encrypt (no policy allows it). EncodedDiagnosticMessage: AbC+/="),
                      "You may not: kms:Encrypt (no policy allows it).", "AbC+/=");
    expect_diagnostic(SLICE("No. EncodedDiagnosticMessage: AbC and more"), "No.", "AbC");
    expect_diagnostic(SLICE("No. EncodedDiagnosticMessage: "), "No.", "");
    expect_diagnostic(SLICE("No. EncodedDiagnosticMessage"), "No. EncodedDiagnosticMessage", "");
    expect_diagnostic(SLICE("No. EncodedDiagnosticMessage: A\x1b[1m"), "No.", "A?[1m");
    int begins = snprintf(message, sizeof message, "No. EncodedDiagnosticMessage: ");
    memset(message + begins, 'A', DIAGNOSTIC_ROOM - 1);
    expect_diagnostic(slice_of_text(message), "No.", message + begins);
    message[begins + DIAGNOSTIC_ROOM - 1] = 'A';
    expect_diagnostic(slice_of_text(message), "No.", "");
}

static void own_failures_have_their_codes(void **state) {
    (void)state;
    assert_int_equal(outcome_of(OK), OUTCOME_OK);
    assert_int_equal(outcome_of(FAIL(USAGE)), OUTCOME_USAGE);
    assert_int_equal(outcome_of(FAIL(NOT_FOUND)), OUTCOME_NOT_FOUND);
    assert_int_equal(outcome_of(FAIL(CLOSED)), OUTCOME_UNAVAILABLE);
    assert_int_equal(outcome_of(FAIL(TIMEOUT)), OUTCOME_TIMEOUT);
    assert_int_equal(outcome_of(FAIL(VERIFICATION)), OUTCOME_VERIFICATION);
    assert_int_equal(outcome_of(FAIL(CONFLICT)), OUTCOME_CONFLICT);
    assert_int_equal(outcome_of(FAIL(IO)), OUTCOME_ERROR);
}

static void no_failure_looks_like_success(void **state) {
    (void)state;
#define ONE(name) +1
    for (int code = STATUS_OK + 1; code < 0 STATUS_CODES(ONE); code++) {
        status failure = {(enum status_code)code};
        bool may_be_fine = FAILED_WITH(failure, DRY_RUN);
        assert_true(may_be_fine || outcome_of(failure) != OUTCOME_OK);
        assert_true(outcome_of(failure) <= OUTCOME_PENDING);
    }
}

static void the_first_note_stays_and_is_printable(void **state) {
    trouble t = {0};
    (void)state;
    assert_true(FAILED_WITH(trouble_note(&t, FAIL(IO), "a\033[31m%s", "b\n"), IO));
    (void)trouble_note(&t, FAIL(CLOSED), "later").code;
    assert_string_equal(t.why, "a?[31mb?");
    trouble_advise(&t, "first");
    trouble_advise(&t, "second");
    assert_string_equal(t.next, "first");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_recognised),
        cmocka_unit_test(a_diagnostic_stays_whole_or_is_left_out),
        cmocka_unit_test(own_failures_have_their_codes),
        cmocka_unit_test(no_failure_looks_like_success),
        cmocka_unit_test(the_first_note_stays_and_is_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
