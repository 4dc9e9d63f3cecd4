# Static Linux programs that need no C library: one file each on sys.h.
set(linux_dir ${CMAKE_CURRENT_LIST_DIR})
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/linux)
set(linux_flags -I${CMAKE_SOURCE_DIR} -Os -std=gnu17 -Wall -Wextra -Werror
  -Wno-unused-command-line-argument -ffreestanding -fno-builtin -fno-pie -fno-stack-protector
  ${guest_loops} -fno-asynchronous-unwind-tables -mstrict-align -mno-relax ${guest_march} -mabi=lp64)
set(linux_link -nostdlib -static -no-pie -Wl,--build-id=none,-z,max-page-size=4096,-s)

foreach(name init misaligned hello hwprobe panic)
  set(program ${CMAKE_CURRENT_BINARY_DIR}/linux/${name}.elf)
  add_custom_command(OUTPUT ${program}
    COMMAND ${GUEST_CC_riscv64} ${linux_flags} ${linux_link} -MD -MF ${program}.d -MT ${program}
      ${linux_dir}/${name}/${name}.c -o ${program}
    DEPENDS ${linux_dir}/${name}/${name}.c DEPFILE ${program}.d
    COMMENT "Guest Linux program ${name}" VERBATIM)
  list(APPEND PROGRAM_ROWS "program|riscv64|${name}|${program}")
  list(APPEND GUEST_IMAGES ${program})
endforeach()
