# How every target is compiled: warnings are errors, one precompiled ATen header, optional sanitizers.
add_library(braid_options INTERFACE)
target_include_directories(braid_options INTERFACE ${PROJECT_SOURCE_DIR})
# GCC 12 warns of copies inside std::string that cannot happen (GCC bug 105651).
target_compile_options(braid_options INTERFACE -Wall -Wextra -Wpedantic -Werror -Wno-restrict
                                               -Wno-stringop-overflow -Wno-array-bounds)
if(BRAID_SANITIZE)
  # Instrumented code at -O1 hides from GCC that a variant was set: it warns of every move of one.
  target_compile_options(braid_options INTERFACE -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
                                                 -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  target_link_options(braid_options INTERFACE -fsanitize=address,undefined)
endif()
target_link_libraries(braid_options INTERFACE fmt::fmt Threads::Threads)
# libtorch carries headers of another {fmt} version; the system's must be found first.
get_target_property(fmt_include fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
find_path(FMT_HEADERS fmt/core.h PATHS ${fmt_include} /usr/include NO_DEFAULT_PATH REQUIRED)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/system)
file(CREATE_LINK ${FMT_HEADERS}/fmt ${PROJECT_BINARY_DIR}/system/fmt SYMBOLIC)
target_include_directories(braid_options SYSTEM BEFORE INTERFACE ${PROJECT_BINARY_DIR}/system)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  add_compile_options(-fpch-preprocess)
endif()

# The precompiled header is compiled once, in this target, and reused by every stage that needs ATen.
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/aten.cpp CONTENT "// carries the precompiled header\n")
add_library(braid_aten STATIC ${PROJECT_BINARY_DIR}/aten.cpp)
target_link_libraries(braid_aten PUBLIC braid_options ${TORCH_LIBRARIES})
target_precompile_headers(braid_aten PRIVATE <ATen/ATen.h> <fmt/format.h> <nlohmann/json.hpp>)

# braid_library(<stage> [TORCH] [STAGES ...] [LIBRARIES ...]): braid/<stage>/*.cpp as libbraid_<stage>.a
function(braid_library stage)
  cmake_parse_arguments(arg "TORCH" "" "STAGES;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/braid/${stage}/*.cpp)
  add_library(braid_${stage} STATIC ${sources})
  target_link_libraries(braid_${stage} PUBLIC braid_options ${arg_LIBRARIES})
  if(arg_TORCH)
    target_link_libraries(braid_${stage} PUBLIC braid_aten)
    target_precompile_headers(braid_${stage} REUSE_FROM braid_aten)
  endif()
  foreach(previous IN LISTS arg_STAGES)
    target_link_libraries(braid_${stage} PUBLIC braid_${previous})
  endforeach()
endfunction()

function(braid_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE braid_options braid_aten)
  target_precompile_headers(${name} REUSE_FROM braid_aten)
endfunction()

# braid_embed(<target> <namespace> <file>): the file's text as `extern const char* const <stem>_<ext>`.
function(braid_embed target namespace file)
  get_filename_component(stem ${file} NAME_WE)
  get_filename_component(extension ${file} EXT)
  string(REPLACE "." "_" name "${stem}${extension}")
  file(READ ${file} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/embedded/${name}.cpp @ONLY CONTENT
"namespace @namespace@ {
extern const char* const @name@;
const char* const @name@ = R\"embedded(@text@)embedded\";
}  // namespace @namespace@
")
  target_sources(${target} PRIVATE ${PROJECT_BINARY_DIR}/embedded/${name}.cpp)
  set_source_files_properties(${PROJECT_BINARY_DIR}/embedded/${name}.cpp PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()
