# Libraries of the exports: libarchive (npz), libpng, and Apache Arrow's C++ library out of PyPI's pyarrow wheel,
# without which --export parquet says that it is not there.
pkg_check_modules(LIBARCHIVE REQUIRED IMPORTED_TARGET libarchive)
file(GLOB pyarrow_found ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/pyarrow)
set(ZOETROPE_PYARROW_DIR "${pyarrow_found}" CACHE PATH "The pyarrow folder of a pyarrow wheel (holds include/ and libarrow.so.*)")
file(GLOB arrow_library ${ZOETROPE_PYARROW_DIR}/libarrow.so.*)
file(GLOB parquet_library ${ZOETROPE_PYARROW_DIR}/libparquet.so.*)

add_library(zoetrope_arrow INTERFACE)
if(arrow_library AND parquet_library AND EXISTS ${ZOETROPE_PYARROW_DIR}/include/parquet/arrow/writer.h)
  target_include_directories(zoetrope_arrow SYSTEM INTERFACE ${ZOETROPE_PYARROW_DIR}/include)
  target_compile_definitions(zoetrope_arrow INTERFACE ZOETROPE_ARROW)
  target_link_libraries(zoetrope_arrow INTERFACE ${parquet_library} ${arrow_library})
  target_link_options(zoetrope_arrow INTERFACE -Wl,-rpath,${ZOETROPE_PYARROW_DIR})
  message(STATUS "Arrow      ${arrow_library}")
else()
  message(STATUS "Arrow      not found: --export parquet is left out (pip install pyarrow into .venv)")
endif()
