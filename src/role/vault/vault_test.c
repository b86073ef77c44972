/* The vault as a process: this test is its supervisor, core, auditor and a gateway. Arguments: the paths of
 * keyhold-vault and keyhold-keygen. */
#include <stdlib.h>
#include <unistd.h>

#include "contract/message.h"
#include "crypto/asymmetric.h"
#include "custody/test_house.h"
#include "system/channel.h"
#include "system/files.h"
#include "system/secret_pool.h"
#include "system/spawn.h"

enum { WAIT_MS = 20 * 1000, FRAMES_MOST = 8192 };

/* A sanitizer's shadow memory is terabytes wide, and its leak check needs more than the vault's sandbox allows. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

/* One end of a channel, and what came over it. */
typedef struct side {
    enum role from; /* who sends here */
    enum role as;   /* who we are */
    channel *channel;
    slice frames[FRAMES_MOST];
    size_t count, seen;
    bool is_closed;
} side;

static struct {
    const char *vault_path, *keygen_path;
    char folder[64];
    loop *loop;
    test_house house; /* without custody: that is in the vault */
    spawn_child vault, keygen;
    side control, keygen_control, core, auditor;
} t;

static void on_frame(void *context, slice payload, int *fds, size_t fd_count) {
    side *s = context;
    (void)fds;
    assert_int_equal(fd_count, 0);
    assert_true(s->count < FRAMES_MOST);
    ASSERT_OK(arena_copy(&t.house.memory, payload, &s->frames[s->count++]));
}

static void on_closed(void *context, enum channel_end why) {
    (void)why;
    ((side *)context)->is_closed = true;
}

static void side_open(side *s, int fd, enum role from, enum role as) {
    channel_free(s->channel);
    *s = (side){.from = from, .as = as};
    ASSERT_OK(channel_new(t.loop, fd, on_frame, on_closed, s, &s->channel));
}

static void side_send(side *s, enum message_verb verb, const void *value) {
    OWNED(buffer) frame = {0};
    ASSERT_OK(message_encode(verb, value, &frame));
    ASSERT_OK(channel_send(s->channel, buffer_slice(&frame)));
    channel_flush(s->channel);
}

/* The next message; it must be of that verb. */
static void *side_next(side *s, enum message_verb verb) {
    if (s->seen == s->count) ASSERT_OK(channel_receive_waiting(s->channel, WAIT_MS));
    assert_true(s->seen < s->count);
    message m;
    ASSERT_OK(message_decode(s->frames[s->seen++], s->from, s->as, &t.house.memory, &m));
    assert_int_equal(m.verb, verb);
    return m.fields;
}

static void wait_closed(side *s) {
    while (!s->is_closed)
        if (FAILED_WITH(channel_receive_waiting(s->channel, WAIT_MS), TIMEOUT)) fail_msg("the channel stays open");
}

static spawn_child start(const char *path, const char *name, const int *fds, size_t count) {
    const char *const arguments[] = {name, NULL}, *const environment[] = {"ASAN_OPTIONS=detect_leaks=0", NULL};
    spawn_plan plan = {.path = path, .arguments = arguments, .environment = environment};
    plan.descriptors = fds;
    plan.descriptor_count = count;
    spawn_child child;
    ASSERT_OK(spawn_start(&plan, &child));
    return child;
}

static void connect_peer(side *to, connect_message m, int fd) {
    OWNED(buffer) frame = {0};
    ASSERT_OK(message_encode(MESSAGE_CONNECT, &m, &frame));
    if (fd < 0) ASSERT_OK(channel_send(to->channel, buffer_slice(&frame)));
    else ASSERT_OK(channel_send_with_descriptors(to->channel, buffer_slice(&frame), &fd, 1));
    channel_flush(to->channel);
}

static void connect_core(void) {
    int ends[2];
    ASSERT_OK(channel_pair(ends));
    side_open(&t.core, ends[0], ROLE_VAULT, ROLE_CORE);
    connect_peer(&t.control, (connect_message){.peer = ROLE_CORE}, ends[1]);
    const store_key_message *m = side_next(&t.core, MESSAGE_STORE_KEY);
    assert_int_equal(m->key.len, 32);
}

static void connect_auditor(void) {
    int ends[2];
    ASSERT_OK(channel_pair(ends));
    side_open(&t.auditor, ends[0], ROLE_VAULT, ROLE_AUDITOR);
    connect_peer(&t.control, (connect_message){.peer = ROLE_AUDITOR}, ends[1]);
    const log_key_message *m = side_next(&t.auditor, MESSAGE_LOG_KEY);
    assert_int_equal(m->seed.len, 32);
}

static const uint8_t GATEWAY_KEY[33] = "a key for gateway and vault only", KEYGEN_KEY[32] = {10};

static void start_vault(void) {
    int control[2], root_fd;
    char path[128];
    uint8_t root_key[32] = {7};
    snprintf(path, sizeof path, "%s/root.key", t.folder);
    ASSERT_OK(files_write_atomic(FILES_HERE, path, slice_of(root_key, sizeof root_key)));
    ASSERT_OK(files_open_read(FILES_HERE, path, &root_fd));
    ASSERT_OK(channel_pair(control));
    const int fds[] = {control[1], root_fd};
    t.vault = start(t.vault_path, "keyhold-vault", fds, 2);
    close(control[1]), close(root_fd);
    side_open(&t.control, control[0], ROLE_VAULT, ROLE_SUPERVISOR);
    pair begins = {SLICE("may_begin"), SLICE("yes")};
    side_send(&t.control, MESSAGE_CONFIGURE, &(configure_message){.settings = {&begins, 1}});
    connect_peer(
        &t.control,
        (connect_message){.peer = ROLE_GATEWAY, .index = SET_INT(TEST_GATEWAY), .pair_key = slice_of(GATEWAY_KEY, 32)},
        -1);
}

static void start_keygen(void) {
    int control[2], between[2];
    ASSERT_OK(channel_pair(control));
    ASSERT_OK(channel_pair(between));
    const int fds[] = {control[1]};
    t.keygen = start(t.keygen_path, "keyhold-keygen", fds, 1);
    close(control[1]);
    side_open(&t.keygen_control, control[0], ROLE_KEYGEN, ROLE_SUPERVISOR);
    side_send(&t.keygen_control, MESSAGE_CONFIGURE, &(configure_message){0});
    slice key = slice_of(KEYGEN_KEY, 32);
    connect_peer(&t.keygen_control, (connect_message){.peer = ROLE_VAULT, .pair_key = key}, between[0]);
    side_send(&t.keygen_control, MESSAGE_CONNECTED, &(connected_message){0});
    connect_peer(&t.control, (connect_message){.peer = ROLE_KEYGEN, .pair_key = key}, between[1]);
    side_next(&t.keygen_control, MESSAGE_READY);
}

/* Sends a USE as core would, with the texts as a gateway boxes them. */
static void send_use(const use_message *use) {
    use_message boxed = *use;
    proof claimed;
    if (use->proof) {
        claimed = *use->proof;
        claimed.texts.at = ARENA_ARRAY(&t.house.memory, slice, claimed.texts.count);
        for (size_t i = 0; i < claimed.texts.count; i++) {
            OWNED(buffer) text = {0};
            ASSERT_OK(box_seal(t.house.gateway, use->request_id, use->proof->texts.at[i], &text));
            ASSERT_OK(arena_copy(&t.house.memory, buffer_slice(&text), &claimed.texts.at[i]));
        }
        boxed.proof = &claimed;
    }
    side_send(&t.core, MESSAGE_USE, &boxed);
}

/* Sends a USE and waits for its answer. */
static const used_message *use_key(const use_message *use) {
    send_use(use);
    return side_next(&t.core, MESSAGE_USED);
}

static const key_result *use_act(const char *action, key_act act) {
    use_message use = test_use(&t.house, action, &act);
    const used_message *used = use_key(&use);
    ASSERT_OK(((status){(enum status_code)used->failure.value}));
    assert_int_equal(used->results.count, 1);
    return used->results.at;
}

static void bootstrap_account(void) {
    key_act acts[] = {{.act = VAULT_ACT_NEW_ACCOUNT},
                      {.act = VAULT_ACT_ADOPT_ACCESS_KEY, .text = TEST_KEY_NAME, .input = TEST_SECRET}};
    use_message use = {.id = SET_INT(1), .account_id = TEST_ACCOUNT, .acts = {acts, 2}};
    const used_message *used = use_key(&use);
    assert_int_equal(used->failure.value, STATUS_OK);
    t.house.account = used->results.at[0].output;
    t.house.access_key = used->results.at[1].output;
}

static void end_child(spawn_child *child, side *control) {
    spawn_end end;
    side_send(control, MESSAGE_STOP, &(stop_message){0});
    ASSERT_OK(spawn_wait(child, WAIT_MS, &end));
    assert_int_equal(end.signal, 0);
    assert_int_equal(end.exit_code, 0);
}

static int begin(void **state) {
    (void)state;
    OWNED(secret) pair_key = {0};
    snprintf(t.folder, sizeof t.folder, "/tmp/keyhold-vault-test.XXXXXX");
    assert_non_null(mkdtemp(t.folder));
    t.house.memory.limit = 256 << 20;
    ASSERT_OK(crypto_start());
    ASSERT_OK(loop_new(&t.loop));
    ASSERT_OK(secret_copy(slice_of(GATEWAY_KEY, 32), &pair_key));
    ASSERT_OK(box_new(&pair_key, BOX_SIDE_A, &t.house.gateway));
    start_vault();
    connect_core();
    connect_auditor();
    side_send(&t.control, MESSAGE_CONNECTED, &(connected_message){0});
    side_next(&t.control, MESSAGE_READY);
    bootstrap_account();
    return 0;
}

static int end(void **state) {
    (void)state;
    char path[128];
    end_child(&t.vault, &t.control);
    side *const sides[] = {&t.control, &t.keygen_control, &t.core, &t.auditor};
    for (size_t i = 0; i < 4; i++) {
        channel_free(sides[i]->channel);
        *sides[i] = (side){0};
    }
    loop_free(t.loop);
    box_free(t.house.gateway);
    arena_clear(&t.house.memory);
    t.house = (test_house){0};
    snprintf(path, sizeof path, "%s/root.key", t.folder);
    unlink(path);
    rmdir(t.folder);
    return 0;
}

/* ---- the tests */

static void a_use_is_witnessed_before_it_is_answered(void **state) {
    (void)state;
    slice key = use_act("CreateKey", test_new_key_act())->output;
    ASSERT_OK(channel_receive_now(t.auditor.channel)); /* without waiting: it must be there */
    const witness_message *w = side_next(&t.auditor, MESSAGE_WITNESS);
    assert_int_equal(w->act, VAULT_ACT_NEW_KEY);
    for (int64_t number = 2; number < 50; number++) {
        key_act act = {.act = VAULT_ACT_GENERATE, .key = key, .size = SET_INT(32)};
        const key_result *made = use_act("GenerateDataKey", act);
        ASSERT_OK(channel_receive_now(t.auditor.channel));
        assert_true(t.auditor.seen < t.auditor.count);
        w = side_next(&t.auditor, MESSAGE_WITNESS);
        assert_int_equal(w->number.value, number);
        assert_int_equal(w->act, VAULT_ACT_GENERATE);
        assert_true(slice_equals(w->request_id, TEST_REQUEST));
        assert_true(slice_equals(w->account_id, TEST_ACCOUNT));
        assert_true(slice_equals_text(w->key_id, "6b65796b-6579-6b65-796b-65796b657900"));
        assert_int_equal(test_unboxed(&t.house, made->boxed).len, 32);
    }
    use_message forged = test_use(&t.house, "CreateKey", &(key_act){.act = VAULT_ACT_NEW_KEY});
    forged.proof->signature = SLICE("01234567890123456789");
    assert_int_equal(use_key(&forged)->failure.value, FAILURE_BAD_SIGNATURE);
    ASSERT_OK(channel_receive_now(t.auditor.channel));
    assert_int_equal(t.auditor.seen, t.auditor.count); /* a refusal uses no key */
}

static void without_an_auditor_no_key_is_used(void **state) {
    (void)state;
    key_act act = test_new_key_act();
    slice key = use_act("CreateKey", act)->output;
    channel_free(t.auditor.channel);
    t.auditor = (side){0};
    key_act generate = {.act = VAULT_ACT_GENERATE, .key = key, .size = SET_INT(32)};
    use_message use = test_use(&t.house, "GenerateDataKey", &generate);
    usleep(300 * 1000); /* the vault learns of the auditor's end */
    assert_int_equal(use_key(&use)->failure.value, FAILURE_CLOSED);
    connect_auditor();
    const witness_message *w = side_next(&t.auditor, MESSAGE_WITNESS); /* told again: it was never acknowledged */
    assert_int_equal(w->number.value, 1);
    assert_int_equal(w->act, VAULT_ACT_NEW_KEY);
    assert_int_equal(use_key(&use)->failure.value, STATUS_OK);
    side_send(&t.auditor, MESSAGE_WITNESSED, &(witnessed_message){.number = SET_INT(1)});
    assert_int_equal(use_key(&use)->failure.value, STATUS_OK);
}

static void too_many_unacknowledged_uses_stop_the_work(void **state) {
    (void)state;
    enum { USES = 5000 };
    slice key = use_act("CreateKey", test_new_key_act())->output;
    key_act generate = {.act = VAULT_ACT_GENERATE_SEALED, .key = key, .size = SET_INT(32)};
    use_message use = test_use(&t.house, "GenerateDataKeyWithoutPlaintext", &generate);
    for (size_t i = 0; i < USES; i++) {
        use.id = SET_INT(i);
        send_use(&use);
    }
    do {
        channel_flush(t.core.channel);
        ASSERT_OK(channel_receive_now(t.auditor.channel));
    } while (!FAILED(channel_receive_waiting(t.core.channel, 1000)));
    size_t answered = t.core.count - t.core.seen;
    assert_true(answered > 3000 && answered <= 4096);
    for (int64_t last = 0; t.core.count - t.core.seen < USES;) {
        while (t.auditor.seen < t.auditor.count)
            last = ((witness_message *)side_next(&t.auditor, MESSAGE_WITNESS))->number.value;
        side_send(&t.auditor, MESSAGE_WITNESSED, &(witnessed_message){.number = SET_INT(last)});
        channel_flush(t.core.channel); /* there may be more than the socket takes at once */
        status_ignore(channel_receive_waiting(t.core.channel, 20)); /* or it waits for more to be acknowledged */
        ASSERT_OK(channel_receive_now(t.auditor.channel));
    }
    for (size_t i = 0; i < USES; i++) {
        const used_message *used = side_next(&t.core, MESSAGE_USED);
        assert_int_equal(used->failure.value, STATUS_OK);
        assert_int_equal(used->id.value, i);
    }
}

/* What is not a frame, or not one its sender may send, ends that channel; everything else goes on. */
static void malformed_frames_close_a_channel_and_nothing_else(void **state) {
    (void)state;
    OWNED(buffer) connect = {0};
    ASSERT_OK(message_encode(MESSAGE_CONNECT, &(connect_message){.peer = ROLE_CORE}, &connect));
    const slice bad[] = {SLICE(""), SLICE("\xff"), SLICE("\x0c\x01\xff\xff\xff\xff"), SLICE("\x0c\x63\x00\x00\x00\x00"),
                         buffer_slice(&connect)};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ASSERT_OK(channel_send(t.core.channel, bad[i]));
        channel_flush(t.core.channel);
        wait_closed(&t.core);
        connect_core();
        use_act("CreateKey", test_new_key_act());
    }
    ASSERT_OK(channel_send(t.auditor.channel, SLICE("nonsense")));
    channel_flush(t.auditor.channel);
    wait_closed(&t.auditor);
    connect_auditor();
    use_act("CreateKey", test_new_key_act());
    side_send(&t.auditor, MESSAGE_WITNESSED, &(witnessed_message){.number = SET_INT(INT64_MAX)});
    wait_closed(&t.auditor);
    connect_auditor();
    use_act("CreateKey", test_new_key_act());
}

/* ---- the marker */

/* Looks at all memory of a process that root can read. The needle must not lie in one piece in our own, for the sake of
 * tests that scan this process; it is put together here. */
static size_t count_in_memory(pid_t pid, const uint8_t *needle, size_t len, size_t *scanned) {
    static uint8_t piece[1 << 20];
    char path[64], line[512];
    size_t found = 0;
    int memory_fd;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    assert_non_null(maps);
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    ASSERT_OK(files_open_read(FILES_HERE, path, &memory_fd));
    while (fgets(line, sizeof line, maps)) {
        uint64_t at, past;
        assert_int_equal(sscanf(line, "%lx-%lx", &at, &past), 2);
        for (size_t got = 1; at < past && got > 0; at += got > len && at + got < past ? got - len : got) {
            size_t wanted = past - at < sizeof piece ? past - at : sizeof piece;
            ssize_t read = pread(memory_fd, piece, wanted, (off_t)at);
            got = read > 0 ? (size_t)read : 0; /* secret pages and the kernel's own cannot be read */
            slice rest = slice_of(piece, got);
            for (size_t hit; (hit = slice_find(rest, slice_of(needle, len))) != SIZE_MAX;
                 rest = slice_skip(rest, hit + 1))
                found++;
            *scanned += got;
        }
    }
    fclose(maps);
    close(memory_fd);
    return found;
}

static slice imported(const uint8_t material[32]) {
    OWNED(buffer) wrapped = {0};
    key_act act = test_new_key_act();
    act.act = VAULT_ACT_IMPORT_PARAMETERS, act.algorithm = WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256;
    const key_result *given = use_act("GetParametersForImport", act);
    ASSERT_OK(asymmetric_seal_once(ASYMMETRIC_RSA_2048, given->output, SEALING_OAEP_SHA256, slice_of(material, 32),
                                   &wrapped));
    act.act = VAULT_ACT_IMPORT, act.token = given->extra, act.input = buffer_slice(&wrapped);
    return use_act("ImportKeyMaterial", act)->output;
}

static void imported_keys_are_nowhere_to_be_read(void **state) {
    (void)state;
    uint8_t marker[32];
    for (size_t i = 0; i < sizeof marker; i++) marker[i] = (uint8_t)(0xa7 * (i + 3) ^ 0x5c);
    if (geteuid() != 0) skip();
    start_keygen();
    slice key = imported(marker); /* parked until the first pair is there */
    for (int i = 0; i < 200; i++) {
        key_act encrypt = {.act = VAULT_ACT_ENCRYPT, .key = key, .input = test_boxed(&t.house, SLICE("hello"))};
        slice blob = use_act("Encrypt", encrypt)->output;
        key_act decrypt = {.act = VAULT_ACT_DECRYPT, .key = key, .input = blob};
        assert_true(slice_equals(test_unboxed(&t.house, use_act("Decrypt", decrypt)->boxed), SLICE("hello")));
    }
    ASSERT_OK(secret_pool_open(0));
    bool is_secret = secret_pool_is_secret();
    secret_pool_close();
    size_t scanned = 0;
    if (IS_SANITIZED) is_secret = false;
    else
        assert_true(count_in_memory(getpid(), marker, sizeof marker, &scanned) >
                    0); /* the scan does find what is there */
    if (is_secret) {
        scanned = 0;
        assert_int_equal(count_in_memory(t.vault.pid, marker, sizeof marker / 2, &scanned), 0);
        assert_int_equal(count_in_memory(t.vault.pid, marker + 16, sizeof marker / 2, &scanned), 0);
        assert_int_equal(count_in_memory(t.vault.pid, TEST_SECRET.at, TEST_SECRET.len, &scanned), 0);
        assert_int_equal(count_in_memory(t.vault.pid, GATEWAY_KEY, 32, &scanned), 0);
        assert_true(scanned > 4 << 20);
    } else {
        print_message("no secret memory here, or a sanitizer: the scan is skipped\n");
    }
    end_child(&t.keygen, &t.keygen_control);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    t.vault_path = argv[1];
    t.keygen_path = argv[2];
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_use_is_witnessed_before_it_is_answered),   TEST(without_an_auditor_no_key_is_used),
        TEST(too_many_unacknowledged_uses_stop_the_work), TEST(malformed_frames_close_a_channel_and_nothing_else),
        TEST(imported_keys_are_nowhere_to_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
