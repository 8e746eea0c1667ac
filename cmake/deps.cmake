# Every library from outside, found in one place. libtorch is the one inside PyPI's torch wheel
# (script/bootstrap installs it into .venv); all else is Debian's.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(MPI REQUIRED COMPONENTS C)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(Spectra REQUIRED)
find_package(Boost REQUIRED COMPONENTS program_options)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
pkg_check_modules(HDF5 REQUIRED IMPORTED_TARGET hdf5)
pkg_check_modules(CAIRO REQUIRED IMPORTED_TARGET cairo pangocairo)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(HWLOC REQUIRED IMPORTED_TARGET hwloc)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(WEBPMUX REQUIRED IMPORTED_TARGET libwebpmux libwebpdemux libwebp)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat libavcodec libavfilter libswscale libavutil)
if(ZOETROPE_TESTS)
  find_package(GTest REQUIRED)
endif()

# Without OpenMPI's bindings for C++, which its version 5 does not have any more: a program that was built with version 4 runs with it.
add_library(zoetrope_mpi INTERFACE)
target_link_libraries(zoetrope_mpi INTERFACE MPI::MPI_C)
target_compile_definitions(zoetrope_mpi INTERFACE OMPI_SKIP_MPICXX)

include(venv)
zoetrope_set_path(ZOETROPE_TORCH_DIR "${ZOETROPE_SITE_PACKAGES}/torch" PATH "The torch folder of a torch wheel (holds include/ and lib/)")
if(NOT EXISTS "${ZOETROPE_TORCH_DIR}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "No libtorch_cpu.so in '${ZOETROPE_TORCH_DIR}/lib'. Run script/bootstrap, "
    "or give -DZOETROPE_TORCH_DIR=<a torch wheel's torch folder>.")
endif()
file(STRINGS ${ZOETROPE_TORCH_DIR}/version.py torch_version_line REGEX "^__version__")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" ZOETROPE_TORCH_VERSION "${torch_version_line}")

add_library(zoetrope_torch INTERFACE)
add_library(zoetrope::torch ALIAS zoetrope_torch)
target_include_directories(zoetrope_torch SYSTEM INTERFACE
  ${ZOETROPE_TORCH_DIR}/include ${ZOETROPE_TORCH_DIR}/include/torch/csrc/api/include)
# libtorch_cpu.so itself names libcudart and libcupti; the wheel's own rpath finds them at run time, so the
# linker need not.
target_link_options(zoetrope_torch INTERFACE -Wl,--allow-shlib-undefined -Wl,-rpath,${ZOETROPE_TORCH_DIR}/lib)
target_link_libraries(zoetrope_torch INTERFACE
  -Wl,--push-state,--no-as-needed ${ZOETROPE_TORCH_DIR}/lib/libtorch_cpu.so ${ZOETROPE_TORCH_DIR}/lib/libc10.so -Wl,--pop-state
  Threads::Threads)

# at::parallel_for is a template in ATen's headers and serial where OpenMP is off. The runtime must be the one
# in the wheel: two of them in a process would each start a pool of threads.
file(GLOB torch_openmp ${ZOETROPE_TORCH_DIR}/lib/libgomp*.so*)
if(NOT torch_openmp)
  message(FATAL_ERROR "No libgomp in '${ZOETROPE_TORCH_DIR}/lib': is this a Linux wheel of torch?")
endif()
target_compile_options(zoetrope_torch INTERFACE -fopenmp)
target_link_libraries(zoetrope_torch INTERFACE ${torch_openmp})

# The precompiled header of all rooms that use libtorch.
file(WRITE ${CMAKE_BINARY_DIR}/torch_pch.cpp.in "// holds the precompiled header\n")
configure_file(${CMAKE_BINARY_DIR}/torch_pch.cpp.in ${CMAKE_BINARY_DIR}/torch_pch.cpp COPYONLY)
add_library(zoetrope_torch_pch OBJECT ${CMAKE_BINARY_DIR}/torch_pch.cpp)
target_link_libraries(zoetrope_torch_pch PRIVATE zoetrope_options zoetrope::torch)
target_precompile_headers(zoetrope_torch_pch PRIVATE <ATen/ATen.h> <algorithm> <filesystem> <functional> <map> <memory>
  <optional> <span> <string> <string_view> <vector>)

message(STATUS "libtorch   ${ZOETROPE_TORCH_VERSION}  ${ZOETROPE_TORCH_DIR}")
message(STATUS "MPI        ${MPI_C_VERSION}  ${MPI_C_COMPILER}")
message(STATUS "HDF5       ${HDF5_VERSION}")
message(STATUS "FFmpeg     libavcodec ${FFMPEG_libavcodec_VERSION}")

include(faiss)
include(cuda)
