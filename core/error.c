#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *error, int exit_code, const char *format, ...)
{
	if (!error || error->exit_code)
		return -1;
	va_list args;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	error->exit_code = exit_code;
	return -1;
}
