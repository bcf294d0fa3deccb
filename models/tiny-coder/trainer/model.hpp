// The model's shape and its parameters.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

using Floats = std::vector<float>;

[[noreturn]] inline void fail(const std::string& message) {
    fprintf(stderr, "error: %s\n", message.c_str());
    exit(1);
}

struct Config {
    int layers = 4, width = 192, heads = 6, kvHeads = 3, headDim = 32, ffn = 512, vocab = 0;
    int queryWidth() const { return heads * headDim; }
    int kvWidth() const { return kvHeads * headDim; }
    int qkvWidth() const { return queryWidth() + 2 * kvWidth(); }
};

constexpr float kEpsilon = 1e-6f;
constexpr float kRopeBase = 10000.0f;
constexpr int kMaxLength = 2048;

struct Tensor {
    std::string name;
    int rows, cols;  // rows = 0: a vector of cols
    size_t offset;
    size_t size() const { return size_t(rows ? rows : 1) * cols; }
};

// All parameters live in one array. q, k, v lie next to each other, and so do gate and up, so that each group is one
// matrix product.
struct Model {
    struct Layer {
        size_t attnNorm, qkv, qNorm, kNorm, out, ffnNorm, gateUp, down;
    };
    Config c;
    std::vector<Tensor> tensors;
    std::vector<Layer> layers;
    size_t embed = 0, outputNorm = 0, count = 0;
    Floats weights;

    explicit Model(const Config& config) : c(config) {
        embed = add("token_embd.weight", c.vocab, c.width);
        for (int l = 0; l < c.layers; l++) {
            std::string p = "blk." + std::to_string(l) + ".";
            Layer layer;
            layer.attnNorm = add(p + "attn_norm.weight", 0, c.width);
            layer.qkv = add(p + "attn_q.weight", c.queryWidth(), c.width);
            add(p + "attn_k.weight", c.kvWidth(), c.width);
            add(p + "attn_v.weight", c.kvWidth(), c.width);
            layer.qNorm = add(p + "attn_q_norm.weight", 0, c.headDim);
            layer.kNorm = add(p + "attn_k_norm.weight", 0, c.headDim);
            layer.out = add(p + "attn_output.weight", c.width, c.queryWidth());
            layer.ffnNorm = add(p + "ffn_norm.weight", 0, c.width);
            layer.gateUp = add(p + "ffn_gate.weight", c.ffn, c.width);
            add(p + "ffn_up.weight", c.ffn, c.width);
            layer.down = add(p + "ffn_down.weight", c.width, c.ffn);
            layers.push_back(layer);
        }
        outputNorm = add("output_norm.weight", 0, c.width);
        weights.resize(count);
    }

    void initialize(std::mt19937_64& rng) {
        for (const Tensor& t : tensors) {
            float* w = &weights[t.offset];
            if (!t.rows) {
                std::fill(w, w + t.cols, 1.0f);
                continue;
            }
            float deviation = 0.7f / std::sqrt(float(t.cols));
            if (t.offset == embed) deviation = 0.02f;
            // What writes into the residual stream starts smaller, so that depth does not blow it up.
            if (t.name.find("output") != std::string::npos || t.name.find("down") != std::string::npos)
                deviation /= std::sqrt(2.0f * c.layers);
            std::normal_distribution<float> normal(0.0f, deviation);
            for (size_t i = 0; i < t.size(); i++) w[i] = normal(rng);
        }
    }

private:
    size_t add(const std::string& name, int rows, int cols) {
        tensors.push_back({name, rows, cols, count});
        count += tensors.back().size();
        return tensors.back().offset;
    }
};
