/* The calls that come instead of those of the C library; the linker's --wrap gives both their names. */
#include "system/sparing.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { DESCRIPTORS_MOST = 1 << 16 };
enum registration_state {
    REGISTRATION_NONE,
    REGISTRATION_STANDING,
    REGISTRATION_PARKED, /* taken out: events are held back */
    REGISTRATION_LOOSE,  /* taken out, but in work again: events pass */
};

/* One per descriptor. The kernel holds its address in place of the library's data. */
typedef struct registration {
    void *data; /* the library's */
    int epoll_fd;
    uint32_t events;
    enum registration_state state;
    bool has_missed; /* an event was held back */
    bool is_drained; /* the last read emptied the socket */
    bool has_ended;  /* the end is there to be read: no event will tell again */
} registration;

static struct {
    registration *at; /* by descriptor; never moves */
    size_t capacity;
    int epoll_fds[SPARING_EPOLLS_MOST];
    size_t epoll_count;
    int at_hand; /* 1 + descriptor */
} all;

int __real_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event);
int __real_epoll_wait(int epoll_fd, struct epoll_event *events, int most, int timeout_ms);
ssize_t __real_recv(int fd, void *into, size_t room, int flags);
int __real_accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags);
int __wrap_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_wait(int epoll_fd, struct epoll_event *events, int most, int timeout_ms);
ssize_t __wrap_recv(int fd, void *into, size_t room, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags);

static status table_make(void) {
    struct rlimit limit;
    if (all.at) return OK;
    size_t capacity = DESCRIPTORS_MOST;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < capacity) capacity = (size_t)limit.rlim_cur;
    all.at = calloc(capacity, sizeof *all.at);
    ENSURE(all.at != NULL, OUT_OF_MEMORY);
    all.capacity = capacity;
    return OK;
}

status sparing_adopt(int epoll_fd) {
    ENSURE(all.epoll_count < SPARING_EPOLLS_MOST, TOO_LARGE);
    TRY(table_make());
    all.epoll_fds[all.epoll_count++] = epoll_fd;
    return OK;
}

static bool is_adopted(int epoll_fd) {
    for (size_t i = 0; i < all.epoll_count; i++)
        if (all.epoll_fds[i] == epoll_fd) return true;
    return false;
}

static registration *registration_of(int fd) { return fd >= 0 && (size_t)fd < all.capacity ? &all.at[fd] : NULL; }

void sparing_hold(int fd) {
    registration *r = registration_of(fd);
    if (r && r->state == REGISTRATION_LOOSE) r->state = REGISTRATION_PARKED;
}

void sparing_release(int fd) {
    registration *r = registration_of(fd);
    if (r && r->state == REGISTRATION_PARKED && !r->has_missed) r->state = REGISTRATION_LOOSE;
}

/* ---- taking out and putting in */

static int kernel_set(registration *r, int operation, int fd, uint32_t events) {
    struct epoll_event event = {.events = events | EPOLLRDHUP, .data.ptr = r};
    return __real_epoll_ctl(r->epoll_fd, operation, fd, &event);
}

static int put_back(registration *r, int fd, const struct epoll_event *event) {
    bool is_same = event->events == r->events && !r->has_missed;
    if (!is_same && kernel_set(r, EPOLL_CTL_MOD, fd, event->events) != 0) return -1; /* tells anew what is there */
    r->data = event->data.ptr;
    r->events = event->events;
    r->state = REGISTRATION_STANDING;
    r->has_missed = false;
    return 0;
}

static int put_in(registration *r, int epoll_fd, int fd, const struct epoll_event *event) {
    registration fresh = {event->data.ptr, epoll_fd, event->events, REGISTRATION_STANDING, false, false, false};
    registration before = *r;
    *r = fresh;
    if (kernel_set(r, EPOLL_CTL_ADD, fd, event->events) == 0) return 0;
    *r = before;
    return -1;
}

int __wrap_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event) {
    registration *r = is_adopted(epoll_fd) ? registration_of(fd) : NULL;
    bool is_ours = r && r->state != REGISTRATION_NONE && r->epoll_fd == epoll_fd;
    if (r && operation == EPOLL_CTL_ADD && (event->events & EPOLLET)) {
        bool is_out = is_ours && r->state != REGISTRATION_STANDING;
        return is_out ? put_back(r, fd, event) : put_in(r, epoll_fd, fd, event);
    }
    if (is_ours && operation == EPOLL_CTL_DEL && r->state == REGISTRATION_STANDING) {
        r->state = REGISTRATION_PARKED;
        return 0;
    }
    if (is_ours && operation == EPOLL_CTL_MOD) return put_back(r, fd, event);
    return __real_epoll_ctl(epoll_fd, operation, fd, event);
}

/* ---- events */

/* The registration behind an event, NULL when the event is not about one. */
static registration *registration_told(const struct epoll_event *event) {
    uintptr_t first = (uintptr_t)all.at, at = (uintptr_t)event->data.ptr;
    bool is_inside = at >= first && at - first < all.capacity * sizeof *all.at;
    return is_inside ? (registration *)event->data.ptr : NULL;
}

/* False when the event is held back. */
static bool event_pass(registration *r, struct epoll_event *event) {
    r->is_drained = false;
    if (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) r->has_ended = true;
    event->events &= ~(uint32_t)EPOLLRDHUP;
    event->data.ptr = r->data;
    r->has_missed = r->state == REGISTRATION_PARKED;
    return !r->has_missed;
}

int __wrap_epoll_wait(int epoll_fd, struct epoll_event *events, int most, int timeout_ms) {
    int count = __real_epoll_wait(epoll_fd, events, most, timeout_ms), passed = 0;
    if (count <= 0 || !is_adopted(epoll_fd)) return count;
    for (int i = 0; i < count; i++) {
        registration *r = registration_told(&events[i]);
        if (r == NULL || event_pass(r, &events[i])) events[passed++] = events[i];
    }
    return passed;
}

/* ---- reading */

ssize_t __wrap_recv(int fd, void *into, size_t room, int flags) {
    registration *r = registration_of(fd);
    bool is_watched = r && r->state != REGISTRATION_NONE && flags == 0;
    sparing_note(fd);
    if (is_watched && r->is_drained) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t got = __real_recv(fd, into, room, flags);
    if (is_watched && !r->has_ended && got > 0 && (size_t)got < room) r->is_drained = true;
    return got;
}

int sparing_at_hand(void) { return all.at_hand - 1; }

void sparing_note(int fd) { all.at_hand = fd + 1; }

/* A descriptor that is given out anew has no registration, whatever its number had before. */
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *bytes, int flags) {
    int accepted = __real_accept4(fd, address, bytes, flags);
    registration *r = registration_of(accepted);
    if (r) *r = (registration){0};
    return accepted;
}
