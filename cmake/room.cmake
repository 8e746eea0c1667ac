# zoetrope_add_room(NAME [TORCH] [ROOMS room...] [LIBS target...])
#
# One static library per room, from src/NAME/*.cpp: an arrow between rooms that should not be there fails to
# link. TORCH rooms share one precompiled header, since ATen's headers take seconds to read.
function(zoetrope_add_room NAME)
  cmake_parse_arguments(ROOM "TORCH" "" "ROOMS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${NAME}/*.cpp)
  set(target zoetrope_${NAME})
  if(NOT sources) # being furnished
    file(WRITE ${CMAKE_BINARY_DIR}/empty.cpp "")
    set(sources ${CMAKE_BINARY_DIR}/empty.cpp)
  endif()
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
