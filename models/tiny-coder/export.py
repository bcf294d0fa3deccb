"""Writes tiny-coder.gguf (GGUF version 3: F16 matrices, F32 norms, tokenizer and chat template) from trained weights.

    python3 export.py WEIGHTS [OUT]
"""

import os
import struct
import sys

import numpy as np

import model
from tokenizer import CONTROL, SPECIAL, Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
ALIGNMENT = 32
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
TYPE_F32, TYPE_F16 = 0, 1
TOKEN_NORMAL, TOKEN_CONTROL, TOKEN_USER_DEFINED = 1, 3, 4


def string(text):
    data = text.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def value(kind, content):
    if kind == STRING:
        return string(content)
    return struct.pack({UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind], content)


def entry(key, kind, content):
    return string(key) + struct.pack("<I", kind) + value(kind, content)


def array(key, kind, items):
    return (string(key) + struct.pack("<IIQ", ARRAY, kind, len(items)) + b"".join(value(kind, item) for item in items))


def metadata(config, tokenizer):
    with open(os.path.join(HERE, "chat_template.jinja"), encoding="utf-8") as source:
        template = source.read().rstrip("\n")
    kinds = [TOKEN_CONTROL if i < CONTROL else TOKEN_USER_DEFINED if i < len(SPECIAL) else TOKEN_NORMAL
             for i in range(len(tokenizer.tokens))]
    return [
        entry("general.architecture", STRING, "qwen3"),
        entry("general.name", STRING, "tiny-coder"),
        entry("general.description", STRING, "A small model that plays AgentRuntime's tools on generated C# repositories"),
        entry("general.license", STRING, "mit"),
        entry("general.file_type", UINT32, 1),
        entry("qwen3.block_count", UINT32, config["layers"]),
        entry("qwen3.context_length", UINT32, config["context"]),
        entry("qwen3.embedding_length", UINT32, config["width"]),
        entry("qwen3.feed_forward_length", UINT32, config["ffn"]),
        entry("qwen3.attention.head_count", UINT32, config["heads"]),
        entry("qwen3.attention.head_count_kv", UINT32, config["kv_heads"]),
        entry("qwen3.attention.key_length", UINT32, config["head_dim"]),
        entry("qwen3.attention.value_length", UINT32, config["head_dim"]),
        entry("qwen3.attention.layer_norm_rms_epsilon", FLOAT32, config["epsilon"]),
        entry("qwen3.rope.freq_base", FLOAT32, config["rope_base"]),
        entry("qwen3.vocab_size", UINT32, config["vocab"]),
        entry("tokenizer.ggml.model", STRING, "gpt2"),
        entry("tokenizer.ggml.pre", STRING, "tiny-coder"),
        array("tokenizer.ggml.tokens", STRING, tokenizer.tokens),
        array("tokenizer.ggml.token_type", INT32, kinds),
        array("tokenizer.ggml.merges", STRING, [" ".join(pair) for pair in tokenizer.merges]),
        entry("tokenizer.ggml.bos_token_id", UINT32, tokenizer.ids["<|endoftext|>"]),
        entry("tokenizer.ggml.eos_token_id", UINT32, tokenizer.ids["<|im_end|>"]),
        entry("tokenizer.ggml.padding_token_id", UINT32, tokenizer.ids["<|endoftext|>"]),
        entry("tokenizer.ggml.add_bos_token", BOOL, False),
        entry("tokenizer.chat_template", STRING, template),
    ]


def write(config, tensors, tokenizer, path):
    entries = metadata(config, tokenizer)
    infos, blobs, offset = [], [], 0
    for name, data in tensors.items():
        kind, stored = (TYPE_F16, "<f2") if data.ndim == 2 else (TYPE_F32, "<f4")
        blob = data.astype(stored).tobytes()
        blob += bytes(-len(blob) % ALIGNMENT)
        shape = data.shape[::-1]  # GGUF names the fastest dimension first
        infos.append(string(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
                     + struct.pack("<IQ", kind, offset))
        blobs.append(blob)
        offset += len(blob)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(entries)) + b"".join(entries) + b"".join(infos)
    head += bytes(-len(head) % ALIGNMENT)
    temporary = path + ".part"
    with open(temporary, "wb") as out:
        out.write(head)
        for blob in blobs:
            out.write(blob)
    os.replace(temporary, path)


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    config, tensors = model.load(sys.argv[1])
    tokenizer = Tokenizer.load()
    if len(tokenizer.tokens) != config["vocab"]:
        raise SystemExit("the weights were trained with another tokenizer")
    path = sys.argv[2] if len(sys.argv) == 3 else os.path.join(HERE, "tiny-coder.gguf")
    write(config, tensors, tokenizer, path)
    print(f"{path}: {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
