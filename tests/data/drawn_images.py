# SPDX-License-Identifier: Apache-2.0
"""Image files of every kind that is read and Pillow or pillow-heif writes, and some that nobody writes any more, drawn anew."""
import io
import struct

import numpy as np
from PIL import Image

LARGEST_SIDE = 90
TIFF_COMPRESSIONS = [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "zstd", "lzma"]
TIFF_MODES = ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "I;16B", "I", "F", "LA", "YCbCr"]


def photo(rng, height, width):
    """Waves of random direction, and noise: what compression has to work on."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [np.sin(2 * np.pi * (a * x + b * y + c)) for a, b, c in rng.uniform(-6, 6, (3, 3))]
    return Image.fromarray((128 + 90 * np.stack(waves, axis=2) + rng.normal(0, 12, (height, width, 3))).clip(0, 255).astype(np.uint8))


def draw(rng, mode="RGB"):
    image = photo(rng, *(int(side) for side in rng.integers(1, LARGEST_SIDE, 2)))
    if mode in ("LA", "RGBA"):
        alpha = Image.fromarray(rng.integers(0, 256, (image.height, image.width)).astype(np.uint8))
        image = image.convert("L") if mode == "LA" else image
        return Image.merge(mode, (*image.split(), alpha))
    if mode == "P":
        return image.quantize(int(rng.integers(2, 257)))
    if mode in ("I", "F", "I;16", "I;16B"):
        values = np.asarray(image.convert("L")).astype(np.float64) * rng.choice([1, 1.3, 200]) - rng.choice([0, 60])
        types = {"I": np.int32, "F": np.float32, "I;16": "<u2", "I;16B": ">u2"}
        values = values.clip(0, 65535) if mode.startswith("I;16") else values
        return Image.frombytes(mode, image.size, values.astype(types[mode]).tobytes())
    return image.convert(mode)


def encode(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff_files(rng):
    for mode in TIFF_MODES:
        for compression in TIFF_COMPRESSIONS:
            if compression == "jpeg" and mode not in ("L", "RGB", "CMYK", "YCbCr"):
                continue
            options = {"compression": compression} if compression else {}
            if compression != "jpeg" and rng.integers(2):
                options["tiffinfo"] = {274: int(rng.integers(1, 9))}
            if compression in ("tiff_lzw", "tiff_adobe_deflate") and mode in ("L", "RGB", "RGBA"):
                options.setdefault("tiffinfo", {})[317] = 2  # differences of neighbours
            if compression and rng.integers(2):
                options["strip_size"] = 1000
            yield f"{mode} {compression}.tif", encode(draw(rng, mode), "TIFF", **options)
    yield "group4.tif", encode(draw(rng, "1"), "TIFF", compression="group4")
    yield "group3.tif", encode(draw(rng, "1"), "TIFF", compression="group3")
    yield "big.tif", encode(draw(rng), "TIFF", big_tiff=True)
    yield "pages.tif", encode(draw(rng), "TIFF", save_all=True, append_images=[draw(rng), draw(rng, "L")])


def tiff(height, width, pixels, order="<", tile=None, **tags):
    """One of a kind that Pillow reads but does not write. `pixels`: the strips or, with `tile` as (height, width), the tiles."""
    numbers = {"width": 256, "length": 257, "bits": 258, "compression": 259, "photometric": 262, "offsets": 273, "samples": 277,
               "rows": 278, "counts": 279, "planar": 284, "map": 320, "tile_width": 322, "tile_length": 323, "tile_offsets": 324,
               "tile_counts": 325, "extra": 338, "format": 339, "fill": 266, "subsampling": 530}
    blocks = b"".join(pixels)
    at = np.cumsum([8] + [len(block) for block in pixels])[:-1].tolist()
    names = ("tile_offsets", "tile_counts") if tile else ("offsets", "counts")
    entries = {"width": [width], "length": [height], names[0]: at, names[1]: [len(block) for block in pixels]} | tags
    entries |= {"tile_width": [tile[1]], "tile_length": [tile[0]]} if tile else {"rows": tags.get("rows", [height])}
    directory, rest = b"", b""
    behind = 8 + len(blocks) + 2 + 12 * len(entries) + 4
    for name, values in sorted(entries.items(), key=lambda entry: numbers[entry[0]]):
        wide = name in ("offsets", "counts", "tile_offsets", "tile_counts")
        body = struct.pack(f"{order}{len(values)}{'I' if wide else 'H'}", *values)
        if len(body) > 4:
            rest, body = rest + body, struct.pack(order + "I", behind + len(rest))
        directory += struct.pack(order + "HHI", numbers[name], 4 if wide else 3, len(values)) + body.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(blocks))
    return head + blocks + struct.pack(order + "H", len(entries)) + directory + bytes(4) + rest


def odd_tiff_files(rng):
    height, width = (int(side) for side in rng.integers(2, 40, 2))
    wide = rng.integers(0, 65536, (height, width, 4))
    for order in "<>":
        for samples, extra in ((3, {}), (4, {"extra": [0]}), (4, {"extra": [1]}), (4, {"extra": [2]})):
            for bits, kind in ((8, "u1"), (16, order + "u2")):
                values = (wide[..., :samples] >> (16 - bits)).astype(kind)
                yield (f"rgb {order}{samples}x{bits} {extra}.tif",
                       tiff(height, width, [values.tobytes()], order, bits=[bits] * samples, samples=[samples], photometric=[2], **extra))
        cmyk = wide.astype(order + "u2")
        yield f"cmyk {order}16.tif", tiff(height, width, [cmyk.tobytes()], order, bits=[16] * 4, samples=[4], photometric=[5])
        signed = rng.integers(-300, 600, (height, width))
        for bits in (16, 32):
            yield (f"signed {order}{bits}.tif", tiff(height, width, [signed.astype(f"{order}i{bits // 8}").tobytes()], order, bits=[bits],
                                                      samples=[1], photometric=[1], format=[2]))
        rows = [rng.integers(0, 256, width, np.uint8).tobytes() for _ in range(height)]
        for bits in (1, 2, 4, 8):
            cut = [row[:(width * bits + 7) // 8] for row in rows]
            for photometric in (0, 1, 3):
                colours = {"map": rng.integers(0, 65536, 3 << bits).tolist()} if photometric == 3 else {}
                for fill in (1,) if photometric == 3 or (bits, photometric) == (8, 0) else (1, 2):  # Pillow fails at the others
                    tags = {"bits": [bits], "samples": [1], "photometric": [photometric], "rows": [1], "fill": [fill]} | colours
                    yield f"{order}{bits} bits {photometric} {fill}.tif", tiff(height, width, cut, order, **tags)
    yield "12 bits.tif", tiff(4, 6, [rng.integers(0, 256, 36, np.uint8).tobytes()], bits=[12], samples=[1], photometric=[1])
    padded = rng.integers(0, 256, (64, 96, 3), np.uint8)
    tiles = [padded[y : y + 32, x : x + 48].tobytes() for y in (0, 32) for x in (0, 48)]
    yield "tiles.tif", tiff(50, 77, tiles, tile=(32, 48), bits=[8] * 3, samples=[3], photometric=[2])
    planes = [padded[..., c].tobytes() for c in range(3)]
    yield "planes.tif", tiff(64, 96, planes, bits=[8] * 3, samples=[3], photometric=[2], planar=[2])


def gif_files(rng):
    for mode in ("L", "P", "RGB", "1"):
        yield f"{mode}.gif", encode(draw(rng, mode), "GIF", interlace=int(rng.integers(2)))
    image = draw(rng, "P")
    yield "transparent.gif", encode(image, "GIF", transparency=int(rng.integers(0, 256)))
    yield "film.gif", encode(image, "GIF", save_all=True, append_images=[image.rotate(90), image.rotate(180)], disposal=2, loop=0)
    for transparent in (b"", b"!\xf9\4\1\0\0\2\0"):
        for table in (b"", bytes(range(30, 42))):
            head = b"GIF89a" + struct.pack("<HHBBB", 7, 5, 0x81 if table else 0, 1, 0) + table
            bits = at = 0
            for code, width in ((4, 3), (0, 3), (1, 3), (2, 3), (3, 4), (1, 4), (0, 4), (5, 4)):  # clear, six pixels, end
                bits |= code << at
                at += width
            data = bits.to_bytes((at + 7) // 8, "little")
            frame = b"," + struct.pack("<HHHHB", 2, 1, 3, 2, 0) + b"\2" + bytes([len(data)]) + data + b"\0;"
            yield f"small frame {len(transparent)} {len(table)}.gif", head + transparent + frame


def pnm_files(rng):
    for mode in ("1", "L", "RGB", "I"):
        yield f"{mode}.pnm", encode(draw(rng, mode), "PPM")
    height, width = 5, 9
    for kind, channels in (("P2", 1), ("P3", 3), ("P5", 1), ("P6", 3)):
        for most in (1, 7, 100, 255, 256, 1000, 65535):
            values = rng.integers(0, most + 1, height * width * channels)
            if kind in ("P2", "P3"):
                body = " ".join(f"{v}" + ("\n# a comment\n" if i % 11 == 5 else "") for i, v in enumerate(values)).encode()
            else:
                body = values.astype(">u2" if most > 255 else "u1").tobytes()
            yield f"{kind} {most}.ppm", f"{kind}\n# made\n{width} {height}\n{most}\n".encode() + body
    bits = rng.integers(0, 2, (height, width))
    yield "P1.pbm", f"P1\n{width} {height}\n".encode() + "\n".join("".join(map(str, row)) for row in bits).encode()
    yield "P4.pbm", f"P4 {width} {height}\n".encode() + np.packbits(bits, axis=1).tobytes()


def tga_files(rng):
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        for options in ({}, {"compression": "tga_rle"}, {"orientation": 1}):
            if mode == "1" and options.get("compression"):
                continue
            yield f"{mode} {options}.tga", encode(draw(rng, mode), "TGA", **options)
    words = rng.integers(0, 65536, (6, 5)).astype("<u2")
    for flags in (0, 0x10, 0x20, 0x30):
        head = struct.pack("<BBBHHBHHHHBB", 3, 0, 2, 0, 0, 0, 0, 0, 5, 6, 16, flags)
        yield f"16 bits {flags}.tga", head + b"ab\0" + words.tobytes()
    flat = Image.new("RGB", (300, 40), (10, 200, 30))
    yield "flat.tga", encode(flat, "TGA", compression="tga_rle")


def ico_files(rng):
    for mode in ("L", "P", "RGB", "RGBA", "1"):
        for kind in ("png", "bmp"):
            image = draw(rng, mode).resize((48, 48))
            if kind == "bmp" and mode == "1":
                continue
            yield f"{mode} {kind}.ico", encode(image, "ICO", sizes=[(16, 16), (48, 48), (32, 32)], bitmap_format=kind)


def jp2_files(rng):
    for mode in ("L", "LA", "RGB", "RGBA", "I;16"):
        for options in ({}, {"irreversible": True, "quality_layers": [20]}, {"tile_size": (32, 32)}, {"no_jp2": True}):
            if mode == "I;16" and options.get("irreversible"):
                continue
            image = draw(rng, mode)
            if "quality_layers" in options:
                image = image.resize((60, 50))
            yield f"{mode} {options}.jp2", encode(image, "JPEG2000", **options)
    yield "ycc.jp2", encode(draw(rng), "JPEG2000", mct=0)


def run_length_bmp_files(rng):
    for bits in (4, 8):
        for _ in range(4):
            width, height = (int(side) for side in rng.integers(1, LARGEST_SIDE, 2))
            palette = rng.integers(0, 256, 4 << bits, np.uint8).tobytes()
            runs = b"".join(row_of_runs(rng, bits, width) + b"\0\0" for _ in range(height))[:-2] + b"\0\1"
            header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, {8: 1, 4: 2}[bits], len(runs), 0, 0, 1 << bits, 0) + palette
            head = b"BM" + struct.pack("<IHHI", 14 + len(header) + len(runs), 0, 0, 14 + len(header))
            yield f"run lengths {bits} {width}x{height}.bmp", head + header + runs


def row_of_runs(rng, bits, width):
    row, x = b"", 0
    while x < width:
        count = min(width - x, int(rng.integers(1, 9)))
        if count >= 3 and rng.integers(2):  # one by one
            pixels = rng.integers(0, 256, (count * bits + 7) // 8, np.uint8).tobytes()
            row += bytes([0, count]) + pixels + bytes(len(pixels) % 2)
        elif count < width - x and rng.integers(8) == 0:  # passed over
            row += bytes([0, 2, count, 0])
        else:
            row += bytes([count, int(rng.integers(256))])
        x += count
    return row


def avif_files(rng):
    for mode in ("L", "RGB", "RGBA", "P"):
        for options in ({}, {"quality": 90, "subsampling": "4:4:4"}, {"quality": 50, "subsampling": "4:2:2"}, {"quality": 100},
                        {"range": "limited"}):
            exif = Image.Exif()
            exif[0x0112] = int(rng.integers(1, 9))
            yield f"{mode} {options}.avif", encode(draw(rng, mode), "AVIF", speed=9, exif=exif, **options)
    yield "premultiplied.avif", encode(draw(rng, "RGBA"), "AVIF", speed=9, alpha_premultiplied=True)
    yield "film.avif", encode(draw(rng).resize((40, 30)), "AVIF", speed=9, save_all=True, append_images=[draw(rng).resize((40, 30))])


def heic_files(rng):
    """Once pillow_heif.register_heif_opener() has been called."""
    import pillow_heif

    for mode in ("RGB", "RGBA", "L"):
        for options in ({}, {"quality": 90, "chroma": 444}, {"quality": 60, "chroma": "422"}, {"quality": -1}, {"quality": 20}):
            for _ in range(3):
                exif = Image.Exif()
                exif[0x0112] = int(rng.integers(1, 9))
                yield f"{mode} {options}.heic", encode(draw(rng, mode), "HEIF", exif=exif, **options)
    for bits, chroma in ((10, 444), (10, 420), (12, 422), (12, 420)):
        values = rng.integers(0, 1 << 16, (40, 50, 3)).astype(np.uint16)
        pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
        file = io.BytesIO()
        pillow_heif.encode("RGB;16", (50, 40), values.tobytes(), file, quality=90, chroma=chroma)
        yield f"{bits} bits {chroma}.heic", file.getvalue()


def files(rng):
    for kind in (tiff_files, odd_tiff_files, gif_files, pnm_files, tga_files, ico_files, jp2_files, avif_files, run_length_bmp_files):
        yield from kind(rng)
