"""Attachments of the made-up mailbox: an archive, a PDF, a picture, written by hand so that they are the same everywhere."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Final


def kit() -> bytes:
    """The kit: two harmless pages and an empty list."""
    page = '<html lang="fa" dir="rtl"><body><h1>بانک نمونه</h1><p>SPECIMEN {}</p></body></html>\n'
    files = {
        "index.html": page.format(1),
        "check.html": page.format(2),
        "نتایج/results.csv": "account,password,code\r\n",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, date_time=(2026, 9, 2, 9, 0, 0))
            entry.create_system = 3  # the same on every system
            archive.writestr(entry, text.encode())
    return out.getvalue()


def receipt() -> bytes:
    """A receipt of one page, PDF 1.4."""
    lines = ("SPECIMEN RECEIPT - NOT A REAL PAYMENT", "To: Kit Desk", "Amount: 200 sample coins", "2026-09-01")
    stream = "BT /F 14 Tf 60 760 Td 22 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << "
            "/Font << /F 5 0 R >> >> >>"
        ),
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out, places = "%PDF-1.4\n", []
    for number, text in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{text}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 6\n0000000000 65535 f \n{table}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return (out + end).encode("ascii")


_WIDTH: Final = 640
_HEIGHT: Final = 420
_LETTERS: Final = {  # five by seven, a row a digit pair: 5 bits each
    "S": (14, 17, 16, 14, 1, 17, 14), "P": (30, 17, 17, 30, 16, 16, 16), "E": (31, 16, 16, 30, 16, 16, 31),
    "C": (14, 17, 16, 16, 16, 17, 14), "I": (14, 4, 4, 4, 4, 4, 14), "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 25, 21, 19, 17, 17, 17),
}  # fmt: skip


def picture() -> bytes:
    """A picture of the false login page, 640 by 420, with a palette; stored, so that no zlib version matters."""
    rows = [bytearray([1]) * _WIDTH for _ in range(_HEIGHT)]

    def fill(x: int, y: int, width: int, height: int, colour: int) -> None:
        for line in rows[y : y + height]:
            line[x : x + width] = bytes([colour]) * width

    fill(0, 0, _WIDTH, 70, 2)
    fill(170, 110, 300, 250, 3)
    for y in (150, 210, 270):
        fill(200, y, 240, 36, 1)
    fill(200, 318, 240, 30, 2)
    for place, letter in enumerate("SPECIMEN"):
        for y, bits in enumerate(_LETTERS[letter]):
            for x in (x for x in range(5) if bits >> (4 - x) & 1):
                fill(40 + place * 36 + x * 6, 14 + y * 6, 6, 6, 1)
    palette = bytes.fromhex("000000 ffffff 0a5c4a e6ece9")
    pixels = b"".join(b"\0" + bytes(line) for line in rows)
    head = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", _stored(pixels)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def _stored(data: bytes) -> bytes:
    """`data` as a zlib stream of stored blocks, RFC 1950 and RFC 1951, 3.2.4."""
    blocks = [data[at : at + 65535] for at in range(0, len(data), 65535)]
    out = b"".join(
        struct.pack("<BHH", block is blocks[-1], len(block), len(block) ^ 0xFFFF) + block for block in blocks
    )
    return b"\x78\x01" + out + struct.pack(">I", zlib.adler32(data))
