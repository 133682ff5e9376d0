/*
 * iconv behind the walls.
 *
 * glibc loads a library for every character set, which a child cannot; to
 * have them all open beforehand costs every fork some 500 mappings. So the
 * program brings iconv_open, iconv and iconv_close itself (as libiconv's
 * preloadable build does), and whatever library asks gets these: into UTF-8
 * from each of the 200-odd sets of ICU, whose tables lie in one library. What
 * ICU lacks, and every other direction, is glibc's as before.
 */
#ifndef SL_READ_CONVERTERS_H
#define SL_READ_CONVERTERS_H

#include "../base/err.h"

/* In the parent: readies ICU, and opens the few sets that only glibc
 * has. SL_FATAL if ICU does not work here. */
enum sl_rc sl_converters_warm(struct sl_err *err);

#endif
