/* The SIGBUS handler behind MappedFile; see CMapGuard.h for what it promises.
 *
 * State is one static table of slots. A slot is claimed by a compare-and-swap on `claimed`; the
 * handler only looks at `begin` and `end`, where begin == 0 means "not in use". `begin` is
 * stored last on registration and cleared first on removal, so a half-made slot is never matched.
 */
#define _GNU_SOURCE
#include "CMapGuard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct slot {
    atomic_int claimed;
    atomic_int faulted;
    atomic_uintptr_t begin;
    atomic_uintptr_t end;
};

static struct slot slots[MAPGUARD_SLOT_COUNT_MAX];
static struct sigaction previous;
static uintptr_t page_size;
static int install_status = -1;
static pthread_once_t install_once = PTHREAD_ONCE_INIT;

_Static_assert(ATOMIC_POINTER_LOCK_FREE == 2, "the handler may only use lock-free atomics");

/* Hands a SIGBUS that is not ours to its former owner. With the default action we restore it and
 * return: the faulting instruction runs again and the process ends as it would have without us. */
static void pass_on(int signal_number, siginfo_t *info, void *context) {
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(signal_number, info, context);
    } else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
        signal(signal_number, SIG_DFL);
        if (info->si_code <= 0) {
            raise(signal_number); /* sent by kill(2): no instruction will fault again */
        }
    } else {
        previous.sa_handler(signal_number);
    }
}

static void on_sigbus(int signal_number, siginfo_t *info, void *context) {
    const int saved_errno = errno;
    if (info->si_code > 0) { /* raised by the kernel, so si_addr is the faulting address */
        const uintptr_t address = (uintptr_t)info->si_addr;
        for (int i = 0; i < MAPGUARD_SLOT_COUNT_MAX; i++) {
            const uintptr_t begin = atomic_load_explicit(&slots[i].begin, memory_order_acquire);
            const uintptr_t end = atomic_load_explicit(&slots[i].end, memory_order_acquire);
            if (begin == 0 || address < begin || address >= end) continue;
            /* Flag first: nobody may read a zero page before the damage is on record. */
            atomic_store(&slots[i].faulted, 1);
            /* A shrunk file has lost everything behind this page too: cover the tail at once,
             * instead of taking one fault per page. Zero pages cost no memory. */
            const uintptr_t page = address & ~(page_size - 1);
            void *zeros = mmap((void *)page, end - page, PROT_READ,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
            if (zeros != MAP_FAILED) {
                errno = saved_errno;
                return;
            }
            break;
        }
    }
    pass_on(signal_number, info, context);
    errno = saved_errno;
}

static void install(void) {
    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_sigbus;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    install_status = sigaction(SIGBUS, &action, &previous);
}

int mapguard_register(const void *begin, size_t size) {
    pthread_once(&install_once, install);
    if (install_status != 0) return MAPGUARD_NO_HANDLER;
    for (int i = 0; i < MAPGUARD_SLOT_COUNT_MAX; i++) {
        int expected = 0;
        if (!atomic_compare_exchange_strong(&slots[i].claimed, &expected, 1)) continue;
        const uintptr_t end = ((uintptr_t)begin + size + page_size - 1) & ~(page_size - 1);
        atomic_store(&slots[i].faulted, 0);
        atomic_store_explicit(&slots[i].end, end, memory_order_release);
        atomic_store_explicit(&slots[i].begin, (uintptr_t)begin, memory_order_release);
        return i;
    }
    return MAPGUARD_FULL;
}

int mapguard_faulted(int slot) {
    return atomic_load(&slots[slot].faulted);
}

void mapguard_unregister(int slot) {
    atomic_store_explicit(&slots[slot].begin, 0, memory_order_release);
    atomic_store_explicit(&slots[slot].end, 0, memory_order_release);
    atomic_store(&slots[slot].claimed, 0);
}
