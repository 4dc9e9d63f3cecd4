# cmake -DROWS=FILE -DOUTPUT=FILE -P embed.cmake: write the C tables of roms.h.
cmake_minimum_required(VERSION 3.25)
file(STRINGS ${ROWS} rows)
set(data "")
set(roms "")
set(programs "")
set(rom_count 0)
set(program_count 0)
foreach(row ${rows})
  string(REPLACE "|" ";" fields "${row}")
  list(POP_FRONT fields kind)
  list(POP_BACK fields file)
  math(EXPR index "${rom_count} + ${program_count}")
  file(SIZE ${file} size)
  string(APPEND data
    "__asm__(\".pushsection .rodata\\n.balign 16\\nguest_image_${index}:\\n\"\n"
    "\t\".incbin \\\"${file}\\\"\\n.popsection\");\n"
    "extern const unsigned char guest_image_${index}[];\n")
  list(TRANSFORM fields PREPEND "\"")
  list(TRANSFORM fields APPEND "\"")
  list(JOIN fields ", " strings)
  set(entry "\t{${strings}, guest_image_${index}, ${size}},\n")
  if(kind STREQUAL "rom")
    string(APPEND roms "${entry}")
    math(EXPR rom_count "${rom_count} + 1")
  else()
    string(APPEND programs "${entry}")
    math(EXPR program_count "${program_count} + 1")
  endif()
endforeach()
# A table with no row keeps one empty row that the count leaves out.
file(WRITE ${OUTPUT} "#include \"test-roms/roms.h\"\n\n${data}\n"
  "const struct test_rom test_roms[] = {\n${roms}\t{0},\n};\n"
  "const size_t test_rom_count = ${rom_count};\n\n"
  "const struct guest_program guest_programs[] = {\n${programs}\t{0},\n};\n"
  "const size_t guest_program_count = ${program_count};\n")
