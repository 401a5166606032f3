/* The commit that the package was built from. */
#ifndef ASSAY_COMMIT_H
#define ASSAY_COMMIT_H

/* Twelve hexadecimal digits, with `-modified` behind them when the tree was, or `unknown`. */
const char *assay_commit(void);

#endif
