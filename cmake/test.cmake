# zoetrope_add_test(NAME name SOURCES file... [ROOMS room...] [LIBS target...] [TORCH] [KERNELS] [TOGETHER] [SANITIZED address|thread...]
#                   [RANKS n...] [LABELS label...] [TIMEOUT s])
#
# A GoogleTest program. With RANKS it is run once under mpirun for each n, as name-<n>; label mpi. Without,
# it is one test; label unit: a process for each TEST would take longer to load libtorch than to test. With KERNELS it is run as on lesser processors, too: name-AVX2, name-SSE4, name-least.
# SANITIZED: script/sanitize runs it too, under AddressSanitizer (it reads foreign bytes), ThreadSanitizer (it has threads) or both, with
# one and two ranks.
# TOGETHER: its files are compiled as one where rooms are, so names in their anonymous namespaces differ. That takes half as long.
# Each TEST has a scratch folder of its own as its working directory (tests/support/scratch.hpp).
include(require)

# Ranks that wait for others yield: tests run side by side.
set(ZOETROPE_MPIRUN ${MPIEXEC_EXECUTABLE} --oversubscribe --bind-to none --mca mpi_yield_when_idle 1
  CACHE STRING "How tests start MPI ranks")

add_custom_target(sanitized)

# What each program starts with: main(), and threads that wait as zoetrope's do. Those of libgomp spin, and took the cores from tests beside.
add_library(zoetrope_test_main OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/support/main.cpp)
target_link_libraries(zoetrope_test_main PRIVATE zoetrope_options GTest::gmock)
add_library(zoetrope_mpi_test_main OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/mpi_main.cpp)
target_link_libraries(zoetrope_mpi_test_main PRIVATE zoetrope_options zoetrope_mpi GTest::gmock)
foreach(main IN ITEMS zoetrope_test_main zoetrope_mpi_test_main)
  target_sources(${main} PRIVATE ${PROJECT_SOURCE_DIR}/jobs/calm_waiting.cpp)
  target_include_directories(${main} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
endforeach()
if(ZOETROPE_SANITIZE MATCHES "address")  # Open MPI unloads its modules at the end, so that no suppression could name their leaks
  set(ZOETROPE_MPI_SANITIZER ASAN_OPTIONS=detect_leaks=0)
endif()

function(zoetrope_add_test)
  cmake_parse_arguments(T "TORCH;KERNELS;TOGETHER" "NAME;TIMEOUT" "SOURCES;ROOMS;LIBS;RANKS;LABELS;SANITIZED" ${ARGN})
  set(is_sanitized OFF)
  foreach(sanitizer IN LISTS T_SANITIZED)
    if(ZOETROPE_SANITIZE MATCHES ${sanitizer})
      set(is_sanitized ON)
    endif()
  endforeach()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 3600) # on a machine that does other things, too
  endif()
  add_executable(${T_NAME} ${T_SOURCES})
  if(T_TOGETHER)
    set_target_properties(${T_NAME} PROPERTIES UNITY_BUILD "${ZOETROPE_UNITY_TESTS}")
  endif()
  target_link_libraries(${T_NAME} PRIVATE zoetrope_options ${T_LIBS} GTest::gmock)
  target_include_directories(${T_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  # A third less to compile than as the rooms are, which -O3 makes faster.
  if(CMAKE_BUILD_TYPE STREQUAL Release)
    target_compile_options(${T_NAME} PRIVATE -O1)
  endif()
  target_compile_definitions(${T_NAME} PRIVATE
    ZOETROPE_GOLDEN_DIR="${PROJECT_SOURCE_DIR}/tests/golden")
  foreach(room IN LISTS T_ROOMS)
    target_link_libraries(${T_NAME} PRIVATE zoetrope_${room})
  endforeach()
  if(T_TORCH)
    target_link_libraries(${T_NAME} PRIVATE zoetrope::torch)
    target_precompile_headers(${T_NAME} REUSE_FROM zoetrope_torch_pch)
  endif()
  if(is_sanitized)
    add_dependencies(sanitized ${T_NAME})
  endif()
  set(scratch ${CMAKE_CURRENT_BINARY_DIR}/scratch/${T_NAME})
  file(MAKE_DIRECTORY ${scratch})
  if(T_RANKS)
    target_link_libraries(${T_NAME} PRIVATE zoetrope_mpi_test_main zoetrope_mpi)
    foreach(n IN LISTS T_RANKS)
      add_test(NAME ${T_NAME}-${n} COMMAND ${ZOETROPE_MPIRUN} -n ${n} $<TARGET_FILE:${T_NAME}> WORKING_DIRECTORY ${scratch})
      set(labels mpi ${T_LABELS})
      if(is_sanitized AND n LESS_EQUAL 2)
        list(APPEND labels sanitized)
      endif()
      set_tests_properties(${T_NAME}-${n} PROPERTIES LABELS "${labels}" PROCESSORS 2 TIMEOUT ${T_TIMEOUT}
        ENVIRONMENT "ZOETROPE_TEST_RANKS=${n};OMPI_ALLOW_RUN_AS_ROOT=1;OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;${ZOETROPE_MPI_SANITIZER}")
    endforeach()
  else()
    target_link_libraries(${T_NAME} PRIVATE zoetrope_test_main)
    set(labels unit ${T_LABELS})
    if(is_sanitized)
      list(APPEND labels sanitized)
    endif()
    add_test(NAME ${T_NAME} COMMAND ${T_NAME} WORKING_DIRECTORY ${scratch})
    set_tests_properties(${T_NAME} PROPERTIES LABELS "${labels}" TIMEOUT ${T_TIMEOUT})
    if(T_KERNELS)
      target_sources(${T_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/processor.cpp)
      target_link_libraries(${T_NAME} PRIVATE PkgConfig::HWY)
      foreach(processor IN ITEMS AVX2 SSE4 least)
        add_test(NAME ${T_NAME}-${processor} COMMAND ${T_NAME} WORKING_DIRECTORY ${scratch})
        set_tests_properties(${T_NAME}-${processor} PROPERTIES LABELS "unit;${T_LABELS}" TIMEOUT ${T_TIMEOUT}
          ENVIRONMENT ZOETROPE_TEST_PROCESSOR=${processor})
      endforeach()
    endif()
  endif()
endfunction()

# zoetrope_order_tests(name seconds [name seconds...])
#
# How long tests of this folder take, about, on two cores that do other things, too. ctest begins with those that take longest, so that
# none of them is left to run alone at the end. Named are those of more than half a minute, where there is what they need.
function(zoetrope_order_tests)
  set(costs ${ARGV})
  while(costs)
    list(POP_FRONT costs name seconds)
    if(TEST ${name})
      set_tests_properties(${name} PROPERTIES COST ${seconds})
    endif()
  endwhile()
endfunction()
