/* Asks a server over and over and says how fast it answers and what that costs it. One timed slice a run; bench/run
 * puts slices of two servers side by side. Prints one line of JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crypto/start.h"
#include "load.h"

static const char USAGE_TEXT[] =
    "usage: keyhold-load [options] KIND METHOD-OR-ACTION TARGET [name=value …]\n"
    "  plain GET /path            unsigned\n"
    "  rpc Encrypt / KeyId=… Plaintext=@1024   signature version 3; @N is N random bytes in base64\n"
    "  rpc1 Encrypt / …           the same under signature version 1\n"
    "  oss PUT bucket/key         signature version 4; % in a target becomes the number of the request\n"
    "options: -a 127.0.0.1:8080 address   -s TLS   -c connections   -t seconds   -n most requests   -b bytes of body\n"
    "  -k file with access key ids and secrets, a line each, that take turns   -p processes, comma separated   -v API "
    "version   -r region\n"
    "  -m so many different targets     -o one request, its answer to stdout   -e status that is expected instead of "
    "2xx\n";

typedef struct cost {
    const load_plan *plan;
    uint64_t before_ns[LOAD_PROCESSES_MOST], after_ns[LOAD_PROCESSES_MOST];
    uint64_t own_before_ns, own_after_ns;
} cost;

/* ---- options */

static bool take_address(char *text, load_plan *plan) {
    char *colon = strchr(text, ':');
    uint64_t port;
    if (!colon || !slice_to_u64(slice_of_text(colon + 1), &port) || port == 0 || port > UINT16_MAX) return false;
    *colon = 0;
    plan->host = text;
    plan->port = (uint16_t)port;
    return true;
}

static bool take_processes(const char *text, load_plan *plan) {
    slice rest = slice_of_text(text), one;
    uint64_t id;
    while (slice_split(&rest, ',', &one)) {
        if (plan->process_count == LOAD_PROCESSES_MOST || !slice_to_u64(one, &id) || id > INT32_MAX) return false;
        plan->processes[plan->process_count++] = (int)id;
    }
    return true;
}

static bool take_number(const char *text, size_t most, size_t *out) {
    uint64_t number;
    if (!slice_to_u64(slice_of_text(text), &number) || number > most) return false;
    *out = (size_t)number;
    return true;
}

static bool take_option(int option, char *value, load_plan *plan) {
    switch (option) {
    case 'a': return take_address(value, plan);
    case 's': return plan->is_tls = true;
    case 'c': return take_number(value, LOAD_CONNECTIONS_MOST, &plan->connections) && plan->connections > 0;
    case 't': return (plan->seconds = strtod(value, NULL)) > 0;
    case 'n': return take_number(value, 10 * 1000 * 1000, &plan->count) && plan->count > 0;
    case 'b': return take_number(value, 1u << 30, &plan->body_bytes);
    case 'm': return take_number(value, SIZE_MAX, &plan->names);
    case 'k': return (plan->key_file = value) != NULL;
    case 'p': return take_processes(value, plan);
    case 'v': return (plan->api_version = value) != NULL;
    case 'r': return (plan->region = value) != NULL;
    case 'o': return plan->is_printed = true;
    case 'e': return take_number(value, 599, &plan->status);
    default: return false;
    }
}

static bool take_kind(const char *name, load_plan *plan) {
    static const struct {
        const char *name;
        enum load_kind kind;
    } kinds[] = {{"plain", LOAD_PLAIN}, {"rpc", LOAD_RPC}, {"rpc1", LOAD_RPC_1}, {"oss", LOAD_OSS}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, name) != 0) continue;
        plan->kind = kinds[i].kind;
        return plan->kind == LOAD_PLAIN || plan->key_file;
    }
    return false;
}

static bool take_parameters(int count, char **words, load_plan *plan) {
    if (count > LOAD_PARAMETERS_MOST) return false;
    for (int i = 0; i < count; i++) {
        slice rest = slice_of_text(words[i]), name;
        if (!slice_split(&rest, '=', &name) || slice_is_absent(rest)) return false;
        plan->parameters[plan->parameter_count++] = (pair){name, rest};
    }
    return true;
}

static bool take_all(int argc, char **argv, load_plan *plan) {
    for (int option; (option = getopt(argc, argv, "a:sc:t:n:b:m:k:p:v:r:oe:")) != -1;)
        if (!take_option(option, optarg, plan)) return false;
    if (argc - optind < 3 || !take_kind(argv[optind], plan)) return false;
    plan->method_or_action = slice_of_text(argv[optind + 1]);
    plan->target = slice_of_text(argv[optind + 2]);
    if (plan->is_printed) plan->count = plan->connections = 1;
    return take_parameters(argc - optind - 3, argv + optind + 3, plan);
}

/* ---- measuring */

static uint64_t own_ns(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000u +
           (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000u;
}

static void before(void *context) {
    cost *c = context;
    for (size_t i = 0; i < c->plan->process_count; i++) c->before_ns[i] = load_cpu_ns(c->plan->processes[i]);
    c->own_before_ns = own_ns();
}

static void after(void *context) {
    cost *c = context;
    c->own_after_ns = own_ns();
    for (size_t i = 0; i < c->plan->process_count; i++) c->after_ns[i] = load_cpu_ns(c->plan->processes[i]);
}

static int latency_order(const void *a, const void *b) {
    uint32_t first = *(const uint32_t *)a, second = *(const uint32_t *)b;
    return (first > second) - (first < second);
}

static uint32_t percentile(const load_result *r, size_t percent) {
    return r->answers ? r->latency_us[(r->answers - 1) * percent / 100] : 0;
}

static void print_processes(const char *name, const load_plan *plan, const uint64_t *ns) {
    printf(",\"%s\":{", name);
    for (size_t i = 0; i < plan->process_count; i++)
        printf("%s\"%d\":%" PRIu64, i ? "," : "", plan->processes[i], ns[i]);
    printf("}");
}

static void print_result(const load_plan *plan, const cost *c, load_result *r) {
    qsort(r->latency_us, r->answers, sizeof *r->latency_us, latency_order);
    printf("{\"answers\":%zu,\"failures\":%zu,\"first_bad_status\":%d,\"seconds\":%.6f,\"received\":%" PRIu64
           ",\"p50_us\":%" PRIu32 ",\"p99_us\":%" PRIu32 ",\"own_cpu_ns\":%" PRIu64,
           r->answers, r->failures, r->first_bad_status, r->seconds, r->received, percentile(r, 50), percentile(r, 99),
           c->own_after_ns - c->own_before_ns);
    print_processes("before_ns", plan, c->before_ns);
    print_processes("after_ns", plan, c->after_ns);
    printf("}\n");
}

static status run(const load_plan *plan, load_result *r) {
    OWNED(load_store) store = {0};
    cost c = {.plan = plan};
    load_hooks hooks = {before, after, &c};
    TRY(crypto_start());
    TRY(load_wire_start());
    TRY(load_store_fill(plan, &store));
    TRY(load_drive(plan, &store, &hooks, r));
    if (plan->is_printed) fwrite(r->body.at, 1, r->body.len, stdout);
    else print_result(plan, &c, r);
    return OK;
}

int main(int argc, char **argv) {
    load_plan plan = {.host = "127.0.0.1",
                      .port = 8080,
                      .connections = 64,
                      .seconds = 1,
                      .count = 100000,
                      .api_version = "2016-01-20",
                      .region = "cn-hangzhou"};
    OWNED(load_result) r = {0};
    if (!take_all(argc, argv, &plan)) {
        fputs(USAGE_TEXT, stderr);
        return 2;
    }
    status result = run(&plan, &r);
    if (FAILED(result)) fprintf(stderr, "keyhold-load: %s\n", status_name(result));
    bool is_as_expected = plan.status ? r.failures * 100 <= r.answers : r.failures == 0;
    return FAILED(result) || !is_as_expected ? 1 : 0;
}
