#include "parts.h"
int ole_open(struct sluse_doc *d){(void)d; return SLUSE_READ_UNSUPPORTED;}
int rtf_open(struct sluse_doc *d){(void)d; return SLUSE_READ_UNSUPPORTED;}
int ole_parts(struct sluse_doc *d, struct sluse_sink *k){(void)d;(void)k; return 0;}
int rtf_parts(struct sluse_doc *d, struct sluse_sink *k){(void)d;(void)k; return 0;}
