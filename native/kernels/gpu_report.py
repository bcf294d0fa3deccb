"""Writes what gpu-check found as Markdown, with the targets and whether they are met."""

# Bytes a weight; types that have no kernel become halves on the device.
BYTES = {"F32": 4, "F16": 2, "BF16": 2, "Q8_0": 34 / 32, "Q4_0": 18 / 32, "Q4_K": 144 / 256, "Q5_K": 176 / 256, "Q6_K": 210 / 256, "MXFP4": 17 / 32}
EXPERTS_USED = {"qwen3-30b-a3b": 8 / 128, "tiny-test-moe": 2 / 4}
LLAMA = "llama3.1-8b"


def elements(tensor):
    count = 1
    for size in tensor["shape"]:
        count *= size
    return count


class Cost:
    """What a token of a model reads and computes."""

    def __init__(self, shape, tensors):
        names = {tensor["name"] for tensor in tensors}
        self.weight_bytes = self.weights = self.kv_bytes = self.query_rows = 0
        for tensor in tensors:
            name = tensor["name"]
            if len(tensor["shape"]) < 2 or name == "token_embd.weight" and "output.weight" in names:
                continue
            share = EXPERTS_USED.get(shape, 1) if "_exps." in name else 1
            self.weight_bytes += share * elements(tensor) * BYTES.get(tensor["type"], 2)
            # Prefill computes the logits of its last token only.
            if name not in ("token_embd.weight", "output.weight"):
                self.weights += share * elements(tensor)
            if ".attn_k.weight" in name or ".attn_v.weight" in name:
                self.kv_bytes += 2 * tensor["shape"][1]
            if ".attn_q.weight" in name:
                self.query_rows += tensor["shape"][1]

    def decode_bytes(self, depth):
        return self.weight_bytes + depth * self.kv_bytes

    def prefill_operations(self, tokens, depth):
        return 2 * self.weights + 4 * (depth + tokens / 2) * self.query_rows


def table(header, rows):
    return ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)] + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows] + [""]


def number(value, digits=1):
    return "" if value is None else f"{value:,.{digits}f}"


class Report:
    def __init__(self, results):
        self.results = results
        kernels = results.get("kernels", {}).get("shipped", [])
        torch_rows = [row for rows in results.get("torch", {}).values() for row in rows]
        copies = [row["gigabytes_per_second"] for row in kernels if row["kernel"] == "copy on device"] + [row["gigabytes_per_second"] for row in torch_rows if row["test"] == "copy"]
        rates = [row["teraflops_per_second"] for row in torch_rows if row["test"] == "matmul"]
        self.copy, self.matrix = max(copies, default=None), max(rates, default=None)

    def cost(self, name):
        model = self.results.get("models", {}).get(name)
        return model and Cost(name.split(":")[0], model["tensors"])

    def find(self, name, test, depth):
        return next((row for row in self.results.get("engine", {}).get(name, []) if row["test"] == test and row["depth"] == depth), None)

    def peer(self, shape, test, depth, compiled):
        rows = self.results.get("torch", {}).get(shape, [])
        return next((row["tokens_per_second"] for row in rows if row.get("test") == test and row.get("depth") == depth and row.get("compiled") == compiled and "tokens_per_second" in row), None)

    def bandwidth_share(self, name, row):
        cost = self.cost(name)
        if not (row and cost and self.copy):
            return None
        return 100 * row["tokens_per_second"]["median"] * cost.decode_bytes(row["depth"] + row["tokens"] / 2) / 1e9 / self.copy

    def matrix_share(self, name, row):
        cost = self.cost(name)
        if not (row and cost and self.matrix):
            return None
        return 100 * row["tokens_per_second"]["median"] * cost.prefill_operations(row["tokens"], row["depth"]) / 1e12 / self.matrix

    def beside_rate(self, key):
        """What the engine's benchmark says of the BF16 decode beside its rate."""
        return (self.find(f"{LLAMA}:BF16", "decode", 0) or {}).get(key)

    def step_times(self, name):
        # The first step makes the resident context; the others are what an agent waits for.
        return sorted(row["ttft_ms"] for row in self.results.get("steps", {}).get(name, [])[1:])

    def targets(self):
        def share(mix, depth):
            name = f"{LLAMA}:{mix}"
            return self.bandwidth_share(name, self.find(name, "decode", depth))
        bf16 = f"{LLAMA}:BF16"
        times = self.step_times(bf16)
        ours, theirs = self.find(bf16, "decode", 0), self.peer(LLAMA, "decode", 0, True)
        return [
            ("decode of the 8B shape, BF16, of the copy bandwidth", ">= 70 %", share("BF16", 0), lambda x: x >= 70),
            ("the same, Q8_0", ">= 60 %", share("Q8_0", 0), lambda x: x >= 60),
            ("the same, Q4_K_M", ">= 60 %", share("Q4_K_M", 0), lambda x: x >= 60),
            ("the same, BF16 at 32k of context", ">= 60 %", share("BF16", 32768), lambda x: x >= 60),
            ("first token of a step, 32k resident and 256 new, ms", "<= 25", times[len(times) // 2] if times else None, lambda x: x <= 25),
            ("prefill of the 8B shape, BF16, of the bf16 matrix rate", ">= 40 %", self.matrix_share(bf16, self.find(bf16, "prefill", 0)), lambda x: x >= 40),
            ("host time of a decode step, µs", "<= 30", self.beside_rate("host_microseconds"), lambda x: x <= 30),
            ("bytes allocated by a decode step", "0", self.beside_rate("allocated_bytes"), lambda x: x == 0),
            ("decode, BF16, times PyTorch's compiled", ">= 2", ours["tokens_per_second"]["median"] / theirs if ours and theirs else None, lambda x: x >= 2),
        ]

    def lines(self):
        results, machine = self.results, self.results.get("machine", {})
        yield f"# CUDA backend on {machine.get('gpu', 'an unknown GPU')}, {machine.get('date', '')}"
        yield ""
        if results.get("quick"):
            yield from ["**A quick run: tiny shapes, to show that every part runs. Its figures say nothing about speed.**", ""]
        yield from table(["machine", ""], machine.items())
        if problems := results.get("problems"):
            yield from ["## What did not work", ""]
            yield from [f"- {step}: {text}" for step, text in problems.items()] + [""]
        if not results.get("quick"):
            yield from ["## Targets", ""]
            yield from table(["target", "wanted", "measured", ""], [(what, wanted, "not measured" if value is None else number(value), "" if value is None else "met" if met(value) else "**missed**")
                                                                    for what, wanted, value, met in self.targets()])
            yield f"Copy bandwidth {number(self.copy) or '?'} GB/s, bytes read and written; bf16 matrix rate {number(self.matrix) or '?'} TFLOP/s (PyTorch, 8192 cubed)."
            yield ""
        if tests := results.get("tests"):
            yield from ["## Tests", ""]
            yield from table(["test", "result"], [(name, ", ".join(f"{value} {key}" for key, value in found.items()) or "no result" if isinstance(found, dict) else "yes" if found else "**no**")
                                                  for name, found in tests.items()])
        if found := results.get("sanitizer"):
            yield from ["## compute-sanitizer", ""]
            yield from table(["check", "result"], found.items())
        yield from self.engine_lines()
        for name, rows in results.get("steps", {}).items():
            yield from [f"## Steps, {name}", ""]
            keys = ["step", "context", "cached_tokens", "new_tokens", "output_tokens", "ttft_ms", "decode_ms", "wall_ms"]
            yield from table(keys, [[number(row[key]) if isinstance(row[key], float) else row[key] for key in keys] for row in rows])
        for name, rows in results.get("kernels", {}).items():
            yield from [f"## Kernels, {name} PTX", ""]
            yield from table(["kernel", "on", "µs", "GB/s", "of the copy", "TFLOP/s"], [
                (row["kernel"], row["shape"], number(row["microseconds"]), number(row["gigabytes_per_second"]),
                 f"{100 * row['gigabytes_per_second'] / self.copy:.0f} %" if row["gigabytes_per_second"] and self.copy else "", number(row["teraflops_per_second"])) for row in rows])
        yield from self.torch_lines()
        yield from self.resource_lines()

    def resource_lines(self):
        for name, rows in self.results.get("ptx", {}).get("resources", {}).items():
            if name == "note":
                yield from ["## Registers and shared memory", "", rows, ""]
                continue
            # All kernels of what ships; of another compiler those that do not fit their registers.
            shown = rows if name == "shipped" else [row for row in rows if row[3] or row[4]]
            yield from [f"## Registers and shared memory, {name} PTX", "", f"{sum(1 for row in rows if row[4])} of {len(rows)} kernels spill registers. Shared memory that a launch adds is not counted.", ""]
            yield from table(["kernel", "registers", "shared bytes", "stack bytes", "spilled bytes"], shown)

    def engine_lines(self):
        for name, rows in self.results.get("engine", {}).items():
            yield from [f"## {name}", ""]
            shape = name.split(":")[0]
            found = []
            for row in rows:
                decode = row["test"] == "decode"
                share = self.bandwidth_share(name, row) if decode else self.matrix_share(name, row)
                peer = self.peer(shape, row["test"], row["depth"], True) or self.peer(shape, row["test"], row["depth"], False)
                found.append((row["test"], row["tokens"], row["depth"], number(row["tokens_per_second"]["median"]), f"{number(row['tokens_per_second']['min'])} to {number(row['tokens_per_second']['max'])}",
                              "" if share is None else f"{share:.0f} % of the " + ("copy bandwidth" if decode else "matrix rate"), number(peer),
                              number(row.get("host_microseconds")), number(row.get("allocated_bytes"), 0)))
            yield from table(["test", "tokens", "depth", "tokens/s", "range", "share", "PyTorch bf16", "host µs a step", "bytes allocated a step"], found)

    def torch_lines(self):
        for shape, rows in self.results.get("torch", {}).items():
            yield from [f"## PyTorch, {shape}", ""]
            keys = ["test", "depth", "compiled", "tokens_per_second", "gigabytes_per_second", "teraflops_per_second", "torch", "error"]
            yield from table(keys, [[number(row.get(key), 2) if isinstance(row.get(key), float) else row.get(key, "") for key in keys] for row in rows])


def render(results):
    return "\n".join(Report(results).lines()).rstrip() + "\n"
