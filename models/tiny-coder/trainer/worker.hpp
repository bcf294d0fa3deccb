// One sequence forward and backward, on one thread.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "data.hpp"
#include "kernels.hpp"
#include "model.hpp"

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
