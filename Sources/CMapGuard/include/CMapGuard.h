/* CMapGuard: survive a mapped file that shrinks while it is being read.
 *
 * Why: reading a mapped page whose file bytes have gone (file truncated, disk error) raises SIGBUS,
 * which would end the whole process and every model it serves with it.
 * Guarantees: a SIGBUS inside a registered range sets that range's fault flag, puts zero pages
 * over the rest of the range and lets the reader go on; any other SIGBUS goes to whoever handled it
 * before us. Registration is thread-safe, the handler is async-signal-safe and takes no lock.
 * Does not: repair data. A faulted range must be treated as damaged from then on.
 */
#ifndef ASSAY_CMAPGUARD_H
#define ASSAY_CMAPGUARD_H

#include <stddef.h>

/* Ranges that may be registered at the same time in one process. */
#define MAPGUARD_SLOT_COUNT_MAX 1024

/* Returned by mapguard_register when it cannot protect the range. */
#define MAPGUARD_FULL (-1)
#define MAPGUARD_NO_HANDLER (-2)

/* Protects [begin, begin + size); begin must be page-aligned, size is rounded up to whole pages.
 * Installs the process-wide handler on first use. Returns a slot >= 0, or a negative value
 * above. */
int mapguard_register(const void *_Nonnull begin, size_t size);

/* 1 when a read in the slot's range has faulted since registration, else 0. Never blocks. */
int mapguard_faulted(int slot);

/* Ends protection; call before unmapping the range. Slot must come from mapguard_register. */
void mapguard_unregister(int slot);

#endif
