#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes corpus/parquet: small shards in the encodings, compressions and layouts that Parquet files come in.

Made with pyarrow 26.0.1; another version may write other bytes, which does not matter.
"""
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

FOLDER = Path(__file__).parent / "corpus" / "parquet"
STRUCT = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def image_file(i, kind="BMP"):
    file = io.BytesIO()
    Image.new("RGB", (2, 1), (50 * i, 7, 255)).save(file, kind)
    return file.getvalue()


def structs(count):
    return [{"bytes": image_file(i), "path": f"{i}.bmp"} for i in range(count)]


def hugging_face(**features):
    return {"huggingface": json.dumps({"info": {"features": features}})}


LABEL = {"names": ["a", "b", "c"], "_type": "ClassLabel"}


def write(name, images, labels, image_type=STRUCT, label_type=pa.int64(), metadata=None, **options):
    schema = pa.schema([("image", image_type), ("label", label_type)], metadata=metadata)
    table = pa.table([pa.array(images, image_type), pa.array(labels, label_type)], schema=schema)
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False, "store_schema": False} | options
    pq.write_table(table, FOLDER / name, **options)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    features = hugging_face(image={"_type": "Image"}, label=LABEL)
    write("plain", structs(2), [0, 2])
    write("hugging-face", structs(2), [0, 2], metadata=features, store_schema=True, write_statistics=True)
    write("row-groups", structs(3), [0, 1, 2], row_group_size=1)
    write("nulls", [None, {"bytes": None, "path": "x"}, {"bytes": image_file(1), "path": None}], [0, 1, 2])
    write("null-label", structs(2), [0, None])
    write("no-rows", [], [])
    write("binary", [image_file(i) for i in range(2)], [1, 0], image_type=pa.binary())
    write("large-binary", [image_file(1, "PNG")], [1], image_type=pa.large_binary(), store_schema=True)
    write("dictionary", structs(2) * 3, [0, 1] * 3, use_dictionary=True, label_type=pa.uint8())
    write("page-v2", structs(2), [0, 1], data_page_version="2.0", compression="snappy", label_type=pa.int32())
    write("delta", structs(4), [0, 1, 2, 1],
          column_encoding={"image.bytes": "DELTA_LENGTH_BYTE_ARRAY", "image.path": "DELTA_BYTE_ARRAY",
                           "label": "DELTA_BINARY_PACKED"})
    write("split", structs(2), [0, 1], column_encoding={"label": "BYTE_STREAM_SPLIT"})
    write("checksums", structs(2), [0, 1], write_page_checksum=True, write_page_index=True)
    for compression in ("snappy", "gzip", "brotli", "zstd", "lz4"):
        write(compression, structs(2), [0, 1], compression=compression)
    write("list", [[image_file(0)], []], [0, 1], image_type=pa.list_(pa.binary()))
    write("fixed", [image_file(0)], [0], image_type=pa.binary(len(image_file(0))), label_type=pa.int8())


if __name__ == "__main__":
    main()
