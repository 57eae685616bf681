"""The one kind of image that is let in: PNG, 8 bits a channel, RGB, not interlaced, exactly as long as it says.

It is checked without an image library, chunk by chunk, and unpacked with a bound that follows from its head; what comes
out holds head, pixels and end, and nothing else of what was sent. Any decoder may open that.
"""

from __future__ import annotations

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB = b"\x08\x02\x00\x00\x00"  # bit depth, colour type, compression, filter, interlace
_SIDE = 2**15  # pixels of one side
_CHUNKS = 4096  # of one image; Pillow packs 64 kB into each


class ImageError(ValueError):
    """What is wrong with an image, in a few words."""


def checked(sent: bytes, pixels: int) -> tuple[bytes, int, int]:
    """The image without what is not needed, its width and height; ImageError for anything else than one image."""
    if not sent.startswith(_SIGNATURE):
        raise ImageError("not a PNG")
    at, head, packed = len(_SIGNATURE), b"", []
    kind = b""
    chunks = 0
    while kind != b"IEND":
        chunks += 1
        if chunks > _CHUNKS:
            raise ImageError(f"a PNG of more than {_CHUNKS} chunks")
        if len(sent) - at < 12:
            raise ImageError("a PNG that breaks off")
        length, kind = struct.unpack_from(">I4s", sent, at)
        body = sent[at + 8 : at + 8 + length]
        if len(body) != length or sent[at + 8 + length : at + 12 + length] != struct.pack(
            ">I", zlib.crc32(kind + body)
        ):
            raise ImageError("a PNG with a broken chunk")
        if (kind == b"IHDR") != (not head) or (kind == b"IHDR" and (length != 13 or body[8:] != _RGB)):
            raise ImageError("a PNG that is not plain 8-bit RGB")
        if kind == b"IHDR":
            head = body
        elif kind == b"IDAT":
            packed.append(body)
        at += 12 + length
    if at != len(sent):
        raise ImageError("a PNG with something behind it")
    width, height = struct.unpack_from(">II", head)
    if not (0 < width <= _SIDE and 0 < height <= _SIDE and width * height <= pixels):
        raise ImageError(f"a PNG of {width} x {height} pixels; at most {pixels} in all")
    _unpacks(b"".join(packed), width, height)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", b"".join(packed)) + _chunk(b"IEND", b""), width, height


def _unpacks(packed: bytes, width: int, height: int) -> None:
    """ImageError unless these are the pixels, to the byte."""
    row = 1 + 3 * width
    stream = zlib.decompressobj()
    try:
        pixels = stream.decompress(packed, row * height + 1)
    except zlib.error:
        raise ImageError("a PNG that does not unpack") from None
    if len(pixels) != row * height or not stream.eof or stream.unused_data:
        raise ImageError("a PNG of another size than it says")
    if pixels[::row].strip(bytes(range(5))):
        raise ImageError("a PNG with unknown filters")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
