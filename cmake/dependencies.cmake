# What braid's libraries need, for the project itself and, installed, for find_package(braid).
macro(braid_dependency)
  if(CMAKE_FIND_PACKAGE_NAME STREQUAL braid)
    find_dependency(${ARGN})
  else()
    find_package(${ARGN} REQUIRED)
  endif()
endmacro()

# Who adds braid as a subdirectory links these too, from another directory.
if(NOT CMAKE_FIND_PACKAGE_NAME STREQUAL braid)
  set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
endif()
braid_dependency(Torch HINTS ${braid_torch_hint})
braid_dependency(fmt)
braid_dependency(nlohmann_json)
braid_dependency(yaml-cpp)
braid_dependency(Threads)
braid_dependency(ICU COMPONENTS uc)
braid_dependency(PkgConfig)
if(NOT TARGET PkgConfig::XXHASH)
  pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET GLOBAL libxxhash)
endif()

if(NOT TARGET braid::fmt)
  # libtorch carries headers of another {fmt} version, and CMake drops /usr/include from the search:
  # headers in an ordinary include folder are found before every system folder, and lead to the right ones.
  get_target_property(fmt_folders fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
  find_path(BRAID_FMT_INCLUDE fmt/core.h PATHS ${fmt_folders} /usr/include NO_DEFAULT_PATH REQUIRED)
  mark_as_advanced(BRAID_FMT_INCLUDE)
  set(fmt_first ${CMAKE_BINARY_DIR}/braid_fmt)
  file(GLOB fmt_headers RELATIVE ${BRAID_FMT_INCLUDE} ${BRAID_FMT_INCLUDE}/fmt/*.h)
  foreach(header IN LISTS fmt_headers)
    file(CONFIGURE OUTPUT ${fmt_first}/${header}
         CONTENT "#pragma GCC system_header\n#include \"${BRAID_FMT_INCLUDE}/${header}\"\n")
  endforeach()
  add_library(braid::fmt INTERFACE IMPORTED GLOBAL)
  set_target_properties(braid::fmt PROPERTIES IMPORTED_NO_SYSTEM ON INTERFACE_INCLUDE_DIRECTORIES ${fmt_first}
                                              INTERFACE_LINK_LIBRARIES fmt::fmt)
  add_library(braid::torch INTERFACE IMPORTED GLOBAL)
  set_target_properties(braid::torch PROPERTIES INTERFACE_LINK_LIBRARIES "${TORCH_LIBRARIES}")
endif()
