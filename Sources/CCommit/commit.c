/*
 * The only place that the commit is compiled into. Package.swift defines ASSAY_COMMIT from the
 * variable of that name, so that another commit compiles this file, links, and compiles no more.
 */
#include "commit.h"

#ifndef ASSAY_COMMIT
#error "Package.swift defines ASSAY_COMMIT"
#endif

const char *assay_commit(void) {
    return ASSAY_COMMIT;
}
