"""Gives gk-ckpt-dump files that look like torch.save's and are not what a reader hopes for. Each
must be refused with the right words, quickly, in little memory, and nothing of it may run. Prints
what goes wrong, and the number of cases.

    hostile.py FOLDER      status 1 if anything went wrong
"""
import os
import pickle
import pickletools
import resource
import struct
import subprocess
import sys
import zipfile

os.chdir(sys.argv[1])
KNOWN = "only tensors, dicts, lists, numbers and strings are read, and nothing is ever run"
cases = 0
wrong = 0


def archive(path, members, how=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", how) as z:
        for name, data in members.items():
            z.writestr("m/" + name, data)


def refuse(data, message, members=None, how=zipfile.ZIP_STORED, damage=None):
    """The pickle DATA beside MEMBERS; then DAMAGE changes the file's bytes."""
    archive("x.pt", {"data.pkl": data, "byteorder": "little"} | (members or {}), how)
    if damage:
        with open("x.pt", "rb") as file:
            data = damage(file.read())
        with open("x.pt", "wb") as file:
            file.write(data)
    expect(message)


def expect(message):
    global cases, wrong
    cases += 1
    done = subprocess.run(["gk-ckpt-dump", "x.pt"], capture_output=True, timeout=60)
    want = "gk-ckpt-dump: x.pt: " + message + "\n"
    said = done.stderr.decode()
    like = want.split("*", 1)
    same = said == want or (len(like) == 2 and said.startswith(like[0]) and said.endswith(like[1]))
    if done.returncode != 1 or done.stdout or not same or os.path.exists("executed"):
        wrong += 1
        print(f"status {done.returncode}, {len(done.stdout)} bytes\n  said   {said}  wanted {want}")


def byte(at, message):
    return f"byte {at} of its pickle: {message}"


# ---- opcodes ----
def text(s):
    return b"X" + struct.pack("<I", len(s)) + s.encode()


def name(module, word):
    return b"c" + module.encode() + b"\n" + word.encode() + b"\n"


def storage(kind="FloatStorage", key="0", count=b"K\x06", module="torch"):
    return b"(" + text("storage") + name(module, kind) + text(key) + text("cpu") + count + b"tQ"


def ints(*values):
    return b"(" + b"".join(b"\x8a\x08" + struct.pack("<q", v) for v in values) + b"t"


HOOKS = name("collections", "OrderedDict") + b")R"


def tensor(store=None, offset=b"K\x00", shape=ints(2, 3), stride=ints(3, 1), more=b"", function="_rebuild_tensor_v2"):
    return name("torch._utils", function) + b"(" + (store or storage()) + offset + shape + stride + b"\x89" + HOOKS + more + b"tR"


def entry(key, value):
    """{KEY: VALUE} as a pickle."""
    return b"\x80\x02}" + text(key) + value + b"s."


def tensor_case(message, data=bytes(24), **how):
    refuse(entry("w", tensor(**how)), message, {"data/0": data} if data is not None else {})


# What is right is read.
archive("x.pt", {"data.pkl": entry("w", tensor()), "data/0": struct.pack("<6f", *range(6))})
cases += 1
if subprocess.run(["gk-ckpt-dump", "--tensor", "w", "x.pt"], capture_output=True).stdout.decode().split("\n")[2:4] != ["0\t1\t2", "3\t4\t5"]:
    wrong += 1
    print("a plain file is not read")


# ---- what would run ----
class Run:
    def __init__(self, function, *args):
        self.what = function, args

    def __reduce__(self):
        return self.what


COMMAND = "touch executed"
for function, args in (os.system, (COMMAND,)), (eval, ("open('executed', 'w')",)), (exec, ("open('executed', 'w')",)), (open, ("executed", "w")), \
        (subprocess.Popen, (["touch", "executed"],)), (getattr, ("a", "b")), (__import__, ("os",)), (print, ("executed",)):
    for protocol in 2, 4:
        data = pickle.dumps({"w": Run(function, *args)}, protocol)
        ops = list(pickletools.genops(data))
        at, word = next((at, arg) for op, arg, at in ops if op.name in ("GLOBAL", "STACK_GLOBAL"))
        word = word or " ".join([arg for op, arg, where in ops if op.name == "SHORT_BINUNICODE" and where < at][-2:])
        refuse(data, byte(at, f"{word.replace(' ', '.')} is refused: {KNOWN}*"))
for module, word in ("os", "system"), ("posix", "system"), ("torch", "load"), ("torch.nn.modules.linear", "Linear"), ("torch._utils", "_rebuild_qtensor"), \
        ("torch", "ComplexDoubleStorage"), ("collections", "deque"), ("numpy.core.multiarray", "scalar"), ("torch", "FloatStorage.__class__"), ("", ""), ("torch._utils", ""):
    refuse(b"\x80\x02" + name(module, word) + text(COMMAND) + b"\x85R.", byte(2, f"{module}.{word} is refused: {KNOWN}*"))
refuse(b"\x80\x02" + name("torch\x1b[2J", "a") + b".", byte(2, f"torch?[2J.a is refused: {KNOWN}*"))
for op, word, body in (b"i", "INST", b"(" + text(COMMAND) + b"ios\nsystem\n."), (b"o", "OBJ", b"(" + text(COMMAND) + b"o."), \
        (b"\x81", "NEWOBJ", HOOKS + b")\x81."), (b"\x92", "NEWOBJ_EX", HOOKS + b")}\x92."), (b"\x82", "EXT1", b"\x82\x01."), (b"\x83", "EXT2", b"\x83\x01\x00."), \
        (b"\x84", "EXT4", b"\x84\x01\x00\x00\x00."), (b"P", "PERSID", b"Pstorage\n."), (b"S", "STRING", b"S'a'\n."), (b"V", "UNICODE", b"Va\n."), \
        (b"I", "INT", b"I1\n."), (b"L", "LONG", b"L1L\n."), (b"F", "FLOAT", b"F1\n."), (b"0", "POP", b"N0."), (b"2", "DUP", b"N2."), (b"1", "POP_MARK", b"(1."), \
        (b"g", "GET", b"Ng0\n."), (b"p", "PUT", b"Np0\n."), (b"d", "DICT", b"(d."), (b"l", "LIST", b"(l."), (b"T", "BINSTRING", b"T\1\0\0\0a."), \
        (b"U", "SHORT_BINSTRING", b"U\1a."), (b"B", "BINBYTES", b"B\1\0\0\0a."), (b"C", "SHORT_BINBYTES", b"C\1a."), (b"\x8e", "BINBYTES8", b"\x8e" + bytes(8) + b"."), \
        (b"\x8f", "EMPTY_SET", b"\x8f."), (b"\x90", "ADDITEMS", b"(\x90."), (b"\x91", "FROZENSET", b"(\x91."), (b"\x96", "BYTEARRAY8", b"\x96" + bytes(8) + b"."), \
        (b"\x97", "NEXT_BUFFER", b"\x97."), (b"\x98", "READONLY_BUFFER", b"N\x98."):
    refuse(b"\x80\x02" + body, byte(2 + (body.rindex(op) if op in b"o" else body.index(op)), f"opcode {word} is refused: {KNOWN}"))
for value, what in (b"}", "a dict"), (tensor(), "a tensor"), (b"]", "a list"), (name("torch._utils", "_rebuild_tensor_v2"), "a name"), (text("a"), "a string"):
    refuse(b"\x80\x02" + value + b"}" + text("__setstate__") + name("collections", "OrderedDict") + b"sb.",
           byte(2 + len(value) + 1 + len(text("__setstate__") + name("collections", "OrderedDict") + b"s"), f"opcode BUILD is refused for {what}: {KNOWN}"))
refuse(b"\x80\x02" + HOOKS + b"Nb.", byte(2 + len(HOOKS) + 1, "attributes are a dict, not None"))
refuse(b"\x80\x02" + text("os.system") + text(COMMAND) + b"\x85R.", byte(36, "a function is wanted, this is a string"))
refuse(b"\x80\x02" + storage() + b")R.", byte(2 + len(storage()) + 1, "a function is wanted, this is a storage"))
refuse(b"\x80\x02" + name("torch", "float32") + b")R.", byte(18, "torch.float32 is no function"))
refuse(b"\x80\x02" + name("torch", "Size") + text("a") + b"R.", byte(20, "a tuple of arguments is wanted, this is a string"))
refuse(b"\x80\x02" + name("torch", "Size") + b")R.", byte(15, "torch.Size has 0 arguments"))
refuse(b"\x80\x02" + name("torch", "Size") + b"N\x85R.", byte(16, "a tuple of sizes is wanted, this is None"))
refuse(b"\x80\x02" + name("collections", "Counter") + b"]\x85R.", byte(25, "a dict of counts is wanted, this is a list"))
refuse(b"\x80\x02" + name("collections", "Counter") + b")R.", byte(24, "collections.Counter has 0 arguments"))
refuse(b"\x80\x02" + name("collections", "defaultdict") + text(COMMAND) + b"\x85R.", byte(28 + len(text(COMMAND)), "a type of values is wanted, this is a string"))
refuse(b"\x80\x02" + name("collections", "defaultdict") + name("torch", "device") + b"\x85R.", byte(42, "a type of values is wanted, this is a name"))
refuse(b"\x80\x02" + name("builtins", "list") + b")R.", byte(18, "builtins.list is no function"))
refuse(entry("a", name("builtins", "list")), "'a' is a name: a tensor, a number or a string is wanted")
refuse(b"\x80\x02" + name("torch", "device") + b"N\x85R.", byte(18, "the name of a device is wanted, this is None"))
refuse(b"\x80\x04NN\x93.", byte(4, "a name is a string, not None"))
refuse(b"\x80\x02\xff.", byte(2, "0xff is no opcode"))
refuse(b"\x80\x06N.", byte(0, "protocol 6 is not known"))

# ---- stack and memo ----
refuse(b"\x80\x02.", byte(2, "no value is there for it"))
refuse(b"\x80\x02(.", byte(3, "no value is there for it"))
refuse(b"\x80\x02N\x86.", byte(3, "no value is there for it"))
refuse(b"\x80\x02Nt.", byte(3, "no mark is there for it"))
refuse(b"\x80\x02NN.", byte(4, "it ends with more than one value"))
refuse(b"\x80\x02N.N", byte(3, "1 bytes follow its end"))
refuse(b"\x80\x02N", byte(3, "truncated: it has no end"))
refuse(b"", byte(0, "truncated: it has no end"))
refuse(b"\x80\x02}(Nu.", byte(5, "a key has no value"))
refuse(b"\x80\x02](NNu.", byte(6, "items go to a dict, not to a list"))
refuse(b"\x80\x02}Na.", byte(4, "items go to a list, not to a dict"))
refuse(b"\x80\x02}NNs.".replace(b"}", b")"), byte(5, "items go to a dict, not to a tuple"))
refuse(b"\x80\x02h\x05.", byte(2, "place 5 of the memo is empty"))
refuse(b"\x80\x02Nq\x05h\x04.", byte(5, "place 4 of the memo is empty"))
refuse(b"\x80\x02j\xff\xff\xff\xff.", byte(2, "place 4294967295 of the memo is empty"))
refuse(b"\x80\x02Nr\xff\xff\xff\xff.", byte(3, "place 4294967295 of the memo is over 2097152"))
refuse(b"\x80\x02q\x00.", byte(2, "no value is there for it"))
refuse(b"\x80\x02cos", byte(2, "truncated: a line has no end"))

# ---- numbers and strings ----
refuse(b"\x80\x02\x8b\xff\xff\xff\x7f.", byte(2, "truncated: it has 1 of 2147483647 bytes that follow"))
refuse(b"\x80\x02\x8b\xff\xff\xff\xff.", byte(2, "truncated: it has 1 of 4294967295 bytes that follow"))
refuse(b"\x80\x02\x8a\xff" + bytes(255) + b".", byte(2, "an integer of 255 bytes is too large"))
refuse(b"\x80\x02X\xff\xff\xff\xffa.", byte(2, "truncated: it has 2 of 4294967295 bytes that follow"))
refuse(b"\x80\x04\x8d" + b"\xff" * 8 + b"a.", byte(2, "truncated: it has 2 of 18446744073709551615 bytes that follow"))
refuse(b"\x80\x02" + text("a\0b") + b".", byte(2, "a string has a zero byte"))
refuse(b"\x80\x02G\0.", byte(2, "truncated: it has 2 of 8 bytes that follow"))
refuse(b"\x80\x02}NNs.", "'' has a key that is None: a string or an integer is wanted")
refuse(entry("a", b"})K\x01s"), "'a' has a key that is a tuple: a string or an integer is wanted")
refuse(b"\x80\x02}(" + text("a") + b"}" + text("b") + b"K\x01s" + text("a.b") + b"K\x02u.", "two values are called 'a.b'")
refuse(entry("gk.stream", b"K\x01"), "the metadata key 'gk.stream' belongs to streams")
refuse(entry("__metadata__", tensor()), "tensor '__metadata__': the name is taken", {"data/0": bytes(24)})
refuse(entry("f", name("torch", "Size")), "'f' is a name: a tensor, a number or a string is wanted")
refuse(entry("s", storage()), "'s' is a storage: a tensor, a number or a string is wanted")

# ---- depth and size ----
deep = "' is nested more than 64 deep"
refuse(b"\x80\x02" + b"]" * 100000 + b"a" * 99999 + b".", "'" + "0." * 48 + "..." + deep)
refuse(b"\x80\x02]q\x00h\x00a.", "'" + "0." * 48 + "..." + deep)
refuse(b"\x80\x02}q\x00" + text("a") + b"h\x00s.", "'" + "a." * 48 + "..." + deep)
for inner, message in (b")", "its names and numbers take more than 16 MiB"), (b"}", "it has more than 1048576 values"), \
        (text("a" * 100000), "its names and numbers take more than 16 MiB"), (b"K\x01", "its names and numbers take more than 16 MiB"):
    # a pair of pairs of pairs ..., each of them the same
    refuse(b"\x80\x02" + inner + b"q\x00" + b"".join(b"h%c\x86q%c" % (i, i + 1) for i in range(40)) + b".", message)
refuse(b"\x80\x02(" + b"K\x01" * 1000 + b"tq\x00" + b"h\x00\x86q\x00" * 30 + b".", "it has more than 1048576 values")
refuse(entry("a" * 1100, b"K\x01"), "the name '...' is longer than 1000 bytes")
for flood in b"]", b"}", b"(", b"N", b")", b"K\x01", b"]q\x00":
    refuse(b"\x80\x02" + flood * ((15 << 20) // len(flood)) + b".", "byte * of its pickle: its values take more than 96 MiB of memory")
refuse(b"\x80\x02" + bytes(16 << 20), "member 'm/data.pkl' claims 16777218 bytes, more than 16777216")
refuse(b"\x80\x02" + b"N" * (32 << 20) + b".", "member 'm/byteorder' is compressed, which torch.save never does: zip -0 makes an archive that is not", how=zipfile.ZIP_DEFLATED)
refuse(b"\x80\x02N.", "member 'm/byteorder' is compressed, which torch.save never does: zip -0 makes an archive that is not", how=zipfile.ZIP_BZIP2)

# ---- tensors ----
member = "the zip archive has no member data/"
tensor_case("tensor 'w': " + member + "0", None)
tensor_case("tensor 'w': member data/0 has 20 of 24 bytes", bytes(20))
tensor_case("tensor 'w': member 'm/data/0' claims 28 bytes, more than 24", bytes(28))
tensor_case("tensor 'w': it reaches to element 6 of a storage of 6", offset=b"K\x01")
tensor_case("tensor 'w': it reaches to element 2000000 of a storage of 6", stride=ints(2000000, 0))
tensor_case("tensor 'w': its strides overflow", stride=ints(2**62, 2**63 - 1))
tensor_case("tensor 'w': its strides overflow", shape=ints(2**40, 3), stride=ints(2**62, 1))
tensor_case("tensor 'w': the product of its shape overflows", shape=ints(2**40, 2**40))
tensor_case("tensor 'w': the product of its shape overflows", shape=ints(2**40, 2**40, 0), stride=ints(0, 0, 0))
tensor_case("tensor 'w': the size of its storage overflows", store=storage(count=b"\x8a\x08" + struct.pack("<q", 2**62)))
for count in 2**40, 2**61:
    tensor_case(f"tensor 'w': member data/0 has 24 of {4 * count} bytes", store=storage(count=b"\x8a\x08" + struct.pack("<q", count)))
tensor_case("tensor 'w': up to here the tensors take 4000000000000 bytes, more than 64 MiB and 8 times the file", shape=ints(10**6, 10**6), stride=ints(0, 0))
size = "a size, an offset or a stride is no integer from 0"
here = "byte * of its pickle: "
tensor_case(here + size, shape=ints(-2, 3))
tensor_case(here + size, stride=ints(-3, 1))
tensor_case(here + size, offset=b"J\xff\xff\xff\xff")
tensor_case(here + size, offset=b"N")
tensor_case(here + size, offset=b"\x8a\x09" + bytes(8) + b"\x01")
tensor_case(here + size, store=storage(count=b"J\xff\xff\xff\xff"))
tensor_case(here + "sizes and strides are a tuple, not a list", shape=b"]")
tensor_case(here + "a tensor of rank 9 is over 8", shape=ints(*[1] * 9), stride=ints(*[1] * 9))
tensor_case(here + "a tensor has 2 sizes and 1 strides", stride=ints(1))
tensor_case(here + "a storage is wanted, this is a tuple", store=b")")
tensor_case(here + "torch._utils._rebuild_tensor_v2 has 8 arguments", more=b"NN")
tensor_case(here + "torch._utils._rebuild_tensor_v3 has 6 arguments", function="_rebuild_tensor_v3")
tensor_case(here + "a dtype is wanted, this is a string", function="_rebuild_tensor_v3", more=text("float32"))
tensor_case(here + "a dtype is wanted, this is a name", function="_rebuild_tensor_v3", more=name("torch", "FloatStorage"))
tensor_case(here + "a dtype is wanted, this is a name", function="_rebuild_tensor_v3", more=name("builtins", "list"))
tensor_case(here + "a tensor and its storage both say a dtype", function="_rebuild_tensor_v3", more=name("torch", "float32"))
tensor_case(here + "a tensor with the bit 'neg' is refused: call resolve_conj() and resolve_neg() before torch.save", more=b"}" + text("neg") + b"\x88s")
tensor_case(here + "the bits of a tensor are a dict, not a list", more=b"]")
tensor_case("tensor 'w': it reaches to element 5 of a storage of 3", function="_rebuild_tensor_v3", more=name("torch", "float64"),
            store=storage("UntypedStorage", count=b"K\x18", module="torch.storage"))
refuse(b"\x80\x02" + name("torch._utils", "_rebuild_parameter") + b"(N\x89" + HOOKS + b"tR.", here + "a tensor is wanted, this is None")
for pid, message in (text("storage"), "('storage', type, key, place, count) is wanted, this is a string"), \
        (b"(" + text("module") + b"NNNNt", "the word 'storage' is wanted, this is a string"), (b"(" + text("storage") + b"NNNNt", "the type of a storage is wanted, this is None"), \
        (b"(" + text("storage") + name("torch", "float32") + b"NNNt", "the type of a storage is wanted, this is a name"), \
        (b"(" + text("storage") + name("torch", "FloatStorage") + b"NNNt", "the key of a storage is wanted, this is None"):
    refuse(b"\x80\x02" + pid + b"Q.", here + message)
tensor_case("tensor 'w': " + member + "../data.pkl", store=storage(key="../data.pkl"))
many = b"\x80\x02}(" + b"".join(text(str(i)) + tensor(shape=ints(2**20), stride=ints(0)) for i in range(40)) + b"u."
refuse(many, "tensor '23': up to here the tensors take 71303168 bytes, more than 64 MiB and 8 times the file", {"data/0": bytes(24)})

# ---- archives ----
plain = entry("w", tensor())
refuse(plain, "its numbers are not little-endian", {"byteorder": "big"})
checksum = "member 'm/data/0': CRC error"
refuse(plain, "tensor 'w': " + checksum, {"data/0": b"\1" * 24}, damage=lambda b: b.replace(b"\1" * 24, b"\2" * 24))
refuse(plain, "member 'm/data.pkl': CRC error", damage=lambda b: b.replace(b"FloatStorage", b"FloatStorege"))
archive("whole.pt", {"data.pkl": plain, "byteorder": "little", "data/0": bytes(24)})
whole = open("whole.pt", "rb").read()
for n in range(40, len(whole), 23):
    with open("x.pt", "wb") as file:
        file.write(whole[:n])
    expect("*truncated: the end of the zip archive is missing" if n < len(whole) - 22 else "*")
# sizes that are not there
entries = whole.index(b"PK\1\2")
for at, size in (20, 4), (24, 4):
    where = [i for i in range(entries, len(whole)) if whole[i:i + 4] == b"PK\1\2"][-1] + at
    for claim in b"\xff\xff\xff\x7f", b"\xfe\xff\xff\xff":
        refuse(plain, "tensor 'w': member 'm/data/0' *", {"data/0": bytes(24)}, damage=lambda b: b[:where] + claim + b[where + 4:])
with zipfile.ZipFile("x.pt", "w") as z:
    for i in range(66000):  # more members than 16 bits can count
        z.writestr("m/data/%d" % i if i else "m/data.pkl", b"")
expect("byte 0 of its pickle: truncated: it has no end")

most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
if most > 200 and not os.environ.get("GK_SANITIZED"):
    wrong += 1
    print(f"{most} MB of memory")
print(f"{cases} cases, {wrong} wrong")
sys.exit(wrong > 0 or cases < 150)
