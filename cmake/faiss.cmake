# FAISS, for approximate neighbours (--neighbour-search hnsw and ivf); a program without it says so. Debian has it as an archive alone,
# which is what is wanted: of its objects the linker takes those that are used, with 1 MB. Its products (sgemm_ and a few of LAPACK) are
# those that libtorch exports. Linked to Debian's BLAS instead, which defines the same names, libtorch's own calls could go there: slower,
# and rounded otherwise. It is a direct need of the program, which is searched before what FFmpeg brings. OpenMP is libtorch's, too
# (cmake/deps.cmake), so that there is one pool of threads.
set(ZOETROPE_FAISS AUTO CACHE STRING "Approximate neighbours by FAISS: ON, OFF, or AUTO: where it is installed")
set_property(CACHE ZOETROPE_FAISS PROPERTY STRINGS AUTO ON OFF)

function(zoetrope_find_faiss why)
  zoetrope_forget_missing(ZOETROPE_FAISS_LIBRARY ZOETROPE_FAISS_INCLUDE)
  find_library(ZOETROPE_FAISS_LIBRARY NAMES libfaiss.a)
  find_path(ZOETROPE_FAISS_INCLUDE faiss/IndexIVFFlat.h)
  if(NOT ZOETROPE_FAISS_LIBRARY OR NOT ZOETROPE_FAISS_INCLUDE)
    set(${why} "not found (apt-get install libfaiss-dev)" PARENT_SCOPE)
    return()
  endif()
  file(STRINGS ${ZOETROPE_FAISS_INCLUDE}/faiss/Index.h lines REGEX "define FAISS_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
  string(REGEX REPLACE "[^0-9]+" "." version "${lines}")
  string(REGEX REPLACE "^\\.|\\.$" "" version "${version}")
  set(ZOETROPE_FAISS_VERSION "${version}" PARENT_SCOPE)
  if(version VERSION_LESS 1.7.3 OR NOT version VERSION_LESS 1.8)  # lists are searched by another interface there
    set(${why} "${ZOETROPE_FAISS_LIBRARY} is of version ${version}; 1.7.3 to 1.7.4 can be used" PARENT_SCOPE)
    return()
  endif()
  file(WRITE ${CMAKE_BINARY_DIR}/sgemm.cpp "extern \"C\" void sgemm_(); int main() { sgemm_(); }\n")
  try_compile(ZOETROPE_TORCH_HAS_BLAS ${CMAKE_BINARY_DIR}/sgemm SOURCES ${CMAKE_BINARY_DIR}/sgemm.cpp
    LINK_OPTIONS -Wl,--allow-shlib-undefined LINK_LIBRARIES ${ZOETROPE_TORCH_DIR}/lib/libtorch_cpu.so OUTPUT_VARIABLE output)
  if(NOT ZOETROPE_TORCH_HAS_BLAS)
    set(${why} "left out: the libtorch in ${ZOETROPE_TORCH_DIR} exports no sgemm_, which it needs" PARENT_SCOPE)
  endif()
endfunction()

set(why_no_faiss "left out by ZOETROPE_FAISS=OFF")
if(ZOETROPE_FAISS)
  set(why_no_faiss "")
  zoetrope_find_faiss(why_no_faiss)
endif()
if(why_no_faiss STREQUAL "")
  add_library(zoetrope_faiss INTERFACE)
  target_include_directories(zoetrope_faiss SYSTEM INTERFACE ${ZOETROPE_FAISS_INCLUDE})
  target_link_libraries(zoetrope_faiss INTERFACE ${ZOETROPE_FAISS_LIBRARY} zoetrope::torch)
  message(STATUS "FAISS      ${ZOETROPE_FAISS_VERSION}  ${ZOETROPE_FAISS_LIBRARY}")
elseif(ZOETROPE_FAISS STREQUAL "ON")
  message(FATAL_ERROR "ZOETROPE_FAISS=ON, but FAISS is ${why_no_faiss}")
else()
  message(STATUS "FAISS      ${why_no_faiss}: neighbours are searched for exactly alone")
endif()
