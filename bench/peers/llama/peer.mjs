// llama.cpp measured as `agentrt bench engine --json` and `agentrt bench steps` measure the runtime: same GGUF, random
// token ids, end of sequence ignored, same JSON. It calls the binding's native context directly, because the queue of
// its public API costs decode speed.
//
//   node peer.mjs engine FILE [--prompt 512] [--generate 64] [--verify 8] [--depth 0,8192] [--repetitions 5] [--cache DIR]
//   node peer.mjs steps FILE --profile START,NEW,OUT,STEPS
//   node peer.mjs about
//
// Both take --threads N (2) and --flash auto|on|off (auto).
import fs from "node:fs";
import path from "node:path";
import {parseArgs} from "node:util";
import {getLlama} from "node-llama-cpp";

const batchTokens = 512;

const {values: options, positionals: [command, file]} = parseArgs({
    allowPositionals: true,
    options: {
        prompt: {type: "string", default: "512"},
        generate: {type: "string", default: "64"},
        verify: {type: "string", default: "0"},
        depth: {type: "string", default: "0"},
        repetitions: {type: "string", default: "5"},
        profile: {type: "string"},
        threads: {type: "string", default: "2"},
        flash: {type: "string", default: "auto"},
        cache: {type: "string"},
    },
});

const numbers = text => text.split(",").map(Number);
const threads = Number(options.threads);
const llama = await getLlama({build: "never", skipDownload: true, gpu: false, logLevel: "error", maxThreads: threads});

/** One sequence of a llama.cpp context; what was decoded stays in its KV cache. */
class Sequence {
    length = 0;

    constructor(model, context, vocabulary) {
        this.model = model;
        this.context = context;
        this.vocabulary = vocabulary;
    }

    static async open(contextSize) {
        const model = await llama.loadModel({modelPath: path.resolve(file), gpuLayers: 0, useMmap: true});
        const context = new llama._bindings.AddonContext(model._model, {
            contextSize: Math.ceil(contextSize / 256) * 256,
            batchSize: batchTokens,
            sequences: 1,
            threads,
            flashAttention: options.flash === "auto" ? "auto" : options.flash === "on",
        });
        if (!await context.init()) throw new Error("llama.cpp could not make a context.");
        return new Sequence(model, context, model.fileInfo.metadata.tokenizer.ggml.tokens.length);
    }

    random(count) {
        return Uint32Array.from({length: count}, () => Math.floor(Math.random() * this.vocabulary));
    }

    /** Decodes tokens in batches; gives the index of the last logits. `logits` is "none", "last" or "all". */
    async append(tokens, logits) {
        let last;
        for (let done = 0; done < tokens.length; done += batchTokens) {
            const part = tokens.subarray(done, done + batchTokens);
            const wanted = logits === "all" ? Uint32Array.from(part.keys())
                : logits === "last" && done + part.length === tokens.length ? Uint32Array.of(part.length - 1) : new Uint32Array();
            this.context.initBatch(part.length);
            last = this.context.addToBatch(0, this.length, part, wanted).at(-1);
            await this.context.decodeBatch();
            this.length += part.length;
        }
        return last;
    }

    rewind(length) {
        if (!this.context.removeTokenCellsFromSequence(0, length, -1)) throw new Error(`llama.cpp could not rewind to ${length} tokens.`);
        this.length = length;
    }

    /** Fills the cache to a depth, from a file where an earlier process has left its work. */
    async fill(depth) {
        this.rewind(0);
        if (depth === 0) return;
        const state = options.cache && path.join(options.cache, `${path.basename(file)}.${depth}.state`);
        if (state && fs.existsSync(state)) {
            await this.context.loadSequenceStateFromFile(state, 0, this.context.getContextSize());
            this.length = depth;
            return;
        }
        const tokens = this.random(depth);
        await this.append(tokens, "none");
        if (state) await this.context.saveSequenceStateToFile(state, 0, tokens);
    }
}

async function engine() {
    const prompts = numbers(options.prompt), depths = numbers(options.depth);
    const generate = Number(options.generate), verify = Number(options.verify), repetitions = Number(options.repetitions);
    const sequence = await Sequence.open(Math.max(...depths) + Math.max(...prompts, generate, verify) + 1);
    const rows = [];

    async function measure(test, tokens, depth, run) {
        const rates = [];
        for (let i = 0; i <= repetitions; i++) {
            const start = performance.now();
            await run();
            if (i > 0) rates.push(tokens / (performance.now() - start) * 1000);
            sequence.rewind(depth);
        }
        rates.sort((a, b) => a - b);
        const middle = rates.length >> 1;
        const median = rates.length % 2 ? rates[middle] : (rates[middle - 1] + rates[middle]) / 2;
        rows.push({test, tokens, depth, tokens_per_second: {median, min: rates[0], max: rates.at(-1)}});
    }

    for (const depth of depths) {
        await sequence.fill(depth);
        for (const prompt of prompts) await measure("prefill", prompt, depth, () => sequence.append(sequence.random(prompt), "last"));
        if (generate > 0) {
            await measure("decode", generate, depth, async () => {
                for (let i = 0; i < generate; i++) await sequence.append(sequence.random(1), "last");
            });
        }
        if (verify > 0) await measure("verify", verify, depth, () => sequence.append(sequence.random(verify), "all"));
    }
    console.log(JSON.stringify(rows));
}

async function steps() {
    const [start, fresh, output, count] = numbers(options.profile);
    const sequence = await Sequence.open(start + output + (count - 1) * (fresh + output));
    const sampler = new llama._bindings.AddonSampler(sequence.model._model);
    sampler.applyConfig({temperature: 0});
    const rows = [];
    let pending = [];
    for (let step = 1; step <= count; step++) {
        const cached = sequence.length;
        // What was generated last is not in the cache yet: it goes before the new tokens.
        const prompt = Uint32Array.from([...pending, ...sequence.random(step === 1 ? start : fresh)]);
        const began = performance.now();
        let logits = await sequence.append(prompt, "last");
        const prefilled = performance.now();
        let token = await sequence.context.sampleToken(logits, sampler);
        const first = performance.now();
        for (let i = 1; i < output; i++) {
            logits = await sequence.append(Uint32Array.of(token), "last");
            token = await sequence.context.sampleToken(logits, sampler);
        }
        pending = [token];
        const ended = performance.now();
        const row = {
            step, context: sequence.length + 1, cached_tokens: cached, new_tokens: prompt.length, output_tokens: output,
            ttft_ms: first - began, prefill_ms: prefilled - began, decode_ms: ended - first, wall_ms: ended - began,
        };
        rows.push(row);
        console.log(JSON.stringify(row));
    }
    const sum = (all, name) => all.reduce((total, row) => total + row[name], 0);
    console.log(JSON.stringify({
        totals: {
            steps: rows.length, new_tokens: sum(rows, "new_tokens"), output_tokens: sum(rows, "output_tokens"),
            wall_ms: sum(rows, "wall_ms"), wall_ms_after_first: sum(rows.slice(1), "wall_ms"),
        },
    }));
}

/** The versions, and which of llama.cpp's processor variants was loaded. */
function about() {
    const library = /libggml-cpu-[\w]+(?=\.so)/.exec(fs.readFileSync("/proc/self/maps", "utf8"))?.[0];
    const binding = JSON.parse(fs.readFileSync(new URL("node_modules/node-llama-cpp/package.json", import.meta.url), "utf8")).version;
    console.log(JSON.stringify({llama_cpp: llama.llamaCppRelease.release, binding, library, system: llama.systemInfo.trim()}));
}

const commands = {engine, steps, about};
if (!Object.hasOwn(commands, command)) {
    console.error("usage: node peer.mjs engine FILE | steps FILE --profile START,NEW,OUT,STEPS | about");
    process.exit(2);
}
await commands[command]();
// The context holds native threads; nothing is left to save.
process.exit(0);
