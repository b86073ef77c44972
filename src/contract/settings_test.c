/* Settings: bad ones and what is said of them, then who wins over whom, and what each role gets to know. */
#include "contract/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "contract/nearest.h"
#include "system/files.h"

/* A data folder of the test's own. */
typedef struct scene {
    char folder[64];
    int fd;
} scene;

static int set_up(void **state) {
    scene *s = calloc(1, sizeof *s);
    strncpy(s->folder, "/tmp/keyhold-settings-XXXXXX", sizeof s->folder - 1);
    if (!mkdtemp(s->folder) || FAILED(files_open_folder(FILES_HERE, s->folder, &s->fd))) return -1;
    if (FAILED(files_make_folder(s->fd, "conf.d"))) return -1;
    *state = s;
    return 0;
}

static int tear_down(void **state) {
    scene *s = *state;
    status_ignore(files_unlink(s->fd, "keyhold.conf"));
    status_ignore(files_unlink(s->fd, "conf.d/10.conf"));
    status_ignore(files_unlink(s->fd, "conf.d/20.conf"));
    status_ignore(files_unlink(s->fd, "conf.d/notes.txt"));
    status_ignore(files_remove_folder(s->fd, "conf.d"));
    status_ignore(files_remove_folder(FILES_HERE, s->folder));
    files_close(s->fd);
    free(s);
    return 0;
}

static void write_file(scene *s, const char *name, const char *text) {
    assert_false(FAILED(files_write_atomic(s->fd, name, slice_of_text(text))));
}

static status load(scene *s, settings *out, buffer *complaint) {
    settings_sources from = {.data = s->folder};
    return settings_load(&from, out, complaint);
}

/* The sentence must contain `expected`. */
static void refused_file(scene *s, const char *text, enum status_code why, const char *expected) {
    OWNED(settings) loaded = {0};
    OWNED(buffer) complaint = {0};
    write_file(s, "keyhold.conf", text);
    assert_int_equal(load(s, &loaded, &complaint).code, why);
    if (slice_find(buffer_slice(&complaint), slice_of_text(expected)) == SIZE_MAX)
        fail_msg("%.*s does not say: %s", SLICE_ARGS(buffer_slice(&complaint)), expected);
}

static void test_bad_files(void **state) {
    scene *s = *state;
    refused_file(s, "[server]\nhtp = off\n", FAILURE_INVALID_PARAMETER,
                 "keyhold.conf:2: unknown setting \"htp\" in [server]; did you mean \"http\"?");
    refused_file(s, "\n[sever]\nhttp = off\n", FAILURE_INVALID_PARAMETER,
                 "keyhold.conf:3: unknown section [sever]; did you mean \"server\"?");
    refused_file(s, "[server]\nquantum = yes\n", FAILURE_INVALID_PARAMETER, "unknown setting \"quantum\" in [server]");
    refused_file(s, "http = off\n", FAILURE_INVALID_PARAMETER, "put it under [server]");
    refused_file(s, "[seal]\nhttp = off\n", FAILURE_INVALID_PARAMETER, "unknown setting \"http\" in [seal]");
    refused_file(s, "[server]\n\nregion\n", FAILURE_MALFORMED, "keyhold.conf:3: this line is neither");
    refused_file(s, "[server]\ndata = /elsewhere\n", FAILURE_INVALID_PARAMETER, "keyhold.conf:2: data cannot be set");
}

static void test_bad_values(void **state) {
    scene *s = *state;
    refused_file(s, "[server]\nregion = CN\n", FAILURE_INVALID_PARAMETER, "keyhold.conf:2: region must be 1 to 64");
    refused_file(s, "[server]\nregion =\n", FAILURE_INVALID_PARAMETER, "region must be");
    refused_file(s, "[server]\ngateways = 65\n", FAILURE_INVALID_PARAMETER,
                 "gateways must be a number from 0 to 64, not \"65\"");
    refused_file(s, "[server]\ngateways = -1\n", FAILURE_INVALID_PARAMETER, "from 0 to 64");
    refused_file(s, "[server]\nmax_connections = many\n", FAILURE_INVALID_PARAMETER, "not \"many\"");
    refused_file(s, "[server]\nmax_connections = 0\n", FAILURE_INVALID_PARAMETER, "from 1 to 60000");
    refused_file(s, "[server]\ndurable = perhaps\n", FAILURE_INVALID_PARAMETER, "durable must be yes or no");
    refused_file(s, "[server]\nlog_level = loud\n", FAILURE_INVALID_PARAMETER,
                 "must be debug, info, warning or error, not \"loud\"");
    refused_file(s, "[server]\nhostnames = a,,b\n", FAILURE_INVALID_PARAMETER, "host names");
    refused_file(s, "[server]\nhostnames = a b\n", FAILURE_INVALID_PARAMETER, "host names");
    refused_file(s, "[seal]\nprovider = magic\n", FAILURE_INVALID_PARAMETER, "must be file, not \"magic\"");
}

static void test_bad_addresses(void **state) {
    scene *s = *state;
    static const char *const malformed[] = {"localhost:8080", "127.0.0.1",    "127.0.0.1:", "127.0.0.1:65536",
                                            ":8080",          "::1:8080",     "[::1]",      "[127.0.0.1]:80",
                                            "127.0.0.1:+80",  "1.2.3.4.5:80", "[::1:8080",  "none"};
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "[server]\nhttps = %s\n", malformed[i]);
        refused_file(s, text, FAILURE_INVALID_PARAMETER, "https must be a numeric address with a port");
    }
    static const char *const open[] = {"0.0.0.0:8080", "192.0.2.1:8080", "[::]:8080", "[2001:db8::1]:80",
                                       "128.0.0.1:80"};
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "[server]\nhttp = %s\n", open[i]);
        refused_file(s, text, FAILURE_INVALID_PARAMETER, "plain HTTP, which is offered on loopback addresses only");
    }
}

static void refused_variable(const char *variable, const char *expected) {
    OWNED(settings) loaded = {0};
    OWNED(buffer) complaint = {0};
    const char *environment[] = {"HOME=/", variable, NULL};
    settings_sources from = {.data = "/nowhere", .environment = environment};
    assert_int_equal(settings_load(&from, &loaded, &complaint).code, FAILURE_INVALID_PARAMETER);
    if (slice_find(buffer_slice(&complaint), slice_of_text(expected)) == SIZE_MAX)
        fail_msg("%.*s does not say: %s", SLICE_ARGS(buffer_slice(&complaint)), expected);
}

static void test_bad_environment_and_flags(void **state) {
    (void)state;
    refused_variable("KEYHOLD_SERVER_HTTP=0.0.0.0:80", "environment KEYHOLD_SERVER_HTTP: http is plain HTTP");
    refused_variable("KEYHOLD_SERVER_REGOIN=x",
                     "environment KEYHOLD_SERVER_REGOIN: there is no such setting; did you mean \"region\"?");
    OWNED(settings) loaded = {0};
    OWNED(buffer) complaint = {0};
    setting_flag flag = {SETTING_GATEWAYS, SLICE("none")};
    settings_sources from = {.data = "/nowhere", .flags = &flag, .flag_count = 1};
    assert_int_equal(settings_load(&from, &loaded, &complaint).code, FAILURE_INVALID_PARAMETER);
    assert_true(slice_starts_with(buffer_slice(&complaint), SLICE("--gateways: gateways must be a number")));
    buffer_reset(&complaint);
    from = (settings_sources){.config_path = "/nowhere/keyhold.conf"};
    assert_int_equal(settings_load(&from, &loaded, &complaint).code, FAILURE_NOT_FOUND);
    assert_true(slice_starts_with(buffer_slice(&complaint), SLICE("/nowhere/keyhold.conf: cannot be read")));
}

static void is_set(const settings *s, enum setting_id id, const char *value, const char *origin) {
    OWNED(buffer) told = {0};
    assert_string_equal(settings_string(s, id), value);
    assert_false(FAILED(settings_tell_origin(s, id, &told)));
    if (!slice_ends_with(buffer_slice(&told), slice_of_text(origin)))
        fail_msg("%.*s, not %s", SLICE_ARGS(buffer_slice(&told)), origin);
}

static void test_who_wins(void **state) {
    scene *s = *state;
    OWNED(settings) loaded = {0};
    OWNED(buffer) complaint = {0};
    write_file(s, "keyhold.conf",
               "[server]\nregion = a\nhttp = off\nhttps = 0.0.0.0:443\ngateways = 2\nlog_level = debug\n");
    write_file(s, "conf.d/20.conf", "[server]\nhttp = [::1]:80\nhttps = [::]:443\n");
    write_file(s, "conf.d/10.conf", "[server]\nhttp = 127.0.0.1:80\nhttps = off\ngateways = 3\ndurable = FALSE\n");
    write_file(s, "conf.d/notes.txt", "not a setting\n");
    const char *environment[] = {"KEYHOLD_SERVER_REGION=b", "KEYHOLD_SERVER_GATEWAYS=4",  "KEYHOLD_ENDPOINT=x",
                                 "KEYHOLD_LIBEXEC=/x",      "KEYHOLD_SEAL_PROVIDER=file", NULL};
    setting_flag flag = {SETTING_REGION, SLICE("c")};
    settings_sources from = {.data = s->folder, .environment = environment, .flags = &flag, .flag_count = 1};
    assert_false(FAILED(settings_load(&from, &loaded, &complaint)));
    is_set(&loaded, SETTING_REGION, "c", "--region");
    is_set(&loaded, SETTING_GATEWAYS, "4", "environment KEYHOLD_SERVER_GATEWAYS");
    is_set(&loaded, SETTING_HTTP, "[::1]:80", "conf.d/20.conf:2");
    is_set(&loaded, SETTING_HTTPS, "[::]:443", "conf.d/20.conf:3");
    is_set(&loaded, SETTING_DURABLE, "no", "conf.d/10.conf:5");
    is_set(&loaded, SETTING_LOG_LEVEL, "debug", "keyhold.conf:6");
    is_set(&loaded, SETTING_MAX_CONNECTIONS, "1024", "default");
    assert_int_equal(settings_number(&loaded, SETTING_GATEWAYS), 4);
    assert_true(settings_is(&loaded, SETTING_DATA, s->folder));
}

static void test_named_file(void **state) {
    scene *s = *state;
    OWNED(settings) loaded = {0};
    OWNED(buffer) complaint = {0};
    char path[128];
    write_file(s, "keyhold.conf", "[server]\ndata = /elsewhere\n");
    write_file(s, "conf.d/10.conf", "[server]\nhttp = off\n");
    write_file(s, "conf.d/20.conf", "[server]\n");
    snprintf(path, sizeof path, "%s/keyhold.conf", s->folder);
    settings_sources from = {.config_path = path};
    assert_false(FAILED(settings_load(&from, &loaded, &complaint)));
    is_set(&loaded, SETTING_DATA, "/elsewhere", "keyhold.conf:2");
    is_set(&loaded, SETTING_HTTP, "off", "conf.d/10.conf:2");
}

static slice told(const pair_list *list, const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (slice_equals_text(list->at[i].key, name)) return list->at[i].value;
    return (slice){0};
}

static void test_roles(void **state) {
    scene *s = *state;
    OWNED(settings) loaded = {0};
    OWNED(buffer) complaint = {0};
    OWNED(arena) memory = {0};
    pair_list core, vault;
    write_file(s, "keyhold.conf", "[server]\nbase_domains = oss.test\n");
    write_file(s, "conf.d/10.conf", "");
    write_file(s, "conf.d/20.conf", "");
    assert_false(FAILED(load(s, &loaded, &complaint)));
    assert_false(FAILED(settings_for_role(&loaded, ROLE_CORE, 2, &memory, &core)));
    assert_true(slice_equals_text(told(&core, "is_durable"), "yes"));
    assert_true(slice_equals_text(told(&core, "region"), "cn-hangzhou"));
    assert_true(slice_is_absent(told(&core, "base_domains")));
    assert_false(FAILED(settings_for_role(&loaded, ROLE_VAULT, 0, &memory, &vault)));
    assert_int_equal(vault.count, 2);
    assert_true(slice_equals_text(told(&vault, "login_domain"), "localhost"));
    assert_true(slice_equals_text(told(&vault, "log_level"), "info"));
}

/* What is written reads back the same, and nothing in it is unknown. */
static void test_written_file(void **state) {
    scene *s = *state;
    OWNED(settings) first = {0}, second = {0};
    OWNED(buffer) complaint = {0}, text = {0};
    setting_flag flags[] = {{SETTING_REGION, SLICE("eu-central-1")}, {SETTING_HTTPS, SLICE("0.0.0.0:443")}};
    settings_sources from = {.data = "/nowhere", .flags = flags, .flag_count = 2};
    assert_false(FAILED(settings_load(&from, &first, &complaint)));
    assert_false(FAILED(settings_write_file(&first, &text)));
    assert_false(FAILED(buffer_append_byte(&text, 0)));
    write_file(s, "conf.d/10.conf", "");
    write_file(s, "conf.d/20.conf", "");
    write_file(s, "keyhold.conf", (const char *)text.at + 0);
    assert_int_equal(slice_find(buffer_slice(&text), SLICE("data")) == SIZE_MAX, 0); /* "data folder" in a help line */
    assert_true(slice_find(buffer_slice(&text), SLICE("\ndata =")) == SIZE_MAX);
    assert_true(slice_find(buffer_slice(&text), SLICE("\n#gateways = 0\n")) != SIZE_MAX);
    text.len--;
    assert_false(FAILED(files_write_atomic(s->fd, "keyhold.conf", buffer_slice(&text))));
    assert_false(FAILED(load(s, &second, &complaint)));
    for (int id = 0; id < SETTING_COUNT; id++) {
        if (id == SETTING_DATA) continue;
        assert_true(
            slice_equals(settings_text(&first, (enum setting_id)id), settings_text(&second, (enum setting_id)id)));
    }
}

static void test_names_of_flags(void **state) {
    (void)state;
    enum setting_id id;
    assert_true(setting_by_flag(SLICE("max-connections"), &id) && id == SETTING_MAX_CONNECTIONS);
    assert_true(setting_by_flag(SLICE("seal-provider"), &id) && id == SETTING_SEAL_PROVIDER);
    assert_false(setting_by_flag(SLICE("max_connections"), &id));
    assert_false(setting_by_flag(SLICE("provider"), &id));
    assert_false(setting_by_flag(SLICE("seal-"), &id));
    assert_false(setting_by_flag(SLICE(""), &id));
    assert_int_equal(nearest_distance(SLICE("kitten"), SLICE("sitting")), 3);
    assert_int_equal(nearest_distance(SLICE("ab"), SLICE("ba")), 1);
    assert_int_equal(nearest_distance(SLICE(""), SLICE("abc")), 3);
    assert_int_equal(nearest_distance(SLICE("HTTP"), SLICE("http")), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_files),      cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_bad_addresses),  cmocka_unit_test(test_bad_environment_and_flags),
        cmocka_unit_test(test_who_wins),       cmocka_unit_test(test_named_file),
        cmocka_unit_test(test_roles),          cmocka_unit_test(test_written_file),
        cmocka_unit_test(test_names_of_flags),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
