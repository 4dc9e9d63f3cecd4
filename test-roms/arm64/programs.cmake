# Bare-metal programs for AArch64: <build>/test-roms/arm64/<topic>-<name>.elf.
set(arm64_dir ${CMAKE_CURRENT_LIST_DIR})
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/arm64)
set(arm64_flags -I${CMAKE_SOURCE_DIR} -O2 -std=gnu17 -Wall -Wextra -Werror
  -Wno-unused-command-line-argument -march=armv8-a -ffreestanding -fno-builtin
  -mgeneral-regs-only -mstrict-align -fno-pie -fno-stack-protector)
set(arm64_link -nostdlib -static -no-pie -Wl,--build-id=none,-z,max-page-size=4096
  -T ${arm64_dir}/lib/link.ld)
set(psci/cpus_options --cpus 2)
foreach(source fgt/tour ls64/tour nested/nv2 stage2/faults psci/cpus)
  string(REPLACE "/" ";" names ${source})
  list(GET names 0 topic)
  list(GET names 1 name)
  set(program ${CMAKE_CURRENT_BINARY_DIR}/arm64/${topic}-${name}.elf)
  add_custom_command(OUTPUT ${program}
    COMMAND ${GUEST_CC_aarch64} ${arm64_flags} ${arm64_link} ${arm64_dir}/lib/start.S
      ${arm64_dir}/lib/rom.c ${arm64_dir}/${source}.c -o ${program}
    DEPENDS ${arm64_dir}/lib/start.S ${arm64_dir}/lib/rom.c ${arm64_dir}/lib/rom.h
      ${arm64_dir}/lib/link.ld ${arm64_dir}/${source}.c ${CMAKE_SOURCE_DIR}/cpu/arm64/fgt.def
    COMMENT "Guest program arm64 ${source}" VERBATIM)
  list(JOIN ${source}_options " " options)
  list(APPEND ROM_ROWS "rom|aarch64|${topic}|${name}|--semihosting ${options}|${program}")
  list(APPEND GUEST_IMAGES ${program})
endforeach()
