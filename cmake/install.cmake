# What `cmake --install` gives: headers, libraries, find_package(braid), and the program.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/braid)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/braid/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/braid FILES_MATCHING PATTERN *.h)
install(FILES ${PROJECT_BINARY_DIR}/include/braid/version.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/braid)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

get_target_property(stages braid_stages INTERFACE_LINK_LIBRARIES)
set_target_properties(braid_stages PROPERTIES EXPORT_NAME braid)
set_target_properties(braid_base PROPERTIES EXPORT_NAME base)
install(TARGETS braid_stages braid_base ${stages} EXPORT braidTargets)
install(EXPORT braidTargets NAMESPACE braid:: DESTINATION ${package_folder})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/braidConfig.cmake.in ${PROJECT_BINARY_DIR}/braidConfig.cmake
                              INSTALL_DESTINATION ${package_folder})
# Before 1.0 a minor version may change anything.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/braidConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/braidConfig.cmake ${PROJECT_BINARY_DIR}/braidConfigVersion.cmake
              ${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake DESTINATION ${package_folder})

if(TARGET braid)
  # A libtorch inside the project (.venv) goes when the project does: the installed program takes its own.
  get_filename_component(libtorch ${TORCH_INSTALL_PREFIX}/lib REALPATH)
  get_filename_component(project ${PROJECT_SOURCE_DIR} REALPATH)
  cmake_path(IS_PREFIX project ${libtorch} inside)
  option(BRAID_INSTALL_LIBTORCH "Install libtorch's libraries with the program" ${inside})
  set(libtorch_folder ${CMAKE_INSTALL_LIBDIR}/braid)
  file(RELATIVE_PATH beside ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/braid)
  if(BRAID_INSTALL_LIBTORCH)
    set_target_properties(braid PROPERTIES INSTALL_RPATH "$ORIGIN/${beside}")
    install(TARGETS braid RUNTIME_DEPENDENCY_SET libtorch)
    # Dependencies are found by the build folder's $ORIGIN/..: their paths begin in no one way.
    install(RUNTIME_DEPENDENCY_SET libtorch POST_INCLUDE_REGEXES "/torch/lib/[^/]*$" POST_EXCLUDE_REGEXES .
            LIBRARY DESTINATION ${libtorch_folder})
  else()
    set_target_properties(braid PROPERTIES INSTALL_RPATH ${libtorch})
    install(TARGETS braid)
  endif()
endif()
