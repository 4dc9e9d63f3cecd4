# Disassembly of RISC-V begins with Capstone 5. With an older one everything else
# still builds: TRAPLINE_CAPSTONE_RISCV is 0 and traces carry no disassembly.

pkg_check_modules(CAPSTONE REQUIRED IMPORTED_TARGET capstone)
if(CAPSTONE_VERSION VERSION_LESS 5)
  set(TRAPLINE_CAPSTONE_RISCV 0)
  message(STATUS "Capstone ${CAPSTONE_VERSION} has no RISC-V: traces will lack disassembly")
else()
  set(TRAPLINE_CAPSTONE_RISCV 1)
endif()
