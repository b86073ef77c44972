/* What a process has used of the processor. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>

#include "load.h"

/* The first number of schedstat is the time on the processor in ns: finer than the ticks of /proc/PID/stat. */
static uint64_t thread_ns(int process, const char *thread) {
    char path[96];
    uint64_t ns = 0;
    int len = snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", process, thread);
    if (len < 0 || (size_t)len >= sizeof path) return 0;
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    if (fscanf(file, "%" SCNu64, &ns) != 1) ns = 0;
    fclose(file);
    return ns;
}

uint64_t load_cpu_ns(int process) {
    char path[48];
    uint64_t sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", process);
    DIR *threads = opendir(path);
    if (!threads) return 0;
    for (struct dirent *d; (d = readdir(threads)) != NULL;)
        if (d->d_name[0] != '.') sum += thread_ns(process, d->d_name);
    closedir(threads);
    return sum;
}
