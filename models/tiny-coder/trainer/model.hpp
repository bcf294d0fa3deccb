// The model's shape and its parameters.
#pragma once
#include <algorithm>
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
constexpr float kRopeBase = 1000000.0f;
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
            // What writes into the residual stream starts at zero, so that the tokens are not drowned by noise.
            if (t.name.find("output") != std::string::npos || t.name.find("down") != std::string::npos) deviation = 0;
            std::normal_distribution<float> normal(0.0f, 1.0f);
            for (size_t i = 0; i < t.size(); i++) w[i] = deviation * normal(rng);
        }
        if (c.layers > 1) startCopying(rng);
    }

private:
    // Starts the model with the circuit that copies names, which gradient descent alone is slow to find: in the first layer
    // head 0 looks at the token before (head 1 at the one before that) and writes down what it was; in the second layer head
    // 0 looks where what is written down equals the current token, and predicts the token it sees there. Training refines it.
    void startCopying(std::mt19937_64& rng) {
        constexpr float constant = 0.1f, sharpness = 2.0f, amplitudes[] = {1.0f, 0.8f, 0.6f, 0.4f};
        int d = c.width, n = c.headDim, half = n / 2, group = c.heads / c.kvHeads;
        size_t key = size_t(c.queryWidth()) * d, value = key + size_t(c.kvWidth()) * d;
        const Layer &first = layers[0], &second = layers[1];
        for (const Layer* layer : {&first, &second})
            for (int i = 0; i < n; i++) weights[layer->qNorm + i] = weights[layer->kNorm + i] = sharpness;

        // Rotary scores of constant queries and keys depend on distance alone. So component 0 of every embedding is a
        // constant, the key is made of it, and the query is the key turned back by the wanted distance; only fast pairs
        // take part, so that one distance stands out.
        for (int t = 0; t < c.vocab; t++) weights[embed + size_t(t) * d] = constant;
        for (int head = 0; head <= group; head++) {  // the group's query heads, then its key head
            int distance = head < group ? head + 1 : 0;
            float* rows = &weights[first.qkv + (head < group ? size_t(head) * n * d : key)];
            for (int i = 0; i < n * d; i++) rows[i] *= 0.2f;
            for (int i = 0; i < std::min(half, 4); i++) {
                float angle = std::pow(kRopeBase, -float(i) / half) * distance;
                rows[size_t(i) * d] = amplitudes[i] * std::cos(angle);
                rows[size_t(i + half) * d] = -amplitudes[i] * std::sin(angle);
            }
        }

        // The second layer compares by slow pairs only, which hardly turn within a sequence.
        Floats read = projection(rng), write = projection(rng), copy = projection(rng);
        float* noted = &weights[first.qkv + value];
        std::copy(read.begin(), read.end(), noted);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < d; j++) {
                bool slow = i % half >= half / 2;
                weights[first.out + size_t(j) * c.queryWidth() + i] = 0.05f * write[size_t(i) * d + j];
                weights[second.qkv + size_t(i) * d + j] = slow ? read[size_t(i) * d + j] : 0;
                weights[second.qkv + key + size_t(i) * d + j] = slow ? write[size_t(i) * d + j] : 0;
                weights[second.qkv + value + size_t(i) * d + j] = copy[size_t(i) * d + j];
                weights[second.out + size_t(j) * c.queryWidth() + i] = 0.05f * copy[size_t(i) * d + j];
            }
    }

    // A head's width of nearly orthonormal rows that ignore the constant component.
    Floats projection(std::mt19937_64& rng) const {
        Floats rows(size_t(c.headDim) * c.width);
        std::normal_distribution<float> normal(0.0f, 1 / std::sqrt(float(c.width)));
        for (size_t i = 0; i < rows.size(); i++) rows[i] = i % c.width ? normal(rng) : 0;
        return rows;
    }

    size_t add(const std::string& name, int rows, int cols) {
        tensors.push_back({name, rows, cols, count});
        count += tensors.back().size();
        return tensors.back().offset;
    }
};
