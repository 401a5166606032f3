// Node's HTTP parser in Debian's version. Nothing is wrapped: Swift can call every function of the
// admin port (http_parser_init, http_parser_execute, http_status_str) directly.
#ifndef ASSAY_CHTTP_PARSER_SHIM_H
#define ASSAY_CHTTP_PARSER_SHIM_H

#include <http_parser.h>

#endif
