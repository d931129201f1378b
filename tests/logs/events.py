"""Event files by hand: python3 events.py < SPEC > FILE. A line of SPEC is an event, in words:
    STEP TAG KIND VALUE     a scalar; KIND is how its value is encoded (`encode`)
    restart STEP            a session that starts, so that what was written from STEP on is void
    record HEX              a record of these bytes"""
import struct, sys

TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


def masked_crc(data):
    c = 0xFFFFFFFF
    for byte in data:
        c = TABLE[(c ^ byte) & 255] ^ c >> 8
    c ^= 0xFFFFFFFF
    return struct.pack("<I", ((c >> 15 | c << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def record(data):
    length = struct.pack("<Q", len(data))
    return length + masked_crc(length) + data + masked_crc(data)


def varint(n):
    n &= 2**64 - 1
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def number(field, n):
    return varint(field << 3) + varint(n)


def text(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def tensor(dtype, *parts, shape=()):
    dims = b"".join(text(2, number(1, n)) for n in shape)
    return text(8, number(1, dtype) + text(2, dims) + b"".join(parts))


def encode(kind, value):
    v = float(value)
    f32, f64 = struct.pack("<f", v), struct.pack("<d", v)
    half = int.from_bytes(struct.pack("<e", v), "little")
    return {
        "simple": lambda: varint(2 << 3 | 5) + f32,
        "float_val": lambda: tensor(1, text(5, f32)),
        "float_plain": lambda: tensor(1, varint(5 << 3 | 5) + f32),
        "float_content": lambda: tensor(1, text(4, f32)),
        "float_one": lambda: tensor(1, text(4, f32), shape=(1, 1)),
        "double_val": lambda: tensor(2, text(6, f64)),
        "double_plain": lambda: tensor(2, varint(6 << 3 | 1) + f64),
        "double_content": lambda: tensor(2, text(4, f64)),
        "int_val": lambda: tensor(3, text(7, varint(int(v)))),
        "int_plain": lambda: tensor(3, number(7, int(v))),
        "int64_val": lambda: tensor(9, text(10, varint(int(v)))),
        "int64_content": lambda: tensor(9, text(4, struct.pack("<q", int(v)))),
        "bool_val": lambda: tensor(10, text(11, varint(int(v)))),
        "half_val": lambda: tensor(19, text(13, varint(half))),
        "bfloat16_val": lambda: tensor(14, text(13, varint(int.from_bytes(f32[2:], "little")))),
        "zero": lambda: tensor(1),  # a value of 0 is not written
        "vector": lambda: tensor(1, text(4, f32 + f32), shape=(2,)),
        "string": lambda: tensor(7, text(8, b"words")),
        "short": lambda: tensor(2, text(4, f32)),
        "nothing": lambda: b"",
    }[kind]()


def event(words):
    if words[0] == "record":
        return bytes.fromhex(words[1])
    if words[0] == "restart":
        return number(2, int(words[1])) + text(7, number(1, 1))
    step, tag, kind, value = words
    summary = text(1, text(1, tag.encode()) + encode(kind, value))
    return varint(1 << 3 | 1) + struct.pack("<d", 1.7e9) + number(2, int(step)) + text(5, summary)


if __name__ == "__main__":
    sys.stdout.buffer.write(record(varint(1 << 3 | 1) + struct.pack("<d", 1.7e9) + text(3, b"brain.Event:2")))
    for line in sys.stdin:
        sys.stdout.buffer.write(record(event(line.split())))
