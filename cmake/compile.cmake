# How braid's own targets are compiled. Directory properties: nothing of this reaches who links braid.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
  endif()
  if(NOT DEFINED CMAKE_COMPILE_WARNING_AS_ERROR)
    set(CMAKE_COMPILE_WARNING_AS_ERROR ON)
  endif()
endif()
set(gcc $<CXX_COMPILER_ID:GNU>)

# Position independent, programs as well: all share one precompiled header.
add_compile_options(-fPIC -fno-semantic-interposition -Wall -Wextra -Wpedantic)
# GCC 12 warns of copies inside std::string that cannot happen (GCC bug 105651).
add_compile_options("$<${gcc}:-Wno-restrict;-Wno-stringop-overflow;-Wno-array-bounds>")
if(BRAID_SANITIZE)
  # Instrumented code at -O1 hides from GCC that a variant was set: it warns of every move of one.
  add_compile_options(-O1 -fsanitize=${BRAID_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
                      $<${gcc}:-Wno-maybe-uninitialized>)
  add_link_options(-fsanitize=${BRAID_SANITIZE})
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # One cache for all clones and build folders of this machine.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_COMPILERCHECK=content
      CCACHE_SLOPPINESS=pch_defines,time_macros,locale ${CCACHE})
  # What ccache needs to know that a precompiled header is the same as before.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-fpch-preprocess)
  else()
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  endif()
endif()
