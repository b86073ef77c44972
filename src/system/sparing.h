/* Fewer system calls for a library that waits with an edge-triggered epoll of its own, as libmicrohttpd does. Around every
 * request it takes the connection out of its epoll and puts it back, and reads once more to hear that there is nothing;
 * a system call each, of which a request has few others. Executables that link this file do so with sparing_link_args of
 * system/meson.build: the calls of their own objects and archives to epoll_ctl, epoll_wait, recv and accept4 come here.
 * For epolls that were not adopted, all of them do what they always do. One thread per epoll, and one for adoption.
 *
 *   taking out   the registration stays in the kernel, parked: its events are held back and remembered
 *   putting in   nothing is asked of the kernel, unless an event was held back, which it then tells anew
 *   reading      after a read that got less than asked for (epoll(7): the end of what is there), EAGAIN until the next
 *                event; not any more once the other side has ended
 */
#ifndef SYSTEM_SPARING_H
#define SYSTEM_SPARING_H

#include "base/status.h"

enum { SPARING_EPOLLS_MOST = 4 };

/* Before the first connection comes to that epoll. TOO_LARGE past SPARING_EPOLLS_MOST, OUT_OF_MEMORY: all goes on as
 * without. */
status sparing_adopt(int epoll_fd);

/* Where it is known that the library lets a connection rest, or will have taken it up again before it waits next: saves the
 * call for a connection whose next request comes before the library puts it in. Each in time, or not at all. */
void sparing_hold(int fd);
void sparing_release(int fd);

/* Whose turn it is: the descriptor that was read last, or noted since by those who know better (reads inside another library
 * do not come here). -1 at first. */
int sparing_at_hand(void);
void sparing_note(int fd);

#endif
