// Trains tiny-coder on the CPU: a qwen3-style transformer (RMS norm, QK-norm, rotary positions, grouped-query
// attention, SwiGLU, tied embeddings) with hand-written forward and backward passes.
//
// A batch is a few whole sequences. Each thread takes one sequence at a time, runs it forward and backward on its own
// and adds to its own gradient, so the only meeting point is the optimizer step. The README describes the file formats.
#include <omp.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "gemm.hpp"

namespace fs = std::filesystem;
using Floats = std::vector<float>;

[[noreturn]] static void fail(const std::string& message) {
    fprintf(stderr, "error: %s\n", message.c_str());
    exit(1);
}

// ---------------------------------------------------------------------------------------------------------------------
// Model shape and parameters

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

// ---------------------------------------------------------------------------------------------------------------------
// Kernels: T rows of activations, weights row-major [out, in]

// y[T, out] = x[T, in] W^T (+ y)
static void linear(int T, int out, int in, const float* x, const float* w, float* y, bool accumulate = false) {
    gemm(false, true, T, out, in, 1, x, in, w, in, accumulate ? 1 : 0, y, out);
}

// dx[T, in] = dy W;  dW += dy^T x
static void linearBackward(int T, int out, int in, const float* x, const float* w, const float* dy, float* dx, float* dw) {
    gemm(false, false, T, in, out, 1, dy, out, w, in, 0, dx, in);
    gemm(true, false, out, in, T, 1, dy, out, x, in, 1, dw, in);
}

static float rmsNorm(int n, const float* x, const float* w, float* y) {
    float sum = 0;
    for (int i = 0; i < n; i++) sum += x[i] * x[i];
    float r = 1 / std::sqrt(sum / n + kEpsilon);
    for (int i = 0; i < n; i++) y[i] = x[i] * r * w[i];
    return r;
}

// dx += (or =, when !accumulate) the gradient through y = x r w, r = 1/rms(x); dw += dy x r
static void rmsNormBackward(int n, const float* x, const float* w, float r, const float* dy, float* dx, float* dw,
                            bool accumulate) {
    float dot = 0;
    for (int i = 0; i < n; i++) {
        dot += w[i] * dy[i] * x[i];
        dw[i] += dy[i] * x[i] * r;
    }
    float k = r * r * r * dot / n;
    for (int i = 0; i < n; i++) dx[i] = (accumulate ? dx[i] : 0) + r * w[i] * dy[i] - k * x[i];
}

// Rotates the pairs (i, i + n/2); direction -1 is the inverse, which is also the gradient.
static void rope(int n, float* x, const float* cosine, const float* sine, float direction) {
    int half = n / 2;
    for (int i = 0; i < half; i++) {
        float a = x[i], b = x[i + half], s = sine[i] * direction;
        x[i] = a * cosine[i] - b * s;
        x[i + half] = a * s + b * cosine[i];
    }
}

struct RopeTable {
    Floats cosine, sine;
    int half;
    explicit RopeTable(int headDim) : cosine(size_t(kMaxLength) * headDim / 2), sine(cosine.size()), half(headDim / 2) {
        for (int t = 0; t < kMaxLength; t++)
            for (int i = 0; i < half; i++) {
                double angle = t * std::pow(double(kRopeBase), -double(i) / half);
                cosine[size_t(t) * half + i] = float(std::cos(angle));
                sine[size_t(t) * half + i] = float(std::sin(angle));
            }
    }
};

// ---------------------------------------------------------------------------------------------------------------------
// One sequence forward and backward

struct Sequence {
    const uint16_t* tokens;
    const uint8_t* lossWeights;
    int length;
};

struct Score {
    double loss = 0, weight = 0;            // weighted as in training
    double agentLoss = 0;                   // over the agent's own tokens (weight 255)
    int64_t agentTokens = 0, agentCorrect = 0;
    int64_t sequences = 0, perfectSequences = 0;
    void add(const Score& s) {
        loss += s.loss, weight += s.weight, agentLoss += s.agentLoss;
        agentTokens += s.agentTokens, agentCorrect += s.agentCorrect;
        sequences += s.sequences, perfectSequences += s.perfectSequences;
    }
};

class Worker {
public:
    Worker(const Model& model, const RopeTable& table) : gradient(model.count), m(model), c(model.c), ropeTable(table) {
        layers.resize(c.layers);
    }

    // Adds the gradient of the loss times `scale` (1 / the batch's weight sum) to `gradient`; scale 0: forward only.
    Score run(const Sequence& s, float scale) {
        T = s.length - 1;  // the last token has nothing to predict
        reserve();
        const float* w = m.weights.data();
        float* x = layers[0].x.data();
        for (int t = 0; t < T; t++)
            memcpy(x + size_t(t) * c.width, w + m.embed + size_t(s.tokens[t]) * c.width, sizeof(float) * c.width);
        for (int l = 0; l < c.layers; l++)
            forwardLayer(l, l + 1 < c.layers ? layers[l + 1].x.data() : xEnd.data());
        for (int t = 0; t < T; t++)
            rEnd[t] = rmsNorm(c.width, &xEnd[size_t(t) * c.width], w + m.outputNorm, &nEnd[size_t(t) * c.width]);
        linear(T, c.vocab, c.width, nEnd.data(), w + m.embed, logits.data());
        Score score = crossEntropy(s, scale);
        if (scale > 0) backward(s);
        return score;
    }

    Floats gradient;

private:
    struct Activations {
        Floats x, n1, r1, qkv, rotated, rHead, probabilities, attention, xMid, n2, r2, gateUp, hidden;
    };
    const Model& m;
    const Config& c;
    const RopeTable& ropeTable;
    std::vector<Activations> layers;
    Floats xEnd, nEnd, rEnd, logits, dx, dNorm, dWide, dHidden, dAttention, dRotated, dScores;
    int T = 0;
    static constexpr int kBlock = 64;  // query rows at a time; keys beyond the block are never touched

    static void grow(Floats& v, size_t n) { if (v.size() < n) v.resize(n); }

    void reserve() {
        size_t t = T, d = c.width;
        for (Activations& a : layers) {
            grow(a.x, t * d), grow(a.n1, t * d), grow(a.r1, t), grow(a.qkv, t * c.qkvWidth());
            grow(a.rotated, t * c.qkvWidth()), grow(a.rHead, t * (c.heads + c.kvHeads));
            grow(a.probabilities, t * t * c.heads), grow(a.attention, t * c.queryWidth()), grow(a.xMid, t * d);
            grow(a.n2, t * d), grow(a.r2, t), grow(a.gateUp, t * 2 * c.ffn), grow(a.hidden, t * c.ffn);
        }
        grow(xEnd, t * d), grow(nEnd, t * d), grow(rEnd, t), grow(logits, t * c.vocab), grow(dx, t * d), grow(dNorm, t * d);
        grow(dWide, t * std::max(2 * c.ffn, c.qkvWidth())), grow(dHidden, t * c.ffn), grow(dAttention, t * c.queryWidth());
        grow(dRotated, t * c.qkvWidth()), grow(dScores, kBlock * t);
    }

    void forwardLayer(int l, float* xNext) {
        Activations& a = layers[l];
        const Model::Layer& p = m.layers[l];
        const float* w = m.weights.data();
        int d = c.width, f = c.ffn, wide = c.qkvWidth(), normed = c.heads + c.kvHeads;
        for (int t = 0; t < T; t++) a.r1[t] = rmsNorm(d, &a.x[size_t(t) * d], w + p.attnNorm, &a.n1[size_t(t) * d]);
        linear(T, wide, d, a.n1.data(), w + p.qkv, a.qkv.data());
        for (int t = 0; t < T; t++) {
            const float* source = &a.qkv[size_t(t) * wide];
            float* target = &a.rotated[size_t(t) * wide];
            for (int h = 0; h < normed; h++) {
                const float* scale = w + (h < c.heads ? p.qNorm : p.kNorm);
                a.rHead[size_t(t) * normed + h] = rmsNorm(c.headDim, source + h * c.headDim, scale, target + h * c.headDim);
                rope(c.headDim, target + h * c.headDim, &ropeTable.cosine[size_t(t) * ropeTable.half],
                     &ropeTable.sine[size_t(t) * ropeTable.half], 1);
            }
            memcpy(target + normed * c.headDim, source + normed * c.headDim, sizeof(float) * c.kvWidth());
        }
        for (int h = 0; h < c.heads; h++) attend(a, h);
        memcpy(a.xMid.data(), a.x.data(), sizeof(float) * T * d);
        linear(T, d, c.queryWidth(), a.attention.data(), w + p.out, a.xMid.data(), true);

        for (int t = 0; t < T; t++) a.r2[t] = rmsNorm(d, &a.xMid[size_t(t) * d], w + p.ffnNorm, &a.n2[size_t(t) * d]);
        linear(T, 2 * f, d, a.n2.data(), w + p.gateUp, a.gateUp.data());
        for (int t = 0; t < T; t++) {
            const float* gate = &a.gateUp[size_t(t) * 2 * f];
            float* hidden = &a.hidden[size_t(t) * f];
            for (int i = 0; i < f; i++) hidden[i] = gate[i] / (1 + expf(-gate[i])) * gate[f + i];
        }
        memcpy(xNext, a.xMid.data(), sizeof(float) * T * d);
        linear(T, d, f, a.hidden.data(), w + p.down, xNext, true);
    }

    struct Head {
        size_t q, k, v;  // column offsets in a row of `rotated`
    };
    Head head(int h) const {
        size_t kv = h / (c.heads / c.kvHeads), n = c.headDim;
        return {h * n, (c.heads + kv) * n, (c.heads + c.kvHeads + kv) * n};
    }

    void attend(Activations& a, int h) {
        Head at = head(h);
        int wide = c.qkvWidth(), n = c.headDim;
        const float *q = &a.rotated[at.q], *k = &a.rotated[at.k], *v = &a.rotated[at.v];
        float scale = 1 / std::sqrt(float(n));
        for (int i0 = 0; i0 < T; i0 += kBlock) {
            int rows = std::min(kBlock, T - i0), seen = i0 + rows;
            float* block = &a.probabilities[(size_t(h) * T + i0) * T];
            gemm(false, true, rows, seen, n, scale, q + size_t(i0) * wide, wide, k, wide, 0, block, T);
            for (int i = 0; i < rows; i++) {
                float* row = block + size_t(i) * T;
                int visible = i0 + i + 1;
                float top = row[0], sum = 0;
                for (int j = 1; j < visible; j++) top = std::max(top, row[j]);
                for (int j = 0; j < visible; j++) sum += row[j] = expf(row[j] - top);
                float inverse = 1 / sum;
                for (int j = 0; j < visible; j++) row[j] *= inverse;
                for (int j = visible; j < seen; j++) row[j] = 0;
            }
            gemm(false, false, rows, n, seen, 1, block, T, v, wide, 0, &a.attention[size_t(i0) * c.queryWidth() + at.q],
                 c.queryWidth());
        }
    }

    // From dAttention to dRotated (q, k and v columns, added).
    void attendBackward(const Activations& a, int h) {
        Head at = head(h);
        int wide = c.qkvWidth(), n = c.headDim, out = c.queryWidth();
        const float *q = &a.rotated[at.q], *k = &a.rotated[at.k], *v = &a.rotated[at.v];
        float scale = 1 / std::sqrt(float(n));
        for (int i0 = 0; i0 < T; i0 += kBlock) {
            int rows = std::min(kBlock, T - i0), seen = i0 + rows;
            const float* block = &a.probabilities[(size_t(h) * T + i0) * T];
            const float* dOut = &dAttention[size_t(i0) * out + at.q];
            float* ds = dScores.data();
            gemm(false, true, rows, seen, n, 1, dOut, out, v, wide, 0, ds, T);
            gemm(true, false, seen, n, rows, 1, block, T, dOut, out, 1, &dRotated[at.v], wide);
            for (int i = 0; i < rows; i++) {
                const float* pRow = block + size_t(i) * T;
                float *row = ds + size_t(i) * T, dot = 0;
                for (int j = 0; j < seen; j++) dot += row[j] * pRow[j];
                for (int j = 0; j < seen; j++) row[j] = pRow[j] * (row[j] - dot) * scale;
            }
            gemm(false, false, rows, n, seen, 1, ds, T, k, wide, 1, &dRotated[size_t(i0) * wide + at.q], wide);
            gemm(true, false, seen, n, rows, 1, ds, T, q + size_t(i0) * wide, wide, 1, &dRotated[at.k], wide);
        }
    }

    // Scores the logits and, when scale > 0, turns them into their gradient.
    Score crossEntropy(const Sequence& s, float scale) {
        Score score;
        for (int t = 0; t < T; t++) {
            float* row = &logits[size_t(t) * c.vocab];
            int target = s.tokens[t + 1];
            float weight = s.lossWeights[t + 1] / 255.0f, top = row[0], sum = 0, right = row[target];
            for (int i = 1; i < c.vocab; i++) top = std::max(top, row[i]);
            for (int i = 0; i < c.vocab; i++) sum += row[i] = expf(row[i] - top);
            double loss = std::log(sum) - (right - top);
            score.loss += weight * loss, score.weight += weight;
            if (s.lossWeights[t + 1] == 255) {
                score.agentLoss += loss, score.agentTokens++;
                score.agentCorrect += right >= top;
            }
            float factor = weight * scale / sum;
            for (int i = 0; i < c.vocab; i++) row[i] *= factor;
            row[target] -= weight * scale;
        }
        score.sequences = 1;
        score.perfectSequences = score.agentCorrect == score.agentTokens;
        return score;
    }

    void backward(const Sequence& s) {
        const float* w = m.weights.data();
        float* g = gradient.data();
        int d = c.width;
        linearBackward(T, c.vocab, d, nEnd.data(), w + m.embed, logits.data(), dNorm.data(), g + m.embed);
        for (int t = 0; t < T; t++) {
            size_t i = size_t(t) * d;
            rmsNormBackward(d, &xEnd[i], w + m.outputNorm, rEnd[t], &dNorm[i], &dx[i], g + m.outputNorm, false);
        }
        for (int l = c.layers - 1; l >= 0; l--) backwardLayer(l);
        for (int t = 0; t < T; t++) {
            float* row = g + m.embed + size_t(s.tokens[t]) * d;
            for (int i = 0; i < d; i++) row[i] += dx[size_t(t) * d + i];
        }
    }

    void backwardLayer(int l) {
        const Activations& a = layers[l];
        const Model::Layer& p = m.layers[l];
        const float* w = m.weights.data();
        float* g = gradient.data();
        int d = c.width, f = c.ffn, wide = c.qkvWidth(), normed = c.heads + c.kvHeads, n = c.headDim;

        linearBackward(T, d, f, a.hidden.data(), w + p.down, dx.data(), dHidden.data(), g + p.down);
        for (int t = 0; t < T; t++) {
            const float *gate = &a.gateUp[size_t(t) * 2 * f], *dh = &dHidden[size_t(t) * f];
            float* dGate = &dWide[size_t(t) * 2 * f];
            for (int i = 0; i < f; i++) {
                float sigmoid = 1 / (1 + expf(-gate[i]));
                dGate[i] = dh[i] * gate[f + i] * sigmoid * (1 + gate[i] * (1 - sigmoid));
                dGate[f + i] = dh[i] * gate[i] * sigmoid;
            }
        }
        linearBackward(T, 2 * f, d, a.n2.data(), w + p.gateUp, dWide.data(), dNorm.data(), g + p.gateUp);
        for (int t = 0; t < T; t++) {
            size_t i = size_t(t) * d;
            rmsNormBackward(d, &a.xMid[i], w + p.ffnNorm, a.r2[t], &dNorm[i], &dx[i], g + p.ffnNorm, true);
        }

        linearBackward(T, d, c.queryWidth(), a.attention.data(), w + p.out, dx.data(), dAttention.data(), g + p.out);
        memset(dRotated.data(), 0, sizeof(float) * T * wide);
        for (int h = 0; h < c.heads; h++) attendBackward(a, h);
        for (int t = 0; t < T; t++) {
            float *dRow = &dRotated[size_t(t) * wide], *target = &dWide[size_t(t) * wide];
            const float* raw = &a.qkv[size_t(t) * wide];
            for (int h = 0; h < normed; h++) {
                size_t norm = h < c.heads ? p.qNorm : p.kNorm;
                rope(n, dRow + h * n, &ropeTable.cosine[size_t(t) * ropeTable.half],
                     &ropeTable.sine[size_t(t) * ropeTable.half], -1);
                rmsNormBackward(n, raw + h * n, w + norm, a.rHead[size_t(t) * normed + h], dRow + h * n, target + h * n,
                                g + norm, false);
            }
            memcpy(target + normed * n, dRow + normed * n, sizeof(float) * c.kvWidth());
        }
        linearBackward(T, wide, d, a.n1.data(), w + p.qkv, dWide.data(), dNorm.data(), g + p.qkv);
        for (int t = 0; t < T; t++) {
            size_t i = size_t(t) * d;
            rmsNormBackward(d, &a.x[i], w + p.attnNorm, a.r1[t], &dNorm[i], &dx[i], g + p.attnNorm, true);
        }
    }
};

// ---------------------------------------------------------------------------------------------------------------------
// Optimizer: Muon (orthogonalized momentum) for the layers' matrices, AdamW for the embedding and the norms

struct OptimizerSettings {
    float rate = 2e-3f, muonRate = 0.02f, beta1 = 0.9f, beta2 = 0.95f, decay = 0.05f, clip = 1.0f, momentum = 0.95f;
    bool muon = true;
};

class Optimizer {
public:
    Floats first, second;  // moments; Muon's momentum is in first
    int64_t step = 0;
    OptimizerSettings settings;

    Optimizer(Model& model, const OptimizerSettings& s)
        : first(model.count), second(model.count), settings(s), m(model), sum(model.count) {}

    // Takes the workers' gradients (and clears them); factor scales both learning rates. Returns the gradient's norm.
    float apply(std::vector<std::unique_ptr<Worker>>& workers, float factor) {
        step++;
        double square = 0;
#pragma omp parallel for reduction(+ : square) schedule(static)
        for (size_t b = 0; b < m.count; b += 4096) {
            size_t end = std::min(m.count, b + 4096);
            std::copy(&workers[0]->gradient[b], &workers[0]->gradient[0] + end, &sum[b]);
            for (size_t k = 1; k < workers.size(); k++)
                for (size_t i = b; i < end; i++) sum[i] += workers[k]->gradient[i];
            for (auto& worker : workers) std::fill(&worker->gradient[b], &worker->gradient[0] + end, 0.0f);
            float part = 0;
            for (size_t i = b; i < end; i++) part += sum[i] * sum[i];
            square += part;
        }
        float norm = float(std::sqrt(square)), clip = std::min(1.0f, settings.clip / (norm + 1e-6f));
#pragma omp parallel for schedule(dynamic, 1)
        for (size_t k = 0; k < m.tensors.size(); k++) {
            const Tensor& t = m.tensors[k];
            if (settings.muon && t.rows && t.offset != m.embed) muon(t, settings.muonRate * factor);
            else adam(t, settings.rate * factor, clip);
        }
        return norm;
    }

private:
    Model& m;
    Floats sum;

    void adam(const Tensor& t, float rate, float clip) {
        float c1 = 1 / (1 - std::pow(settings.beta1, float(step))), c2 = 1 / (1 - std::pow(settings.beta2, float(step)));
        float keep = t.rows ? 1 - rate * settings.decay : 1;
        for (size_t i = t.offset, end = t.offset + t.size(); i < end; i++) {
            float g = sum[i] * clip;
            first[i] += (1 - settings.beta1) * (g - first[i]);
            second[i] += (1 - settings.beta2) * (g * g - second[i]);
            m.weights[i] = m.weights[i] * keep - rate * first[i] * c1 / (std::sqrt(second[i] * c2) + 1e-8f);
        }
    }

    // The momentum's nearest orthogonal matrix, by five Newton-Schulz steps of the quintic a x + b x^3 + c x^5
    // (coefficients from Keller Jordan's description of Muon), oriented so that the Gram matrix is the small one.
    void muon(const Tensor& t, float rate) {
        constexpr float a = 3.4445f, b = -4.7750f, c = 2.0315f;
        int rows = t.rows, cols = t.cols, small = std::min(rows, cols), large = std::max(rows, cols);
        thread_local Floats x, next, gram, poly;
        for (Floats* v : {&x, &next}) v->resize(t.size());
        for (Floats* v : {&gram, &poly}) v->resize(size_t(small) * small);
        double square = 0;
        for (size_t i = 0; i < t.size(); i++) {
            float g = sum[t.offset + i];
            float& momentum = first[t.offset + i];
            momentum = settings.momentum * momentum + g;
            x[i] = g + settings.momentum * momentum;
            square += x[i] * x[i];
        }
        float scale = 1 / (float(std::sqrt(square)) + 1e-12f);
        for (float& v : x) v *= scale;
        bool tall = rows > cols;
        for (int round = 0; round < 5; round++) {
            gemm(tall, !tall, small, small, large, 1, x.data(), cols, x.data(), cols, 0, gram.data(), small);
            poly = gram;
            gemm(false, false, small, small, small, c, gram.data(), small, gram.data(), small, b, poly.data(), small);
            next = x;
            if (tall) gemm(false, false, large, small, small, 1, x.data(), cols, poly.data(), small, a, next.data(), cols);
            else gemm(false, false, small, large, small, 1, poly.data(), small, x.data(), cols, a, next.data(), cols);
            std::swap(x, next);
        }
        float stride = rate * std::sqrt(std::max(1.0f, float(rows) / cols)), keep = 1 - rate * settings.decay;
        for (size_t i = 0; i < t.size(); i++) m.weights[t.offset + i] = m.weights[t.offset + i] * keep - stride * x[i];
    }
};

// ---------------------------------------------------------------------------------------------------------------------
// Data

class TokenFile {
public:
    explicit TokenFile(const std::string& path) {
        FILE* f = fopen(path.c_str(), "rb");
        if (!f) fail("cannot read " + path);
        int32_t header[4];
        if (fread(header, 4, 4, f) != 4 || header[0] != 0x54434452 || header[1] != 1 || header[3] < 1)
            fail(path + " is not a token file");
        vocab = header[2];
        offsets.resize(size_t(header[3]) + 1);
        if (fread(offsets.data(), 4, offsets.size(), f) != offsets.size()) fail(path + " is cut short");
        size_t total = size_t(offsets.back());
        for (size_t i = 0; i + 1 < offsets.size(); i++)
            if (offsets[i] < 0 || offsets[i + 1] - offsets[i] < 2 || offsets[i + 1] - offsets[i] > kMaxLength)
                fail(path + " has a sequence of bad length at " + std::to_string(i));
        tokens.resize(total), weights.resize(total);
        if (fread(tokens.data(), 2, total, f) != total || fread(weights.data(), 1, total, f) != total)
            fail(path + " is cut short");
        fclose(f);
        for (uint16_t t : tokens)
            if (t >= vocab) fail(path + " has a token beyond its vocabulary");
    }
    int count() const { return int(offsets.size()) - 1; }
    Sequence at(int i) const { return {&tokens[offsets[i]], &weights[offsets[i]], offsets[i + 1] - offsets[i]}; }
    int vocab;

private:
    std::vector<int32_t> offsets;
    std::vector<uint16_t> tokens;
    std::vector<uint8_t> weights;
};

// Draws sequences without replacement from all train-*.bin of a folder; files that appear later join in, files that
// disappear drop out. When all were seen, starts over.
class Pool {
public:
    Pool(std::string folder, int vocabulary) : folder(std::move(folder)), vocab(vocabulary) { rescan(); }

    Sequence draw(std::mt19937_64& rng) {
        if (rest.empty()) {
            for (auto& [path, file] : files) append(*file);
            epochs++;
        }
        size_t i = rng() % rest.size();
        std::swap(rest[i], rest.back());
        Sequence s = rest.back();
        rest.pop_back();
        return s;
    }

    void rescan() {
        std::map<std::string, std::shared_ptr<TokenFile>> found;
        bool dropped = false;
        for (const auto& entry : fs::directory_iterator(folder)) {
            std::string name = entry.path().filename();
            if (name.rfind("train-", 0) != 0 || entry.path().extension() != ".bin") continue;
            auto known = files.find(entry.path());
            if (known != files.end()) {
                found.insert(*known);
                continue;
            }
            auto file = std::make_shared<TokenFile>(entry.path());
            if (file->vocab != vocab) fail(name + " has another vocabulary size");
            append(*file);
            found[entry.path()] = file;
            printf("data %s: %d sequences\n", name.c_str(), file->count());
        }
        if (found.empty()) fail("no train-*.bin in " + folder);
        for (auto& [path, file] : files) dropped |= !found.count(path);
        files.swap(found);
        if (dropped) {  // sequences point into their file: start the pass over
            rest.clear();
            for (auto& [path, file] : files) append(*file);
        }
    }

    size_t remaining() const { return rest.size(); }
    int epochs = 0;

private:
    std::string folder;
    int vocab;
    std::map<std::string, std::shared_ptr<TokenFile>> files;
    std::vector<Sequence> rest;
    void append(const TokenFile& f) { for (int i = 0; i < f.count(); i++) rest.push_back(f.at(i)); }
};

// ---------------------------------------------------------------------------------------------------------------------
// Files written: the state to resume from, and the weights for export

static void replaceFile(const std::string& path, const std::vector<std::pair<const void*, size_t>>& parts) {
    std::string temporary = path + ".tmp";
    FILE* f = fopen(temporary.c_str(), "wb");
    bool good = f != nullptr;
    for (auto& [data, size] : parts) good = good && fwrite(data, 1, size, f) == size;
    good = f && fclose(f) == 0 && good;
    if (!good || rename(temporary.c_str(), path.c_str()) != 0) fail("cannot write " + path);
}

static void saveWeights(const Model& m, const std::string& path) {
    const Config& c = m.c;
    std::ostringstream json;
    json << "{\"config\": {\"layers\": " << c.layers << ", \"width\": " << c.width << ", \"heads\": " << c.heads
         << ", \"kv_heads\": " << c.kvHeads << ", \"head_dim\": " << c.headDim << ", \"ffn\": " << c.ffn
         << ", \"vocab\": " << c.vocab << ", \"rope_base\": " << kRopeBase << ", \"epsilon\": " << kEpsilon
         << ", \"context\": " << kMaxLength << "}, \"tensors\": [";
    for (const Tensor& t : m.tensors) {
        json << (t.offset ? ", " : "") << "{\"name\": \"" << t.name << "\", \"shape\": [";
        if (t.rows) json << t.rows << ", ";
        json << t.cols << "], \"offset\": " << t.offset * sizeof(float) << "}";
    }
    json << "]}";
    std::string text = json.str();
    int32_t length = int32_t(text.size());
    replaceFile(path, {{"TCW1", 4}, {&length, 4}, {text.data(), text.size()}, {m.weights.data(), m.count * sizeof(float)}});
}

struct Progress {
    int64_t parameters = 0, step = 0, tokens = 0;
};

static void saveState(const Model& m, const Optimizer& o, const std::mt19937_64& rng, Progress p, const std::string& path) {
    std::ostringstream random;
    random << rng;
    std::string text = random.str();
    int32_t length = int32_t(text.size());
    p.parameters = int64_t(m.count), p.step = o.step;
    size_t bytes = m.count * sizeof(float);
    replaceFile(path, {{&p, sizeof p}, {m.weights.data(), bytes}, {o.first.data(), bytes}, {o.second.data(), bytes},
                       {&length, 4}, {text.data(), text.size()}});
}

static bool loadState(Model& m, Optimizer& o, std::mt19937_64& rng, Progress& p, const std::string& path) {
    FILE* f = fopen(path.c_str(), "rb");
    if (!f) return false;
    int32_t length = 0;
    bool good = fread(&p, sizeof p, 1, f) == 1 && p.parameters == int64_t(m.count);
    for (Floats* v : {&m.weights, &o.first, &o.second}) good = good && fread(v->data(), 4, m.count, f) == m.count;
    good = good && fread(&length, 4, 1, f) == 1 && length > 0 && length < (1 << 20);
    std::string text(good ? length : 0, ' ');
    good = good && fread(text.data(), 1, text.size(), f) == text.size();
    fclose(f);
    if (!good) fail(path + " does not fit this model; remove it to start over");
    std::istringstream(text) >> rng;
    o.step = p.step;
    return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// Training

static double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

class Trainer {
public:
    Trainer(Model& model, int threads) : m(model), table(model.c.headDim) {
        for (int i = 0; i < threads; i++) workers.push_back(std::make_unique<Worker>(m, table));
    }

    Score run(std::vector<Sequence> batch, bool train) {
        // The longest first, so that the threads finish close together.
        std::sort(batch.begin(), batch.end(), [](auto& a, auto& b) { return a.length > b.length; });
        double weight = 0;
        for (const Sequence& s : batch)
            for (int i = 1; i < s.length; i++) weight += s.lossWeights[i] / 255.0;
        float scale = train ? float(1 / std::max(weight, 1e-3)) : 0;
        Score total;
#pragma omp parallel for schedule(dynamic, 1)
        for (size_t i = 0; i < batch.size(); i++) {
            Score s = workers[omp_get_thread_num()]->run(batch[i], scale);
#pragma omp critical
            total.add(s);
        }
        return total;
    }

    std::vector<std::unique_ptr<Worker>> workers;

private:
    Model& m;
    RopeTable table;
};

// Compares the gradient with finite differences along the gradient itself and along a random direction, per tensor.
static int checkGradient() {
    Config c;
    c.layers = 2, c.width = 32, c.heads = 4, c.kvHeads = 2, c.headDim = 8, c.ffn = 64, c.vocab = 50;
    gemmExact = true;
    Model m(c);
    std::mt19937_64 rng(7);
    m.initialize(rng);
    std::normal_distribution<float> normal(0, 1);
    for (float& w : m.weights) w += 0.05f * normal(rng);
    std::vector<uint16_t> tokens(170);
    std::vector<uint8_t> lossWeights(tokens.size());
    for (size_t i = 0; i < tokens.size(); i++) tokens[i] = rng() % c.vocab, lossWeights[i] = i % 3 ? 255 : 12;
    std::vector<Sequence> batch = {{&tokens[0], &lossWeights[0], 90}, {&tokens[90], &lossWeights[90], 80}};
    Trainer trainer(m, 1);
    omp_set_num_threads(1);
    trainer.run(batch, true);
    Floats gradient = trainer.workers[0]->gradient;
    bool good = true;
    for (const Tensor& t : m.tensors)
        for (int kind = 0; kind < 2; kind++) {
            Floats direction(t.size());
            double norm = 0, expected = 0, sides[2];
            for (size_t i = 0; i < t.size(); i++) {
                direction[i] = kind ? normal(rng) + 2 * gradient[t.offset + i] : gradient[t.offset + i];
                norm += direction[i] * direction[i];
            }
            norm = std::sqrt(norm);
            for (size_t i = 0; i < t.size(); i++) expected += gradient[t.offset + i] * (direction[i] /= float(norm));
            const float step = 0.01f;
            for (int side = 0; side < 2; side++) {
                Floats saved = m.weights;
                for (size_t i = 0; i < t.size(); i++) m.weights[t.offset + i] += (side ? -step : step) * direction[i];
                Score s = trainer.run(batch, false);
                sides[side] = s.loss / s.weight;
                m.weights = saved;
            }
            double measured = (sides[0] - sides[1]) / (2 * step);
            bool close = std::abs(measured - expected) <= 0.01 * std::max(std::abs(expected), 0.005);
            good &= close;
            printf("%-26s %-8s gradient %+.5f measured %+.5f%s\n", t.name.c_str(), kind ? "random" : "steepest", expected,
                   measured, close ? "" : "  DIFFERS");
        }
    printf(good ? "gradients agree\n" : "gradients differ\n");
    return good ? 0 : 1;
}

struct Options {
    Config config;
    OptimizerSettings optimizer;
    std::string folder = "data", deadline;
    int batchTokens = 2000, threads = 2, warmupSteps = 100, seed = 1, validateSequences = 64;
    int64_t totalTokens = 0, warmupTokens = 1500000, validateEvery = 400000;
    double decayMinutes = 25, finishMinutes = 8;
};

static Options parse(int argc, char** argv) {
    Options o;
    std::map<std::string, int*> ints = {
        {"--layers", &o.config.layers}, {"--width", &o.config.width}, {"--heads", &o.config.heads},
        {"--kv-heads", &o.config.kvHeads}, {"--head-dim", &o.config.headDim}, {"--ffn", &o.config.ffn},
        {"--vocab", &o.config.vocab}, {"--batch-tokens", &o.batchTokens}, {"--threads", &o.threads},
        {"--warmup-steps", &o.warmupSteps}, {"--seed", &o.seed}, {"--validate-sequences", &o.validateSequences}};
    std::map<std::string, int64_t*> longs = {{"--total-tokens", &o.totalTokens}, {"--warmup-tokens", &o.warmupTokens},
                                             {"--validate-every", &o.validateEvery}};
    std::map<std::string, float*> floats = {{"--rate", &o.optimizer.rate}, {"--muon-rate", &o.optimizer.muonRate},
                                            {"--weight-decay", &o.optimizer.decay}, {"--beta2", &o.optimizer.beta2}};
    std::map<std::string, double*> doubles = {{"--decay-minutes", &o.decayMinutes}, {"--finish-minutes", &o.finishMinutes}};
    std::map<std::string, std::string*> strings = {{"--data", &o.folder}, {"--deadline", &o.deadline}};
    for (int i = 1; i < argc; i++) {
        std::string name = argv[i];
        if (name == "--check-gradient") exit(checkGradient());
        if (name == "--adam") {
            o.optimizer.muon = false;
            continue;
        }
        if (i + 1 >= argc) fail(name + " is unknown or lacks its value");
        const char* value = argv[++i];
        if (ints.count(name)) *ints[name] = atoi(value);
        else if (longs.count(name)) *longs[name] = atoll(value);
        else if (floats.count(name)) *floats[name] = float(atof(value));
        else if (doubles.count(name)) *doubles[name] = atof(value);
        else if (strings.count(name)) *strings[name] = value;
        else fail("unknown option " + name);
    }
    return o;
}

// The next time (UTC) that the clock shows HH:MM.
static double parseDeadline(const std::string& text) {
    int hour, minute;
    if (sscanf(text.c_str(), "%d:%d", &hour, &minute) != 2) fail("--deadline wants HH:MM (UTC)");
    time_t t = time_t(now());
    tm parts = *gmtime(&t);
    parts.tm_hour = hour, parts.tm_min = minute, parts.tm_sec = 0;
    double at = double(timegm(&parts));
    return at > now() ? at : at + 86400;
}

static volatile sig_atomic_t stopped = 0;

int main(int argc, char** argv) {
    openblas_set_num_threads(1);  // the threads are ours: one sequence or tensor each
    signal(SIGTERM, [](int) { stopped = 1; });  // save, then leave: the next start resumes here
    signal(SIGINT, [](int) { stopped = 1; });
    setvbuf(stdout, nullptr, _IOLBF, 0);
    Options o = parse(argc, argv);
    omp_set_num_threads(o.threads);
    std::string validationPath = o.folder + "/validation.bin", warmupPath = o.folder + "/warmup.bin";
    std::string statePath = o.folder + "/checkpoint.bin", weightsPath = o.folder + "/weights.tcw";
    std::string finishFlag = o.folder + "/FINISH";
    TokenFile validation(validationPath);
    std::unique_ptr<TokenFile> warmup;
    if (fs::exists(warmupPath)) warmup = std::make_unique<TokenFile>(warmupPath);
    if (!o.config.vocab) o.config.vocab = validation.vocab;

    Model model(o.config);
    std::mt19937_64 rng(o.seed);
    model.initialize(rng);
    Optimizer optimizer(model, o.optimizer);
    Progress progress;
    bool resumed = loadState(model, optimizer, rng, progress, statePath);
    Pool pool(o.folder, o.config.vocab);
    Trainer trainer(model, o.threads);
    printf("%s %zu parameters, vocabulary %d, %s\n", resumed ? "resumed" : "new model,", model.count, o.config.vocab,
           o.optimizer.muon ? "muon" : "adam");

    auto validate = [&](int limit) {
        std::vector<Sequence> all;
        for (int i = 0; i < std::min(limit, validation.count()); i++) all.push_back(validation.at(i));
        Score s = trainer.run(all, false);
        printf("validation %.2fM: agent loss %.4f, accuracy %.3f%%, perfect sequences %ld of %ld\n", progress.tokens / 1e6,
               s.agentLoss / std::max<int64_t>(1, s.agentTokens), 100.0 * s.agentCorrect / std::max<int64_t>(1, s.agentTokens),
               s.perfectSequences, s.sequences);
    };
    auto save = [&] {
        progress.step = optimizer.step;
        saveState(model, optimizer, rng, progress, statePath);
        saveWeights(model, weightsPath);
    };

    double deadline = o.deadline.empty() ? 0 : parseDeadline(o.deadline), decaySpan = o.decayMinutes * 60;
    double saved = now(), scanned = now(), logged = now();
    int64_t loggedTokens = progress.tokens, nextValidation = progress.tokens + o.validateEvery;
    Score window;
    while (!stopped) {
        if (!(deadline > 0 && deadline - now() < o.finishMinutes * 60) && fs::exists(finishFlag)) {
            deadline = now() + o.finishMinutes * 60, decaySpan = o.finishMinutes * 60;
            printf("finishing: decaying for %.0f minutes\n", o.finishMinutes);
        }
        double left = 1;  // share of the decay stage that is left; 1 before it starts
        if (deadline > 0) left = std::min(left, (deadline - now()) / decaySpan);
        if (o.totalTokens) left = std::min(left, (o.totalTokens - progress.tokens) / (0.3 * o.totalTokens));
        if (left <= 0) break;
        float factor = float(left) * std::min(1.0f, (optimizer.step + 1.0f) / o.warmupSteps);

        std::vector<Sequence> batch;
        double warmShare = warmup ? 0.7 * (1 - double(progress.tokens) / o.warmupTokens) : 0;
        for (int size = 0; size < o.batchTokens;) {
            bool warm = double(rng() >> 11) * 0x1p-53 < warmShare;
            batch.push_back(warm ? warmup->at(int(rng() % warmup->count())) : pool.draw(rng));
            size += batch.back().length;
            progress.tokens += batch.back().length;
        }
        window.add(trainer.run(batch, true));
        float norm = optimizer.apply(trainer.workers, factor);

        if (optimizer.step % 50 == 0) {
            double seconds = now() - logged;
            printf("step %ld tokens %.2fM %.0f tok/s rate x%.3f norm %.2f loss %.4f agent loss %.4f accuracy %.2f%% pool %zu\n",
                   optimizer.step, progress.tokens / 1e6, (progress.tokens - loggedTokens) / seconds, factor, norm,
                   window.loss / window.weight, window.agentLoss / std::max<int64_t>(1, window.agentTokens),
                   100.0 * window.agentCorrect / std::max<int64_t>(1, window.agentTokens), pool.remaining());
            if (!std::isfinite(float(window.loss)) || !(norm < 1e30f)) fail("the loss is no longer a number");
            window = {}, logged = now(), loggedTokens = progress.tokens;
        }
        if (progress.tokens >= nextValidation) validate(o.validateSequences), nextValidation += o.validateEvery;
        if (now() - saved > 120) save(), saved = now();
        if (now() - scanned > 60) pool.rescan(), scanned = now();
    }
    save();
    if (!stopped) validate(validation.count());
    printf("%s: %ld steps, %.2fM tokens\n", stopped ? "stopped" : "done", optimizer.step, progress.tokens / 1e6);
}
