# Libraries of the exports: Arrow (parquet), beside libarchive (npz), which the room data has found.
include(arrow)
