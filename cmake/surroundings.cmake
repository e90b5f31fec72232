# braid_surround_tests(): this folder's tests run alike on every machine: one thread (small tensors: threads that wait
# for each other cost more than they do), one locale, one order of Python's sets, scratch in the build folder, an end.
function(braid_surround_tests)
  set(scratch ${PROJECT_BINARY_DIR}/scratch)
  file(MAKE_DIRECTORY ${scratch})
  get_property(tests DIRECTORY PROPERTY TESTS)
  set(limit 1200)
  if(BRAID_WHOLE)
    set(limit 3600)
  endif()
  set_property(TEST ${tests} APPEND PROPERTY ENVIRONMENT OMP_NUM_THREADS=1 PYTHONHASHSEED=0 LC_ALL=C.UTF-8
                                             TMPDIR=${scratch} TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1)
  set_property(TEST ${tests} PROPERTY TIMEOUT ${limit})
endfunction()
