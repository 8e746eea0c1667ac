#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes corpus/tar, corpus/text_table and corpus/dataset_card/features.md: small files as people's programs write them."""
import bz2
import gzip
import io
import lzma
import tarfile
from pathlib import Path

import pyarrow as pa
from PIL import Image

CORPUS = Path(__file__).parent / "corpus"


def image():
    file = io.BytesIO()
    Image.new("RGB", (2, 1), (50, 7, 255)).save(file, "BMP")
    return file.getvalue()


def tar(name, *members, form=tarfile.USTAR_FORMAT):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as written:
        for member, content in members:
            info = tarfile.TarInfo(member)
            info.size = len(content)
            written.addfile(info, io.BytesIO(content))
    content = file.getvalue()[:-9 * 512]  # the padding to a whole record
    put("tar", name, content)
    return content


def put(folder, name, content):
    (CORPUS / folder).mkdir(parents=True, exist_ok=True)
    (CORPUS / folder / name).write_bytes(content)


def main():
    plain = tar("cls", ("0.bmp", image()), ("0.cls", b"1"), ("1.bmp", image()), ("1.cls", b"0"))
    tar("json", ("a/0.bmp", image()), ("a/0.json", b'{"label": "cat", "id": 3}'))
    tar("txt", ("0.bmp", image()), ("0.txt", b"cat"), form=tarfile.GNU_FORMAT)
    for name, form in ("pax", tarfile.PAX_FORMAT), ("gnu", tarfile.GNU_FORMAT):
        tar(f"long-{name}", ("\u00fc" * 80 + ".bmp", image()), ("\u00fc" * 80 + ".cls", b"2"), form=form)
    put("tar", "no-end", plain[:-1024])
    for name, packed in (("gz", gzip.compress(plain, mtime=0)), ("bz2", bz2.compress(plain)), ("xz", lzma.compress(plain)),
                         ("zst", pa.compress(plain, codec="zstd", asbytes=True)), ("lz4", pa.compress(plain, codec="lz4", asbytes=True))):
        put("tar", name, packed)
    put("text_table", "short-rows.csv", b'file_name,label,n\n1.png\n2.png,"a\nb"\n\n3.png,c,1\n')
    put("text_table", "plain.csv", b"file_name,label\n1.png,cat\n2.png,dog\n")
    put("text_table", "quoted.csv", b'\xef\xbb\xbffile_name,label,n\r\n"1,2.png","a ""b""\n",1\r\n2.png,NA,\r\n')
    put("text_table", "plain.jsonl", b'{"file_name": "1.png", "label": 1}\n{"file_name": "2.png", "label": 0}\n')
    put("text_table", "nested.jsonl", b'{"file_name": "1.png", "x": {"label": "cat", "y": [1, null]}}\n{"z": 1.5}\n')
    put("dataset_card", "features.md", b"---\ndataset_info:\n  features:\n  - name: image\n    dtype: image\n  - name: label\n    dtype:\n"
        b"      class_label:\n        names:\n          '0': cat\n          '1': dog\n---\n")


if __name__ == "__main__":
    main()
