# The libraries that every start loads. Loading them takes longer than an empty
# guest runs, so their archives are linked where they are installed.

pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)
find_path(FDT_INCLUDE libfdt.h REQUIRED)
find_library(FDT_LIBRARY fdt REQUIRED)
option(TRAPLINE_STATIC_LIBRARIES "link libelf, libfdt, zstd and zlib from their archives" ON)

# In the order of linking: libelf uses the last two.
set(TRAPLINE_LIBRARIES PkgConfig::LIBELF ${FDT_LIBRARY} PkgConfig::ZSTD PkgConfig::ZLIB)
if(TRAPLINE_STATIC_LIBRARIES)
  find_library(LIBELF_ARCHIVE libelf.a HINTS ${LIBELF_LIBRARY_DIRS})
  find_library(FDT_ARCHIVE libfdt.a)
  find_library(ZSTD_ARCHIVE libzstd.a HINTS ${ZSTD_LIBRARY_DIRS})
  find_library(ZLIB_ARCHIVE libz.a HINTS ${ZLIB_LIBRARY_DIRS})
  set(archives ${LIBELF_ARCHIVE} ${FDT_ARCHIVE} ${ZSTD_ARCHIVE} ${ZLIB_ARCHIVE})
endif()
if(archives AND NOT archives MATCHES "NOTFOUND")
  # An archive of another build of libelf, or of another architecture, may not do.
  include(CheckCSourceCompiles)
  set(CMAKE_REQUIRED_LIBRARIES ${archives})
  check_c_source_compiles("
    extern int elf_version(), fdt_path_offset(), ZSTD_versionNumber(), zlibVersion();
    extern int elf_begin();
    int main(void) { return elf_version() + elf_begin() + fdt_path_offset() + ZSTD_versionNumber() + zlibVersion(); }"
    TRAPLINE_ARCHIVES_LINK)
  unset(CMAKE_REQUIRED_LIBRARIES)
  if(TRAPLINE_ARCHIVES_LINK)
    set(TRAPLINE_LIBRARIES ${archives})
  endif()
endif()
