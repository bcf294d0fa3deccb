"""A plain numpy forward pass of tiny-coder (qwen3 architecture) over the trainer's weights."""

import json

import numpy as np


def load(path):
    """(config, tensors by name) of a weights file: "TCW1", int32 length, JSON, float32 data."""
    with open(path, "rb") as source:
        if source.read(4) != b"TCW1":
            raise ValueError(f"{path} is no weights file of the trainer")
        head = json.loads(source.read(int.from_bytes(source.read(4), "little")))
        data = np.frombuffer(source.read(), "<f4")
    tensors = {}
    for entry in head["tensors"]:
        start = entry["offset"] // 4
        tensors[entry["name"]] = data[start:start + int(np.prod(entry["shape"]))].reshape(entry["shape"])
    return head["config"], tensors


class Conversation:
    """One sequence with its keys and values; `append` returns the logits after the last token."""

    def __init__(self, config, tensors):
        self.config, self.tensors = config, tensors
        self.position = 0
        shape = (config["layers"], config["context"], config["kv_heads"], config["head_dim"])
        self.keys, self.values = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        half = config["head_dim"] // 2
        frequencies = config["rope_base"] ** (-np.arange(half) / half)
        angles = np.outer(np.arange(config["context"]), frequencies)
        self.cos, self.sin = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)

    def append(self, ids, all_logits=False):
        c, w = self.config, self.tensors
        count, start = len(ids), self.position
        if start + count > c["context"]:
            raise OverflowError("the context is full")
        heads, groups = c["heads"], c["heads"] // c["kv_heads"]
        cos, sin = self.cos[start:start + count, None], self.sin[start:start + count, None]
        mask = np.triu(np.full((count, start + count), -np.inf, np.float32), start + 1)
        x = w["token_embd.weight"][ids]
        for layer in range(c["layers"]):
            name = f"blk.{layer}."
            h = self.norm(x, name + "attn_norm.weight")
            q = (h @ w[name + "attn_q.weight"].T).reshape(count, heads, -1)
            k = (h @ w[name + "attn_k.weight"].T).reshape(count, c["kv_heads"], -1)
            v = (h @ w[name + "attn_v.weight"].T).reshape(count, c["kv_heads"], -1)
            q = rotate(self.norm(q, name + "attn_q_norm.weight"), cos, sin)
            self.keys[layer, start:start + count] = rotate(self.norm(k, name + "attn_k_norm.weight"), cos, sin)
            self.values[layer, start:start + count] = v
            keys = np.repeat(self.keys[layer, :start + count], groups, 1).transpose(1, 2, 0)
            values = np.repeat(self.values[layer, :start + count], groups, 1).transpose(1, 0, 2)
            scores = q.transpose(1, 0, 2) @ keys / np.sqrt(c["head_dim"]) + mask
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            x = x + (scores @ values).transpose(1, 0, 2).reshape(count, -1) @ w[name + "attn_output.weight"].T
            h = self.norm(x, name + "ffn_norm.weight")
            gate = h @ w[name + "ffn_gate.weight"].T
            x = x + (gate / (1 + np.exp(-gate)) * (h @ w[name + "ffn_up.weight"].T)) @ w[name + "ffn_down.weight"].T
        self.position += count
        x = self.norm(x if all_logits else x[-1:], "output_norm.weight")
        logits = x @ w["token_embd.weight"].T
        return logits if all_logits else logits[0]

    def norm(self, x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.config["epsilon"]) * self.tensors[name]


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], -1)
