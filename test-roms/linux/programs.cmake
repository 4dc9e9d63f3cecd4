# Static Linux programs that need no C library: one file each on sys.h.
set(linux_dir ${CMAKE_CURRENT_LIST_DIR})
set(linux_flags -I${CMAKE_SOURCE_DIR} -Os -std=gnu17 -Wall -Wextra -Werror
  -Wno-unused-command-line-argument -ffreestanding -fno-builtin -fno-pie -fno-stack-protector
  -fno-asynchronous-unwind-tables -mstrict-align)
set(linux_link -nostdlib -static -no-pie -Wl,--build-id=none,-z,max-page-size=4096,-s)

# linux_programs(ARCH FOLDER FLAGS PROGRAM...): built into FOLDER of the build tree.
function(linux_programs arch folder flags)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${folder})
  foreach(name ${ARGN})
    set(program ${CMAKE_CURRENT_BINARY_DIR}/${folder}/${name}.elf)
    add_custom_command(OUTPUT ${program}
      COMMAND ${GUEST_CC_${arch}} ${linux_flags} ${flags} ${linux_link} -MD -MF ${program}.d
        -MT ${program} ${linux_dir}/${name}/${name}.c -o ${program}
      DEPENDS ${linux_dir}/${name}/${name}.c DEPFILE ${program}.d
      COMMENT "Guest Linux program ${name} for ${arch}" VERBATIM)
    list(APPEND PROGRAM_ROWS "program|${arch}|${name}|${program}")
    list(APPEND GUEST_IMAGES ${program})
  endforeach()
  set(PROGRAM_ROWS ${PROGRAM_ROWS} PARENT_SCOPE)
  set(GUEST_IMAGES ${GUEST_IMAGES} PARENT_SCOPE)
endfunction()

if(GUEST_CC_riscv64)
  linux_programs(riscv64 linux "${guest_loops};-mno-relax;${guest_march};-mabi=lp64"
    init misaligned hello hwprobe panic)
endif()
if(GUEST_CC_aarch64)
  linux_programs(aarch64 linux-aarch64 -mgeneral-regs-only init hello panic kvm)
endif()
