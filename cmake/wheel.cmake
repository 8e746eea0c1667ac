# The Python package (pyproject.toml): its component `wheel` is the folder zoetrope/_native, with the program in it. ZOETROPE_BUILT is a
# build folder that has the program; where it is not given, it is built here.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(ZOETROPE_BUILT "" CACHE PATH "A build folder whose program goes into the Python package")
if(ZOETROPE_BUILT)
  add_custom_target(zoetrope)
  set(built ${ZOETROPE_BUILT})
else()
  set(built ${CMAKE_BINARY_DIR})
endif()
install(CODE "execute_process(COMMAND \"${Python3_EXECUTABLE}\" \"${PROJECT_SOURCE_DIR}/bundle/wheel.py\" \"${built}\"
  \"\${CMAKE_INSTALL_PREFIX}/zoetrope/_native\" COMMAND_ERROR_IS_FATAL ANY)" COMPONENT wheel)
