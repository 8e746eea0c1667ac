# ZOETROPE_REQUIRE in the environment lists what must not be missing, e.g. peers,slurm: tests that are left out for want of it are
# a failure. tests/support/require.py does for tests that find out while they run what this does for tests that are not registered.
include_guard(GLOBAL)
set(things peers slurm nccl chromium parquet faiss namespaces valgrind simgrid)
string(REPLACE "," ";" ZOETROPE_REQUIRED "$ENV{ZOETROPE_REQUIRE}")
foreach(thing IN LISTS ZOETROPE_REQUIRED)
  if(NOT thing IN_LIST things)
    message(FATAL_ERROR "ZOETROPE_REQUIRE names '${thing}', which is none of: ${things}")
  endif()
endforeach()

# zoetrope_left_out(thing reason): called where tests are not registered, since `thing` is missing.
function(zoetrope_left_out thing reason)
  if(thing IN_LIST ZOETROPE_REQUIRED)
    message(FATAL_ERROR "Left out, though ZOETROPE_REQUIRE names ${thing}: ${reason}")
  endif()
  message(STATUS "Left out   ${reason}")
endfunction()
