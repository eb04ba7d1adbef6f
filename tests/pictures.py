"""Pictures for tests, as notebooks hold them: in base64."""

import base64
import io
import struct
import zlib

from PIL import Image


def encoded(content):
    return base64.b64encode(content).decode()


def drawn(form, width=3, height=2):
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, form)
    return encoded(file.getvalue())


def bomb(width, height):
    """Return a PNG of one colour: a kilobyte that a browser would take gigabytes for."""

    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return encoded(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
