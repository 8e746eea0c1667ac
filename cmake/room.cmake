# zoetrope_add_room(NAME [TORCH] [ROOMS room...] [LIBS target...])
#
# One static library per room, from src/NAME/*.cpp: an arrow between rooms that should not be there fails to
# link. TORCH rooms share one precompiled header, since ATen's headers take seconds to read.
function(zoetrope_add_room NAME)
  cmake_parse_arguments(ROOM "TORCH" "" "ROOMS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${NAME}/*.cpp)
  set(target zoetrope_${NAME})
  add_library(${target} STATIC ${sources})
  target_link_libraries(${target} PUBLIC zoetrope_options)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src/${NAME})
  foreach(room IN LISTS ROOM_ROOMS)
    target_link_libraries(${target} PUBLIC zoetrope_${room})
  endforeach()
  target_link_libraries(${target} PRIVATE ${ROOM_LIBS})
  if(ROOM_TORCH)
    target_link_libraries(${target} PUBLIC zoetrope::torch)
    target_precompile_headers(${target} REUSE_FROM zoetrope_torch_pch)
  endif()
endfunction()

# zoetrope_add_kernels(NAME file...)
#
# Of a room's sources, those that Highway compiles for each kind of x86-64: each includes hwy/foreach_target.h, which
# includes it again for every kind but the least, so none may share a translation unit with another. What they call is
# chosen when the program runs. SSSE3 is left out: processors that have it and not SSE4 are older than 2008.
function(zoetrope_add_kernels NAME)
  set_source_files_properties(${ARGN} TARGET_DIRECTORY zoetrope_${NAME} PROPERTIES
    SKIP_UNITY_BUILD_INCLUSION ON COMPILE_DEFINITIONS HWY_DISABLED_TARGETS=HWY_SSSE3)
  target_link_libraries(zoetrope_${NAME} PRIVATE PkgConfig::HWY)
endfunction()
