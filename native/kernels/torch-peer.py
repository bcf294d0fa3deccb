#!/usr/bin/env python3
"""Decode and prefill of a Llama-like model in PyTorch, to compare with: bf16, random weights, static KV cache, one layer
compiled by torch.compile and the step recorded as a CUDA graph where they work. Prints a JSON object a line.

Queries of one KV head are the rows of one attention call, so that decode reads every key and value once. Of experts, a
decoded token reads those that it chose: a product and a sum over gathered matrices, which the compiler makes one reading.
A prompt goes expert by expert, as much as each was chosen, and is not compiled there."""
import argparse
import json
import math
import time

import torch
import torch.nn.functional as F

# layers, embedding, feed-forward (of an expert), heads, KV heads, head length, vocabulary, whether query, key and value have
# biases; experts and how many a token chooses
SHAPES = {
    "llama3.1-8b": (32, 4096, 14336, 32, 8, 128, 128256, False),
    "llama3.2-1b": (16, 2048, 8192, 32, 8, 64, 128256, False),
    "qwen2.5-0.5b": (24, 896, 4864, 14, 2, 64, 151936, True),
    "qwen3-30b-a3b": (48, 2048, 768, 32, 4, 128, 151936, False, 128, 8),
    "tiny-test": (2, 64, 128, 4, 2, 32, 512, False),
    "tiny-test-moe": (2, 64, 64, 4, 2, 32, 512, False, 4, 2),
}


def tell(**row):
    print(json.dumps(row), flush=True)


def attend(query, keys, values, mask):
    """[1, KV heads, rows, length] over [1, KV heads, context, length]; mask adds, [rows, context]."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(query, keys, values, attn_mask=mask)
    scores = query @ keys.transpose(-1, -2) / math.sqrt(query.shape[-1]) + mask
    return scores.float().softmax(-1).to(query.dtype) @ values


def norm(x, weight):
    y = x.float()
    return (y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-5)).to(x.dtype) * weight


def rotate(x, cosine, sine):
    low, high = x.chunk(2, -1)
    return x * cosine + torch.cat((-high, low), -1) * sine


def chosen_experts(y, router, used):
    """The experts of each token and their shares, [T, used] both."""
    shares, chosen = F.linear(y, router).float().softmax(-1).topk(used, -1)
    return (shares / shares.sum(-1, keepdim=True)).to(y.dtype), chosen


def experts_of_one(y, router, used, gate_up, down):
    """A decoded token [1, embedding]: its experts' matrices are gathered and multiplied in one."""
    shares, chosen = chosen_experts(y, router, used)
    gate, up = (gate_up[chosen[0]] * y.unsqueeze(0)).sum(-1).chunk(2, -1)
    results = (down[chosen[0]] * (F.silu(gate) * up).unsqueeze(1)).sum(-1)
    return (shares[0].unsqueeze(-1) * results).sum(0, keepdim=True)


def experts_of_many(y, router, used, gate_up, down):
    """A prompt's tokens, sorted by expert."""
    shares, chosen = chosen_experts(y, router, used)
    order = chosen.flatten().argsort()
    parts = torch.bincount(chosen.flatten(), minlength=router.shape[0]).tolist()
    results = []
    for expert, places in enumerate(order.split(parts)):
        if len(places):
            gate, up = F.linear(y[places // used], gate_up[expert]).chunk(2, -1)
            results.append(F.linear(F.silu(gate) * up, down[expert]) * shares.flatten()[places].unsqueeze(-1))
    return torch.zeros_like(y).index_add_(0, order // used, torch.cat(results))


def layer(x, weights, keys, values, at, cosine, sine, mask):
    """One layer over tokens x [T, embedding]; at: their positions, where their keys and values go into the cache."""
    x = attention(x, weights, keys, values, at, cosine, sine, mask)
    second, gate_up, down, router, used = weights[4:]
    y = norm(x, second)
    if router is not None:
        return x + (experts_of_one if x.shape[0] == 1 else experts_of_many)(y, router, used, gate_up, down)
    gate, up = F.linear(y, gate_up).chunk(2, -1)
    return x + F.linear(F.silu(gate) * up, down)


def attention(x, weights, keys, values, at, cosine, sine, mask):
    first, qkv, bias, output = weights[:4]
    tokens, kv_heads, length = x.shape[0], keys.shape[1], keys.shape[3]
    y = F.linear(norm(x, first), qkv, bias).view(tokens, -1, length)
    q, k, v = y.split([y.shape[1] - 2 * kv_heads, kv_heads, kv_heads], 1)
    q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
    keys.index_copy_(2, at, k.transpose(0, 1).unsqueeze(0))
    values.index_copy_(2, at, v.transpose(0, 1).unsqueeze(0))
    # Rows: a token's queries of a group one after the other.
    group = q.shape[1] // kv_heads
    rows = q.view(tokens, kv_heads, group, length).transpose(0, 1).reshape(1, kv_heads, tokens * group, length)
    a = attend(rows, keys, values, mask)
    a = a.view(kv_heads, tokens, group, length).transpose(0, 1).reshape(tokens, -1)
    return x + F.linear(a, output)


class Model:
    def __init__(self, shape, context, device):
        self.layers, width, inner, self.heads, self.kv_heads, self.length, vocabulary, bias, *moe = SHAPES[shape]
        self.experts, used = moe or (0, 0)
        self.device, self.context = device, context

        def matrix(*sizes):
            return torch.randn(*sizes, device=device, dtype=torch.bfloat16).div_(math.sqrt(sizes[-1]))

        outputs = (self.heads + 2 * self.kv_heads) * self.length
        ones = torch.ones(width, device=device, dtype=torch.bfloat16)
        self.embedding, self.output, self.norm = matrix(vocabulary, width), matrix(vocabulary, width), ones
        many = (self.experts,) if self.experts else ()
        self.weights = [(ones, matrix(outputs, width), matrix(outputs, 1)[:, 0] if bias else None, matrix(width, self.heads * self.length), ones,
                         matrix(*many, 2 * inner, width), matrix(*many, width, inner), matrix(self.experts, width) if many else None, used) for _ in range(self.layers)]
        cache = (1, self.kv_heads, context, self.length)
        self.keys = [torch.randn(cache, device=device, dtype=torch.bfloat16) for _ in range(self.layers)]
        self.values = [torch.randn(cache, device=device, dtype=torch.bfloat16) for _ in range(self.layers)]
        self.frequencies = 500000.0 ** (-torch.arange(0, self.length, 2, device=device) / self.length)
        self.run_layer = layer

    def forward(self, tokens, at):
        angles = torch.outer(at.float(), self.frequencies).repeat(1, 2).unsqueeze(1)
        cosine, sine = angles.cos().bfloat16(), angles.sin().bfloat16()
        hidden = torch.arange(self.context, device=self.device).unsqueeze(0) > at.unsqueeze(1)
        mask = torch.zeros(hidden.shape, device=self.device, dtype=torch.bfloat16).masked_fill(hidden, float("-inf"))
        mask = mask.repeat_interleave(self.heads // self.kv_heads, 0)
        x = F.embedding(tokens, self.embedding)
        for i in range(self.layers):
            x = self.run_layer(x, self.weights[i], self.keys[i], self.values[i], at, cosine, sine, mask)
        return F.linear(norm(x[-1:], self.norm), self.output).argmax(-1)


def synchronize(device):
    if device == "cuda":
        torch.cuda.synchronize()


def seconds(run, device, times, warm=2):
    for _ in range(warm):
        run()
    synchronize(device)
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        synchronize(device)
        taken.append(time.perf_counter() - start)
    return sorted(taken)[len(taken) // 2]


def recorded(run, device):
    """The work as a CUDA graph; as it is elsewhere."""
    if device != "cuda":
        return run
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def machine(device, quick):
    size = 1 << 20 if quick else 4 << 30
    a = torch.randint(0, 100, (size,), device=device, dtype=torch.uint8)
    b = torch.empty_like(a)
    tell(test="copy", gigabytes_per_second=2 * size / seconds(lambda: b.copy_(a), device, 10) / 1e9)
    del a, b
    n = 64 if quick else 8192
    x, y = (torch.randn(n, n, device=device, dtype=torch.bfloat16) for _ in range(2))
    tell(test="matmul", teraflops_per_second=2 * n ** 3 / seconds(lambda: x @ y, device, 10) / 1e12)


def measure(shape, depth, prompt, generate, device, compile_layer):
    try:
        model = Model(shape, depth + max(prompt, generate), device)
    except RuntimeError as error:  # too little memory
        tell(test="decode", shape=shape, depth=depth, compiled=compile_layer, error=str(error).splitlines()[0][:300])
        return
    compiled = False
    if compile_layer:
        model.run_layer = torch.compile(layer, dynamic=False)
        compiled = True
    token, at = torch.zeros(1, device=device, dtype=torch.long), torch.full((1,), depth, device=device, dtype=torch.long)

    def step():
        token.copy_(model.forward(token, at))
        at.add_(1).clamp_(max=model.context - 1)

    prompt_tokens, prompt_at = torch.randint(0, 100, (prompt,), device=device), torch.arange(depth, depth + prompt, device=device)
    for test, count, work in [("decode", 1, step), ("prefill", prompt, lambda: model.forward(prompt_tokens, prompt_at))]:
        if test == "prefill" and model.experts:
            model.run_layer, compiled = layer, False
            if compile_layer:
                continue
        try:
            run = recorded(work, device) if test == "decode" else work
            taken = seconds(run, device, 32 if test == "decode" else 5)
            tell(test=test, shape=shape, tokens=count, depth=depth, compiled=compiled, tokens_per_second=count / taken)
        except Exception as error:  # one that does not work is said, the rest goes on
            tell(test=test, shape=shape, depth=depth, compiled=compiled, error=str(error).splitlines()[0][:300])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", default="llama3.1-8b")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, on the processor too")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu" and not options.quick:
        raise SystemExit("PyTorch sees no GPU; --quick runs on the processor.")
    tell(test="machine", torch=torch.__version__, device=torch.cuda.get_device_name() if device == "cuda" else "processor")
    with torch.inference_mode():
        machine(device, options.quick)
        if options.shape not in SHAPES:
            tell(test="note", shape=options.shape, error="this shape is not written in PyTorch here (known: " + ", ".join(SHAPES) + ")")
            return
        depths, prompt, generate = ([0, 64], 32, 8) if options.quick else ([0, 8192, 32768], 512, 64)
        # Compiled last: what needs no compiler is measured when time runs out in it.
        for compile_layer in [False, True] if device == "cuda" and hasattr(torch, "compile") else [False]:
            for depth in depths:
                measure(options.shape, depth, prompt, generate, device, compile_layer)


if __name__ == "__main__":
    main()
