# Libraries of the exports: libarchive (npz) and Arrow (parquet).
pkg_check_modules(LIBARCHIVE REQUIRED IMPORTED_TARGET libarchive)
include(arrow)
