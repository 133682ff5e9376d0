/*
 * The heap that children inherit. glibc's; with another allocator nothing is
 * done.
 */
#ifndef SL_WORKER_HEAP_H
#define SL_WORKER_HEAP_H

/* In the parent, once it is warm. */
void sl_heap_fill_holes(void);

#endif
