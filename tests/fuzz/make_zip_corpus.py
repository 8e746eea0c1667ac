#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_zip_corpus.py: writes corpus/zip, small zip files of each kind that is read."""
import io
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "corpus/zip"
KINDS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}


class Pipe(io.BytesIO):
    """Where sizes come after the bytes."""
    def seek(self, *_):
        raise OSError


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, kind in KINDS.items():
        for file in io.BytesIO(), Pipe():
            with zipfile.ZipFile(file, "w", kind) as archive:
                archive.writestr("a/", b"")
                for path in "a/1.png", "b/ü.jpg", "../c.png", "__MACOSX/._1.png":
                    archive.writestr(path, b"an image" * 5)
            (FOLDER / f"{name}{'-streamed' if isinstance(file, Pipe) else ''}.zip").write_bytes(file.getvalue())
    with zipfile.ZipFile(FOLDER / "zip64.zip", "w") as archive, archive.open("a/1.png", "w", force_zip64=True) as file:
        file.write(b"an image")


if __name__ == "__main__":
    main()
