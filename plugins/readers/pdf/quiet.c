/*
 * MuPDF leaves one of libjpeg's error managers as it finds it, and libjpeg then
 * writes to stderr about every spoilt scan. The linker sends MuPDF's calls here
 * (--wrap in the Makefile).
 */
#include <stdio.h>

#include <jpeglib.h>

struct jpeg_error_mgr *__real_jpeg_std_error(struct jpeg_error_mgr *err);
struct jpeg_error_mgr *__wrap_jpeg_std_error(struct jpeg_error_mgr *err);

static void
say_nothing(j_common_ptr c)
{
	(void)c;
}

struct jpeg_error_mgr *
__wrap_jpeg_std_error(struct jpeg_error_mgr *err)
{
	__real_jpeg_std_error(err);
	err->output_message = say_nothing;
	return err;
}
