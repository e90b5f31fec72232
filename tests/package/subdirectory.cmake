# Configures a project that has braid as a subdirectory, builds its program on one stage, and runs it.
# cmake -D SOURCE= SCRATCH= COMPILER= TORCH= VERSION= -P
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${SCRATCH})
execute_process(COMMAND ${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/tests/package/subproject -B ${SCRATCH} -DBRAID=${SOURCE}
                        -DCMAKE_CXX_COMPILER=${COMPILER} -DTorch_DIR=${TORCH} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${SCRATCH} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${SCRATCH}/small OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
if(NOT output STREQUAL "braid ${VERSION}: {\"the\":\"lord\"}\n")
  message(FATAL_ERROR "found ${output}")
endif()
file(REMOVE_RECURSE ${SCRATCH})
