# Toolchain: an AArch64 Linux host, with libraries from a folder that tools/sysroot
# has filled (environment variable TRAPLINE_SYSROOT). Programs run under qemu-aarch64
# where there is one.
if(DEFINED ENV{TRAPLINE_SYSROOT})
  set(TRAPLINE_SYSROOT "$ENV{TRAPLINE_SYSROOT}" CACHE PATH "libraries and headers of the host" FORCE)
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TRAPLINE_SYSROOT)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_SYSROOT ${TRAPLINE_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${TRAPLINE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR}
  ${TRAPLINE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${TRAPLINE_SYSROOT}/usr/share/pkgconfig)
find_program(QEMU_AARCH64 NAMES qemu-aarch64 qemu-aarch64-static)
if(QEMU_AARCH64)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${QEMU_AARCH64} -L ${TRAPLINE_SYSROOT})
endif()
