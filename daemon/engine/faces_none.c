#include "faces.h"
enum sl_rc sl_faces_start(struct sl_engine *e, struct sl_err *err) { (void)e; (void)err; return SL_OK; }
void sl_faces_stop(struct sl_engine *e) { (void)e; }
void sl_faces_changed(struct sl_engine *e, int64_t c) { (void)e; (void)c; }
void sl_faces_refused(struct sl_engine *e, struct sl_inlet *in, const char *n, const char *r) { (void)e; (void)in; (void)n; (void)r; }
