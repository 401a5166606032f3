// The system calls sched_getattr and sched_setattr (Linux 3.14), which the C library wraps only
// since glibc 2.41, under names of its own. The calls are variadic, so Swift cannot make them.
#ifndef ASSAY_CSCHEDULING_SHIM_H
#define ASSAY_CSCHEDULING_SHIM_H

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// The structure of sched(7), version 0. `runtime` is in nanoseconds.
struct assay_sched_attr {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

// SCHED_FLAG_RESET_ON_FORK: threads that the thread starts have the usual attributes.
static const uint64_t ASSAY_SCHED_RESET_ON_FORK = 1;

// SCHED_BATCH, which the C library declares for _GNU_SOURCE only.
static const uint32_t ASSAY_SCHED_BATCH = 3;

// Both are about the calling thread, and return 0 or -1 with errno.
static inline int assay_sched_getattr(struct assay_sched_attr *attributes) {
    return (int)syscall(SYS_sched_getattr, 0, attributes, sizeof(*attributes), 0);
}
static inline int assay_sched_setattr(const struct assay_sched_attr *attributes) {
    return (int)syscall(SYS_sched_setattr, 0, attributes, 0);
}

#endif
