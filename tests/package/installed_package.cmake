# Installs braid, moves all that was installed, and uses it: the program, and examples/library built against it.
# cmake -D SOURCE= BUILD= SCRATCH= COMPILER= VERSION= -P
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${SCRATCH})
set(ENV{LD_LIBRARY_PATH})

# run(<variable> <command>...): its output; fails with the command.
function(run variable)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}: exit ${status}\n${output}")
  endif()
  set(${variable} "${output}" PARENT_SCOPE)
endfunction()
function(expect text pattern)
  if(NOT text MATCHES "${pattern}")
    message(FATAL_ERROR "expected ${pattern}, found: ${text}")
  endif()
endfunction()

run(log ${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/installed)
file(RENAME ${SCRATCH}/installed ${SCRATCH}/moved)

run(version ${SCRATCH}/moved/bin/braid --version)
expect("${version}" "^braid ${VERSION}\n$")
# Nothing that is installed leads back into the build folder.
file(GLOB_RECURSE installed ${SCRATCH}/moved/lib/cmake/* ${SCRATCH}/moved/bin/*)
foreach(file IN LISTS installed)
  file(STRINGS ${file} leads REGEX "${BUILD}")
  if(leads)
    message(FATAL_ERROR "${file} names the build folder: ${leads}")
  endif()
endforeach()
# The program of the build folder runs elsewhere as well.
file(COPY ${BUILD}/braid DESTINATION ${SCRATCH}/copied)
run(version ${SCRATCH}/copied/braid --version)
expect("${version}" "^braid ${VERSION}\n$")

run(log ${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/examples/library -B ${SCRATCH}/library
    -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_PREFIX_PATH=${SCRATCH}/moved -DCMAKE_CXX_FLAGS=-Wall)
run(log ${CMAKE_COMMAND} --build ${SCRATCH}/library)
set(embedded ${SOURCE}/examples/embedded)
run(output ${SCRATCH}/library/barrier ${embedded}/bert-1 ${embedded}/bert-2 ${SOURCE}/examples/library/lines.txt)
message("${output}")
expect("${output}" "barrier [0-9.]+, B' differs from B by ([0-9.]+e-0[4-9]|0.0e)")
file(REMOVE_RECURSE ${SCRATCH})
