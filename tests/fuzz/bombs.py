"""Small files that ask for all memory or time: archives that swell, headers and counts that lie."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from fuzz import shells

MIB = 1 << 20
BRACKETS, DIGITS = "[" * 100_000, "9" * 5_000


class Bomb(NamedTuple):
    """A file, the reader that is to refuse it (`alone.py`), and what its error says."""

    name: str
    reader: str
    file: str
    content: Callable[[], bytes]
    message: str


def npy(header: bytes, data: bytes = bytes(48)) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header + b"\n" + data


def shaped(shape: str, descr: str = "'<f8'") -> bytes:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()


def swelling(member: str, mebibytes: int, head: bytes = b"") -> bytes:
    """Return an archive of one member, so many mebibytes of zeros after its head; they are never made."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(head + bytes(MIB - len(head))) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush a block stands for itself, so that one can be written any number of times.
    block = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    data = first + block * (mebibytes - 1) + packer.flush()
    name, size = member.encode(), mebibytes * MIB
    common = struct.pack("<5H3I2H", 20, 0, 8, 0, 33, 0, len(data), size, len(name), 0)
    local = b"PK\x03\x04" + common + name
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<3H2I", 0, 0, 0, 0, 0) + name
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 1, 1, len(central), len(local) + len(data), 0)
    return local + data + central + end


def zeros(count: int) -> bytes:
    """Return the header, of 128 bytes, of an array of so many numbers."""
    return npy(shaped(f"({count},)").ljust(117), b"")


def overlapping() -> bytes:
    """Return an archive whose directory names one mebibyte of zeros four thousand times."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", zeros(MIB // 8 - 16) + bytes(MIB - 128))
        entry = archive.infolist()[0]
        for number in range(4000):
            other = zipfile.ZipInfo(f"a{number}.npy")
            for field in ("compress_type", "CRC", "compress_size", "file_size", "header_offset", "flag_bits"):
                setattr(other, field, getattr(entry, field))
            archive.filelist.append(other)
    return buffer.getvalue()


def within_one_another() -> bytes:
    inner = swelling("points.npy", 64)
    for _ in range(3):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("points.npy", inner)
        inner = buffer.getvalue()
    return inner


def safetensors(entries: object, data: bytes = bytes(16), length: int | None = None) -> bytes:
    head = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(head) if length is None else length) + head + data


def weight(
    dtype: str = "F32", shape: tuple[int, ...] = (4,), place: tuple[int, int] = (0, 16)
) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": place}


def torch_bytes(value: object, *, old: bool = False) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=not old)
    return buffer.getvalue()


def claimed() -> bytes:
    return torch_bytes({"W_enc": torch.zeros(1).expand(2**20, 2**20)})


def lying_storage() -> bytes:
    """Return a file of torch before 1.6 whose storage of 200 numbers says that it has a million millions."""
    plain = torch_bytes({"W_enc": torch.zeros(200)}, old=True)
    assert plain.count(b"K\xc8") >= 1
    return plain.replace(b"K\xc8", b"\x8a\x06" + (10**12).to_bytes(6, "little"))


def wide(line: bytes) -> Callable[[], bytes]:
    return lambda: b",".join([b"a"] * 10_000_000) + b"\n" + line


def card(**entries: object) -> bytes:
    return json.dumps(entries).encode()


def of_text(text: str) -> Callable[[], bytes]:
    return lambda: shells.utf8(text)


FOREIGN = "cannot be read"
PLAN = (
    'widths = [4]\nseeds = {}\n[[worlds]]\nname = "nested-balls"\n[[gates]]\nname = "topk"\nsparsity = [1]\n'
)


def archives() -> Iterator[Bomb]:
    big = lambda: swelling("points.npy", 3072, zeros(3072 * MIB // 8 - 16))  # noqa: E731
    for reader, file in (("data set", "a.npz"), ("alignment", "a.npz"), ("foreign", "params.npz")):
        yield Bomb(f"a swelling archive as {reader}", reader, file, big, "would unpack to 3,221,225,472")
        yield Bomb(f"overlapping members as {reader}", reader, file, overlapping, "would unpack to 4,1")
        yield Bomb(
            f"archives within archives as {reader}", reader, file, within_one_another, "cannot be read"
        )
    yield Bomb(
        "a swelling archive as .pt",
        "foreign",
        "sae.pt",
        lambda: swelling("archive/data.pkl", 3072),
        "would unpack",
    )
    yield Bomb("a tensor of one number", "foreign", "sae.pt", claimed, "its tensors claim 4,398,046,511,104")
    yield Bomb("a storage of 200 numbers", "foreign", "sae.pt", lying_storage, FOREIGN)
    lies = {"a length": "(1000000000000,)", "axes": "(1000000, 1000000)", "a negative axis": "(-1, 4)"}
    for what, shape in lies.items():
        member = npy(shaped(shape))
        for reader, file in (("data set", "a.npz"), ("foreign", "params.npz")):
            yield Bomb(
                f"{what} in an archive as {reader}",
                reader,
                file,
                lambda member=member: zipped(member),
                r"declares an array of|cannot be read",
            )
        yield Bomb(
            f"{what} in .npy", "points", "x.npy", lambda member=member: member, "cannot be read as .npy"
        )
    huge = npy(shaped("(1,)", "'<f8'").ljust(60_000))
    yield Bomb("a long header of .npy", "points", "x.npy", lambda: huge, "cannot be read as .npy")
    yield Bomb(
        "items of a gibibyte",
        "points",
        "x.npy",
        lambda: npy(shaped("(4,)", "'|S1073741824'")),
        "cannot be read as",
    )


def zipped(member: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("points.npy", member)
    return buffer.getvalue()


def headers() -> Iterator[Bomb]:
    w, s = weight, safetensors
    lies: dict[str, bytes] = {
        "a header of 2^60 bytes": s({"W": w()}, length=2**60),
        "a header past the end": s({"W": w()}, length=10_000),
        "no header": b"\0" * 4,
        "overlapping tensors": s({"W": w(), "V": w(place=(8, 24))}),
        "a tensor past the end": s({"W": w(shape=(400,), place=(0, 1600))}),
        "a tensor that ends before it begins": s({"W": w(place=(16, 0))}),
        "a shape that does not fit its place": s({"W": w(shape=(400,))}),
        "axes whose product overflows": s({"W": w(shape=(2**33, 2**33))}),
        "an unknown type": s({"W": w("F33")}),
        "a type that torch does not know": s({"W": w("F8_E8M0", (16,))}),
        "a type of half a byte": s({"W": w("F4", (32,))}),
        "brackets in the header": s(BRACKETS.encode()),
        "no JSON": s(b"{"),
        "a hole": s({"W": w(shape=(2,), place=(8, 16))}),
    }
    for what, content in lies.items():
        message = "cannot be read|no plain table" if what.startswith("a type") else FOREIGN
        yield Bomb(
            f"safetensors: {what}", "foreign", "sae.safetensors", lambda content=content: content, message
        )


def counts() -> Iterator[Bomb]:
    cxt = "B\n\n{}\n{}\n\na\nm\nX\n"
    yield Bomb(
        "10,000,000 objects", "context", "c.cxt", of_text(cxt.format(10**7, 1)), "the file ends where labels"
    )
    yield Bomb(
        "10^14 crosses", "context", "c.cxt", of_text(cxt.format(10**7, 10**7)), "the file ends where labels"
    )
    yield Bomb("10^9 objects", "context", "c.cxt", of_text(cxt.format(10**9, 1)), "is no number of objects")
    yield Bomb(
        "a count of 5,000 digits", "context", "c.cxt", of_text(cxt.format(DIGITS, 1)), "of 5000 digits"
    )
    yield Bomb(
        "the item 9999999", "context", "c.fimi", of_text("0 9999999\n"), "1 objects × 10,000,000 attributes"
    )
    yield Bomb(
        "empty lines", "context", "c.fimi", of_text("900000\n" + "\n" * 99_999), "100,000 objects × 900,001"
    )
    labels = json.dumps({"objects": ["g"] * 70_000, "properties": ["m"] * 70_000, "context": [[]] * 70_000})
    yield Bomb(
        "70,000 × 70,000 labels", "context", "c.json", of_text(labels), "70,000 objects × 70,000 attributes"
    )
    for reader, file in (("points", "x.csv"), ("membership", "m.csv"), ("context", "c.csv")):
        yield Bomb(f"10,000,000 columns of {reader}", reader, file, wide(b"1"), "more than 1,000,000 columns")
    for seeds in ("1000000000000", "99999999"):
        for reader, text in (
            ("plan", PLAN.format(seeds)),
            ("sweep", PLAN.replace('[[worlds]]\nname = "nested-balls"\n', "").format(seeds)),
        ):
            yield Bomb(
                f"{seeds} seeds of a {reader}",
                reader,
                "p.toml",
                of_text(text),
                "no grid has more than 100,000",
            )
    product = PLAN.format(40_000).replace("[4]", str(list(range(4, 40))))
    yield Bomb("a million cells", "plan", "p.toml", of_text(product), "no grid has more than 100,000")
    deep = "a." * 30_000 + "b = 1\n"
    for reader in ("plan", "sweep"):
        yield Bomb(
            f"a key of 30,000 parts in a {reader}", reader, "p.toml", of_text(deep), "too deep to be read"
        )
        yield Bomb(
            f"a {reader} of a mebibyte",
            reader,
            "p.toml",
            of_text("# " + "x" * MIB),
            "characters, where no plan",
        )
        yield Bomb(
            f"brackets in a {reader}", reader, "p.toml", of_text("a = " + BRACKETS), "too deep to be read"
        )
        yield Bomb(f"digits in a {reader}", reader, "p.toml", of_text("seeds = " + DIGITS), "not TOML")


def texts() -> Iterator[Bomb]:
    for what, text in (
        ("brackets", BRACKETS),
        ("tables", '{"a":' * 900 + "1" + "}" * 900),
        ("digits", DIGITS),
    ):
        message = "digits" if what == "digits" else "too deep to be read|cannot be read|is not JSON"
        for reader, file in (
            ("context", "c.json"),
            ("record", "r.json"),
            ("own", "card.json"),
            ("own", "imported.json"),
            ("log", "log.jsonl"),
            ("cfg", "cfg.json"),
        ):
            yield Bomb(f"{what} in {file}", reader, file, of_text(text), message)
        for reader in ("data set", "alignment"):
            yield Bomb(
                f"{what} in the card of a {reader}",
                reader,
                "a.npz",
                lambda text=text: carded(text),
                f"{message}|is no",
            )
    half = json.dumps({"x": "\ud800", "content_hash": "0" * 64})
    yield Bomb(
        "half a surrogate pair in a record", "record", "r.json", of_text(half), "half of a surrogate pair"
    )
    labels = json.dumps({"objects": ["\ud800"], "properties": [], "context": [[]]})
    yield Bomb(
        "half a surrogate pair in a context", "context", "c.json", of_text(labels), "which no file can hold"
    )


def carded(text: str) -> bytes:
    return shells.npz_file(
        {"format": text, "card": text, "points": {"dtype": "F64", "shape": [1, 1], "values": 0}}
    )


BOMBS = {bomb.name: bomb for part in (archives, headers, counts, texts) for bomb in part()}


def written(bomb: Bomb, folder: Path) -> Path:
    """Write a bomb, and beside it what its reader needs."""
    path = folder / bomb.file
    path.write_bytes(bomb.content())
    if bomb.reader == "cfg":
        (folder / "sae_weights.safetensors").write_bytes(
            shells.safetensors_file({"W_dec": shells.described(np.eye(2))})
        )
    if bomb.reader == "membership":
        np.save(folder / "points.npy", np.eye(2))
    return path
