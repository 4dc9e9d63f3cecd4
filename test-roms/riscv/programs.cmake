set(riscv_dir ${CMAKE_CURRENT_LIST_DIR})
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/riscv)
set(riscv_flags -I${CMAKE_SOURCE_DIR} -I${CMAKE_CURRENT_BINARY_DIR}/riscv -O2 -std=gnu17
  -Wall -Wextra -Werror -Wno-unused-command-line-argument -ffreestanding -fno-builtin -fno-pie
  -fno-stack-protector ${guest_loops} -mstrict-align -mno-relax ${guest_march} -mabi=lp64
  -mcmodel=medany)
set(riscv_link -nostdlib -static -no-pie -Wl,--build-id=none,-z,max-page-size=4096
  ${guest_segments} -T ${riscv_dir}/lib/link.ld)
set(mode_m_flags)
set(mode_m_base 0x80000000)
set(mode_s_flags -DROM_SBI)
set(mode_s_base 0x80200000)

# rom_object(OUTPUT SOURCE MODE [GENERATED...]): compile one file for programs of that
# mode, after the generated headers.
function(rom_object output source mode)
  add_custom_command(OUTPUT ${output}
    COMMAND ${GUEST_CC_riscv64} ${riscv_flags} ${mode_${mode}_flags} -MD -MF ${output}.d -MT ${output}
      -c ${riscv_dir}/${source} -o ${output}
    DEPENDS ${riscv_dir}/${source} ${ARGN} DEPFILE ${output}.d
    COMMENT "Guest object ${mode} ${source}" VERBATIM)
endfunction()

foreach(mode m s)
  foreach(source crt0.S switch.S rom.c paging.c operations.c)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/riscv/lib-${mode}-${source}.o)
    rom_object(${object} lib/${source} ${mode})
    list(APPEND lib_${mode} ${object})
  endforeach()
endforeach()

# Operands and expected results of the floating-point program.
find_package(Python3 COMPONENTS Interpreter)
set(vectors ${CMAKE_CURRENT_BINARY_DIR}/riscv/vectors.h)
add_custom_command(OUTPUT ${vectors}
  COMMAND ${Python3_EXECUTABLE} ${riscv_dir}/fp/vectors.py > ${vectors}
  DEPENDS ${riscv_dir}/fp/vectors.py COMMENT "Computing floating-point vectors" VERBATIM)
set(fp-arithmetic_needs ${vectors})

file(STRINGS ${riscv_dir}/manifest rows REGEX "^[a-z]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${riscv_dir}/manifest)
foreach(row ${rows})
  if(NOT row MATCHES "^([a-z0-9_]+) +([a-z0-9_]+) +([ms]) *(.*)$")
    message(FATAL_ERROR "test-roms/riscv/manifest: cannot read the line: ${row}")
  endif()
  set(topic ${CMAKE_MATCH_1})
  set(name ${CMAKE_MATCH_2})
  set(mode ${CMAKE_MATCH_3})
  set(options "${CMAKE_MATCH_4}")
  if("${topic}-${name}" STREQUAL "fp-arithmetic" AND NOT Python3_FOUND)
    message(STATUS "no Python: the program fp/arithmetic is left out")
    continue()
  endif()
  set(program ${CMAKE_CURRENT_BINARY_DIR}/riscv/${topic}-${name})
  rom_object(${program}.o ${topic}/${name}.c ${mode} ${${topic}-${name}_needs})
  add_custom_command(OUTPUT ${program}.elf
    COMMAND ${GUEST_CC_riscv64} ${riscv_link} -Wl,--defsym=ROM_BASE=${mode_${mode}_base}
      ${lib_${mode}} ${program}.o -o ${program}.elf
    DEPENDS ${lib_${mode}} ${program}.o ${riscv_dir}/lib/link.ld
    COMMENT "Guest program ${topic}/${name}" VERBATIM)
  list(APPEND ROM_ROWS "rom|riscv64|${topic}|${name}|${options}|${program}.elf")
  list(APPEND GUEST_IMAGES ${program}.elf)
endforeach()
