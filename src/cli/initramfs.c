#include "src/cli/initramfs.h"

#include <stdlib.h>
#include <string.h>

#include "machines/cpio.h"
#include "machines/initramfs.h"
#include "src/cli/payload.h"
#include "test-roms/roms.h"

const struct guest_program *guest_program_find(enum image_arch arch, const char *name)
{
	for (size_t i = 0; i < guest_program_count; i++)
		if (!strcmp(guest_programs[i].name, name) &&
		    !strcmp(guest_programs[i].arch, image_arch_name(arch)))
			return &guest_programs[i];
	return NULL;
}

int initramfs_command(const struct session *session, char text[INITRAMFS_COMMAND_MAX], size_t *used,
		      struct error *error)
{
	*used = 0;
	for (int i = 0; i < session->command_count; i++) {
		size_t length = strlen(session->command[i]) + 1;
		if (*used + length > INITRAMFS_COMMAND_MAX)
			return error_set(error, EXIT_CODE_USAGE,
					 "the command is longer than %d bytes",
					 INITRAMFS_COMMAND_MAX);
		memcpy(text + *used, session->command[i], length);
		*used += length;
	}
	return 0;
}

static int add_init(struct cpio_writer *writer, const struct session *session, struct error *error)
{
	const struct guest_program *init = guest_program_find(session->config.arch, "init");
	if (!init)
		return error_set(error, EXIT_CODE_USAGE,
				 "running a command needs our init, which this build lacks: no "
				 "%s cross compiler was found when it was built",
				 session->config.arch == IMAGE_ARCH_AARCH64 ? "AArch64" : "RISC-V");
	return cpio_add_file(writer, "init", 0755, init->image, init->size, error);
}

static int add_command(struct cpio_writer *writer, const struct session *session,
		       struct error *error)
{
	char text[INITRAMFS_COMMAND_MAX];
	size_t used;
	if (initramfs_command(session, text, &used, error) || add_init(writer, session, error))
		return -1;
	return cpio_add_file(writer, ".trapline-command", 0644, text, used, error);
}

/* Instead of files and command, room for them. */
static int add_payload(struct cpio_writer *writer, const struct session *session,
		       struct error *error)
{
	uint8_t *marks = malloc(session->payload_room);
	if (!marks)
		return error_set(error, EXIT_CODE_USAGE, "out of memory");
	payload_mark(marks, session->payload_room);
	int result = add_init(writer, session, error);
	if (!result)
		result = cpio_add_file(writer, ".trapline-payload", 0600, marks,
				       session->payload_room, error);
	free(marks);
	return result;
}

static int add_initrd_file(struct cpio_writer *writer, const struct session *session,
			   struct error *error)
{
	struct blob file = {0};
	if (initramfs_read(&file, session->options->initrd, session->options->memory, error))
		return -1;
	int result = cpio_append_archive(writer, file.data, file.size, error);
	blob_free(&file);
	return result;
}

/* Later entries replace earlier ones, so our init comes last. */
static int fill(struct cpio_writer *writer, const struct session *session, const struct log *log,
		struct error *error)
{
	const struct machine_options *options = session->options;
	if (options->initrd && add_initrd_file(writer, session, error))
		return -1;
	if (options->root && cpio_add_folder(writer, options->root, log, error))
		return -1;
	if (session->payload_room)
		return add_payload(writer, session, error);
	for (unsigned i = 0; i < session->file_count; i++) {
		const struct session_file *file = &session->files[i];
		if (cpio_add_file(writer, file->path, file->mode, file->data, file->size, error))
			return -1;
	}
	return session->command ? add_command(writer, session, error) : 0;
}

int initramfs_build(struct session *session, struct blob *out, const struct log *log,
		    struct error *error)
{
	const struct machine_options *options = session->options;
	struct cpio_writer writer;
	if (!options->root && !session->file_count && !session->command) {
		if (!options->initrd)
			return 0;
		/* As it is: its size tells kvm-unit-tests where its lines end. */
		return initramfs_read(out, options->initrd, options->memory, error);
	}
	cpio_init(&writer, options->memory);
	int result = fill(&writer, session, log, error);
	if (!result)
		result = cpio_finish(&writer, out, error);
	cpio_fini(&writer);
	return result;
}
