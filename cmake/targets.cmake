# braid's kinds of target: a stage of the library, a program, a text inside a library.
configure_file(${PROJECT_SOURCE_DIR}/braid/version.h.in ${PROJECT_BINARY_DIR}/include/braid/version.h @ONLY)

# braid::braid is all stages (the program has the plain name), braid::base what every stage needs.
add_library(braid_stages INTERFACE)
add_library(braid::braid ALIAS braid_stages)
add_library(braid_base INTERFACE)
add_library(braid::base ALIAS braid_base)
target_include_directories(
  braid_base INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                       $<INSTALL_INTERFACE:include>)
target_compile_features(braid_base INTERFACE cxx_std_20)
target_link_libraries(braid_base INTERFACE braid::fmt Threads::Threads)

# A precompiled header is compiled once, in a target that holds nothing else: braid_aten is every stage's that needs ATen.
set(braid_headers <ATen/ATen.h> <fmt/format.h> <nlohmann/json.hpp>)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/header.cpp CONTENT "// carries a precompiled header\n")
function(braid_header name)
  cmake_parse_arguments(arg "" "" "HEADERS;LIBRARIES" ${ARGN})
  add_library(${name} STATIC ${PROJECT_BINARY_DIR}/header.cpp)
  target_link_libraries(${name} PRIVATE braid_base braid::torch nlohmann_json::nlohmann_json ${arg_LIBRARIES})
  target_precompile_headers(${name} PRIVATE ${braid_headers} ${arg_HEADERS})
endfunction()
braid_header(braid_aten)

# braid_library(<stage> [TORCH] [ALIKE] [STAGES ...] [LIBRARIES ...]): braid/<stage>/*.cpp as braid::<stage>.
# ALIKE: its files are all of one form and have the same names inside, so that none can stand in a file with another.
function(braid_library stage)
  cmake_parse_arguments(arg "TORCH;ALIKE" "" "STAGES;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/braid/${stage}/*.cpp)
  add_library(braid_${stage} STATIC ${sources})
  add_library(braid::${stage} ALIAS braid_${stage})
  set_target_properties(braid_${stage} PROPERTIES EXPORT_NAME ${stage})
  if(BRAID_UNITY AND NOT arg_ALIKE)
    set_target_properties(braid_${stage} PROPERTIES UNITY_BUILD ON)
  endif()
  target_link_libraries(braid_${stage} PUBLIC braid_base ${arg_LIBRARIES})
  if(arg_TORCH)
    target_link_libraries(braid_${stage} PUBLIC braid::torch)
    target_precompile_headers(braid_${stage} REUSE_FROM braid_aten)
  endif()
  foreach(previous IN LISTS arg_STAGES)
    target_link_libraries(braid_${stage} PUBLIC braid_${previous})
  endforeach()
  target_link_libraries(braid_stages INTERFACE braid_${stage})
endfunction()

# braid_program(<name> <source>...): the folder it lies in may move, with a libtorch inside the project.
function(braid_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE braid_base braid::torch)
  target_precompile_headers(${name} PRIVATE ${braid_headers} <CLI/CLI.hpp>)
  target_compile_options(${name} PRIVATE -O1)  # CLI11's templates take long, and what they do takes no time
  get_filename_component(libtorch ${TORCH_INSTALL_PREFIX}/lib REALPATH)
  file(RELATIVE_PATH beside ${CMAKE_CURRENT_BINARY_DIR} ${libtorch})
  set_target_properties(${name} PROPERTIES BUILD_RPATH "$ORIGIN/${beside}")
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
