# Compilers for guest programs: GUEST_CC_<arch> is a command with its leading
# options, empty when the machine has none; guest programs are then left out.
#   execute or add_custom_command(COMMAND ${GUEST_CC_riscv64} -march=... -c ...)

function(find_guest_compiler arch triple)
  if(DEFINED GUEST_CC_${arch})
    return()
  endif()
  find_program(GUEST_GCC_${arch} NAMES ${triple}-linux-gnu-gcc ${triple}-unknown-elf-gcc
    ${triple}-elf-gcc)
  find_program(GUEST_CLANG clang)
  find_program(GUEST_LLD ld.lld)
  mark_as_advanced(GUEST_GCC_${arch} GUEST_CLANG GUEST_LLD)
  if(GUEST_GCC_${arch})
    set(command ${GUEST_GCC_${arch}})
  elseif(GUEST_CLANG AND GUEST_LLD)
    set(command ${GUEST_CLANG} --target=${triple}-unknown-elf -fuse-ld=lld)
  else()
    set(command "")
    message(STATUS "No compiler for ${arch} guests: their test programs are left out")
  endif()
  set(GUEST_CC_${arch} "${command}" CACHE STRING "compiler for ${arch} guest programs")
endfunction()

find_guest_compiler(riscv64 riscv64)
find_guest_compiler(aarch64 aarch64)
