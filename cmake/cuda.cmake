# CUDA, NCCL and libtorch's CUDA half: from the wheels that the torch wheel brings, so that one process never holds two
# copies of them. Their headers alone are enough to compile the NCCL backend, which tests link to a double of both
# libraries; only -DZOETROPE_CUDA=ON links the real ones.
option(ZOETROPE_CUDA "Use CUDA devices (needs the full torch wheel; no device is needed to build)" OFF)

cmake_path(GET ZOETROPE_TORCH_DIR PARENT_PATH site_packages)
file(GLOB cuda_wheels ${site_packages}/nvidia/cu[0-9]*)
zoetrope_forget_missing(ZOETROPE_NCCL_INCLUDE ZOETROPE_CUDA_INCLUDE)
find_path(ZOETROPE_NCCL_INCLUDE nccl.h HINTS ${site_packages}/nvidia/nccl/include)
# The runtime's headers include crt/, which has a wheel of its own (nvidia-cuda-crt) and is in every toolkit.
find_path(ZOETROPE_CUDA_INCLUDE crt/host_config.h HINTS ${cuda_wheels} ENV CUDA_HOME PATHS /usr/local/cuda PATH_SUFFIXES include)

# CUDA's compiler as a library, which the program loads when it runs on a GPU; a test compiles with it wherever it is.
file(GLOB ZOETROPE_NVRTC ${site_packages}/nvidia/cu[0-9]*/lib/libnvrtc.so.[0-9]*)

if(ZOETROPE_NCCL_INCLUDE AND ZOETROPE_CUDA_INCLUDE)
  add_library(zoetrope_cuda_headers INTERFACE)
  target_include_directories(zoetrope_cuda_headers SYSTEM INTERFACE ${ZOETROPE_NCCL_INCLUDE} ${ZOETROPE_CUDA_INCLUDE})
  message(STATUS "NCCL       ${ZOETROPE_NCCL_INCLUDE}")
else()
  message(STATUS "NCCL       no headers: its backend is neither built nor tested (pip install --no-deps nvidia-nccl-cu13 nvidia-cuda-crt)")
endif()

if(ZOETROPE_CUDA)
  file(GLOB cuda_runtime ${site_packages}/nvidia/cu[0-9]*/lib/libcudart.so.*)
  set(nccl_library ${site_packages}/nvidia/nccl/lib/libnccl.so.2)
  set(torch_cuda_library ${ZOETROPE_TORCH_DIR}/lib/libtorch_cuda.so)
  foreach(needed IN ITEMS "${cuda_runtime}" "${nccl_library}" "${torch_cuda_library}")
    if(NOT EXISTS "${needed}")
      message(FATAL_ERROR "ZOETROPE_CUDA needs the full torch wheel with all it depends on; '${needed}' is not there.")
    endif()
  endforeach()
  if(NOT TARGET zoetrope_cuda_headers)
    message(FATAL_ERROR "ZOETROPE_CUDA needs nccl.h and CUDA's crt/host_config.h.")
  endif()
  add_library(zoetrope_cuda INTERFACE)
  # libtorch_cuda registers itself when it is loaded; nothing here names a symbol of it.
  target_link_libraries(zoetrope_cuda INTERFACE zoetrope_cuda_headers zoetrope::torch
    -Wl,--push-state,--no-as-needed,${torch_cuda_library},--pop-state
    ${ZOETROPE_TORCH_DIR}/lib/libc10_cuda.so ${nccl_library} ${cuda_runtime})
  foreach(library IN ITEMS ${nccl_library} ${cuda_runtime})
    cmake_path(GET library PARENT_PATH folder)
    target_link_options(zoetrope_cuda INTERFACE -Wl,-rpath,${folder})
  endforeach()
  message(STATUS "CUDA       ${cuda_runtime}")
endif()
