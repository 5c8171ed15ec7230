# Compiler warnings, sanitizers and the one way a floor's library and a test are declared.
set(TRIALSYNC_SANITIZER "" CACHE STRING "address | thread | fuzzer | empty")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(trialsync_options INTERFACE)
target_include_directories(trialsync_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(trialsync_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)

if(TRIALSYNC_SANITIZER AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Under a sanitizer GCC 12 warns of uninitialised members inside its own <regex>.
  target_compile_options(trialsync_options INTERFACE -Wno-maybe-uninitialized)
endif()
if(TRIALSYNC_SANITIZER STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(TRIALSYNC_SANITIZER STREQUAL "thread")
  # With the profiler's debug information reports name inlined functions in full, as the
  # suppressions do.
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -fdebug-info-for-profiling
    -fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/tests/sanitizers/tsan_ignorelist.txt)
  add_link_options(-fsanitize=thread)
elseif(TRIALSYNC_SANITIZER STREQUAL "fuzzer")
  # Coverage for libFuzzer in every file; its main() only in the targets of tests/fuzz/.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

if(TRIALSYNC_SANITIZER)
  # An index or an optional out of its range ends the program too.
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

# The allocator of programs that serve: a quarter of the processor time of a catch-up (measured) is
# saved beside glibc's. A sanitizer brings its own.
add_library(trialsync_allocator INTERFACE)
if(NOT TRIALSYNC_SANITIZER)
  target_link_libraries(trialsync_allocator INTERFACE PkgConfig::JEMALLOC)
endif()

# trialsync_library(<name> SOURCES a.cc … LINKS target …): one floor, or a named part of one.
function(trialsync_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_LINKS} PRIVATE trialsync_options)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# trialsync_test(<name> SOURCES a.cc … LINKS target … [LABELS l …] [TIMEOUT seconds])
function(trialsync_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINKS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} trialsync_options GTest::gtest GTest::gmock
    GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(ARG_TIMEOUT)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  endif()
  if(ARG_LABELS)
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
  endif()
endfunction()
