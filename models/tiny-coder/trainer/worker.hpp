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

// Runs sequences one after the other. Sequences of a batch usually begin alike (the system prompt), so the rows of that common
// prefix are computed once per batch: `begin` announces it, the first `run` computes it, and `finish` sends back through it
// what all sequences' attention has left there.
class Worker {
public:
    Worker(const Model& model, const RopeTable& table, int leastWeight)
        : gradient(model.count), m(model), c(model.c), ropeTable(table), leastWeight(leastWeight), layers(model.c.layers) {}

    Floats gradient;

    // The next sequences share their first `rows` tokens, none of which has to predict anything.
    void begin(const uint16_t* tokens, int rows) {
        prefix.assign(tokens, tokens + rows);
        prefixReady = false;
    }

    // Adds the gradient of the loss times `scale` (1 / the batch's weight sum) to `gradient`; scale 0: forward only.
    Score run(const Sequence& s, float scale) {
        if (!prefix.empty() && !prefixReady) {
            scored.clear();
            reserve(int(prefix.size()));
            forward(prefix.data(), 0, int(prefix.size()));
            for (Activations& a : layers) a.dPrefix.assign(prefix.size() * c.qkvWidth(), 0.0f);
            prefixReady = true;
        }
        int from = int(prefix.size()), to = s.length - 1;  // the last token has nothing to predict
        scored.clear();
        for (int t = from; t < to; t++)
            if (s.lossWeights[t + 1] >= leastWeight) scored.push_back(t);
        reserve(to);
        forward(s.tokens, from, to);
        int n = int(scored.size()), d = c.width;
        const float* embed = &m.weights[m.embed];
        for (int i = 0; i < n; i++)
            rEnd[i] = rmsNorm(d, &xEnd[size_t(from + i) * d], &m.weights[m.outputNorm], &nEnd[size_t(i) * d]);
        linear(n, c.vocab, d, nEnd.data(), embed, logits.data());
        Score score = crossEntropy(s, scale);
        if (scale > 0) {
            linearBackward(n, c.vocab, d, nEnd.data(), embed, logits.data(), dNorm.data(), &gradient[m.embed]);
            for (int i = 0; i < n; i++)
                rmsNormBackward(d, &xEnd[size_t(from + i) * d], &m.weights[m.outputNorm], rEnd[i], &dNorm[size_t(i) * d],
                                &dx[size_t(from + i) * d], &gradient[m.outputNorm], false);
            backward(s.tokens, from, to);
        }
        return score;
    }

    // Ends the batch.
    void finish() {
        if (!prefixReady) return;
        scored.clear();
        backward(prefix.data(), 0, int(prefix.size()));
        prefixReady = false;
    }

private:
    // One row per position; in the last layer's feed-forward part, one row per scored position.
    struct Activations {
        Floats x, n1, r1, qkv, rotated, rHead, attention, xMid, n2, r2, gateUp, hidden, dPrefix;
        Floats probabilities[2];  // of rows from 0 on, and of rows after the prefix
    };
    const Model& m;
    const Config& c;
    const RopeTable& ropeTable;
    int leastWeight;  // tokens of a smaller loss weight are not scored
    std::vector<Activations> layers;
    std::vector<uint16_t> prefix;
    bool prefixReady = false;
    std::vector<int> scored;
    Floats xEnd, nEnd, rEnd, logits, dx, dNorm, dWide, dHidden, dAttention, dRotated, dScores;
    static constexpr int kBlock = 64;  // query rows at a time; keys beyond the block are never touched

    static void grow(Floats& v, size_t n) { if (v.size() < n) v.resize(n); }

    void reserve(int length) {
        size_t t = length, d = c.width;
        for (Activations& a : layers) {
            grow(a.x, t * d), grow(a.n1, t * d), grow(a.r1, t), grow(a.qkv, t * c.qkvWidth());
            grow(a.rotated, t * c.qkvWidth()), grow(a.rHead, t * (c.heads + c.kvHeads));
            grow(a.attention, t * c.queryWidth()), grow(a.xMid, t * d);
            grow(a.n2, t * d), grow(a.r2, t), grow(a.gateUp, t * 2 * c.ffn), grow(a.hidden, t * c.ffn);
        }
        grow(xEnd, t * d), grow(nEnd, t * d), grow(rEnd, t), grow(logits, t * c.vocab), grow(dx, t * d), grow(dNorm, t * d);
        grow(dWide, t * std::max(2 * c.ffn, c.qkvWidth())), grow(dHidden, t * c.ffn), grow(dAttention, t * c.queryWidth());
        grow(dRotated, t * c.qkvWidth()), grow(dScores, kBlock * t);
    }

    // Rows from..to of all layers; earlier rows hold the prefix.
    void forward(const uint16_t* tokens, int from, int to) {
        int d = c.width;
        for (int t = from; t < to; t++)
            memcpy(&layers[0].x[size_t(t) * d], &m.weights[m.embed + size_t(tokens[t]) * d], sizeof(float) * d);
        for (int l = 0; l < c.layers; l++) {
            attention(l, from, to);
            bool last = l + 1 == c.layers;
            if (last)
                for (size_t i = 0; i < scored.size(); i++)
                    memmove(&layers[l].xMid[(from + i) * d], &layers[l].xMid[size_t(scored[i]) * d], sizeof(float) * d);
            feedForward(l, from, last ? int(scored.size()) : to - from, last ? xEnd : layers[l + 1].x);
        }
    }

    // From dx, which holds the gradient of the last layer's output (one row per scored position), to the embedding.
    void backward(const uint16_t* tokens, int from, int to) {
        int d = c.width;
        for (int l = c.layers - 1; l >= 0; l--) {
            bool last = l + 1 == c.layers;
            feedForwardBackward(l, from, last ? int(scored.size()) : to - from);
            if (last) {  // spread the scored rows to their positions
                int i = int(scored.size()) - 1;
                for (int t = to - 1; t >= from; t--) {
                    float* row = &dx[size_t(t) * d];
                    if (i >= 0 && scored[i] == t) memmove(row, &dx[size_t(from + i--) * d], sizeof(float) * d);
                    else std::fill(row, row + d, 0.0f);
                }
            }
            attentionBackward(l, from, to);
        }
        for (int t = from; t < to; t++) {
            float* row = &gradient[m.embed + size_t(tokens[t]) * d];
            for (int i = 0; i < d; i++) row[i] += dx[size_t(t) * d + i];
        }
    }

    void attention(int l, int from, int to) {
        Activations& a = layers[l];
        const Model::Layer& p = m.layers[l];
        const float* w = m.weights.data();
        int d = c.width, wide = c.qkvWidth(), normed = c.heads + c.kvHeads, rows = to - from;
        for (int t = from; t < to; t++) a.r1[t] = rmsNorm(d, &a.x[size_t(t) * d], w + p.attnNorm, &a.n1[size_t(t) * d]);
        linear(rows, wide, d, &a.n1[size_t(from) * d], w + p.qkv, &a.qkv[size_t(from) * wide]);
        for (int t = from; t < to; t++) {
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
        Floats& probabilities = a.probabilities[from > 0];
        grow(probabilities, size_t(c.heads) * rows * to);
        for (int h = 0; h < c.heads; h++) attend(a, h, from, to, &probabilities[size_t(h) * rows * to]);
        memcpy(&a.xMid[size_t(from) * d], &a.x[size_t(from) * d], sizeof(float) * rows * d);
        linear(rows, d, c.queryWidth(), &a.attention[size_t(from) * c.queryWidth()], w + p.out, &a.xMid[size_t(from) * d], true);
    }

    void feedForward(int l, int from, int rows, Floats& result) {
        Activations& a = layers[l];
        const Model::Layer& p = m.layers[l];
        const float* w = m.weights.data();
        int d = c.width, f = c.ffn;
        size_t at = size_t(from) * d;
        for (int t = from; t < from + rows; t++)
            a.r2[t] = rmsNorm(d, &a.xMid[size_t(t) * d], w + p.ffnNorm, &a.n2[size_t(t) * d]);
        linear(rows, 2 * f, d, &a.n2[at], w + p.gateUp, &a.gateUp[size_t(from) * 2 * f]);
        for (int t = from; t < from + rows; t++) {
            const float* gate = &a.gateUp[size_t(t) * 2 * f];
            float* hidden = &a.hidden[size_t(t) * f];
            for (int i = 0; i < f; i++) hidden[i] = gate[i] / (1 + expf(-gate[i])) * gate[f + i];
        }
        memcpy(&result[at], &a.xMid[at], sizeof(float) * rows * d);
        linear(rows, d, f, &a.hidden[size_t(from) * f], w + p.down, &result[at], true);
    }

    struct Head {
        size_t q, k, v;  // column offsets in a row of `rotated`
    };
    Head head(int h) const {
        size_t kv = h / (c.heads / c.kvHeads), n = c.headDim;
        return {h * n, (c.heads + kv) * n, (c.heads + c.kvHeads + kv) * n};
    }

    void attend(Activations& a, int h, int from, int to, float* probabilities) {
        Head at = head(h);
        int wide = c.qkvWidth(), n = c.headDim;
        const float *q = &a.rotated[at.q], *k = &a.rotated[at.k], *v = &a.rotated[at.v];
        float scale = 1 / std::sqrt(float(n));
        for (int i0 = from; i0 < to; i0 += kBlock) {
            int rows = std::min(kBlock, to - i0), seen = i0 + rows;
            float* block = probabilities + size_t(i0 - from) * to;
            gemm(false, true, rows, seen, n, scale, q + size_t(i0) * wide, wide, k, wide, 0, block, to);
            for (int i = 0; i < rows; i++) {
                float* row = block + size_t(i) * to;
                int visible = i0 + i + 1;
                float top = row[0], sum = 0;
                for (int j = 1; j < visible; j++) top = std::max(top, row[j]);
                for (int j = 0; j < visible; j++) sum += row[j] = expf(row[j] - top);
                float inverse = 1 / sum;
                for (int j = 0; j < visible; j++) row[j] *= inverse;
                for (int j = visible; j < seen; j++) row[j] = 0;
            }
            gemm(false, false, rows, n, seen, 1, block, to, v, wide, 0, &a.attention[size_t(i0) * c.queryWidth() + at.q],
                 c.queryWidth());
        }
    }

    // From dAttention to dRotated (q, k and v columns, added; k and v also in the prefix's rows).
    void attendBackward(const Activations& a, int h, int from, int to, const float* probabilities) {
        Head at = head(h);
        int wide = c.qkvWidth(), n = c.headDim, out = c.queryWidth();
        const float *q = &a.rotated[at.q], *k = &a.rotated[at.k], *v = &a.rotated[at.v];
        float scale = 1 / std::sqrt(float(n));
        for (int i0 = from; i0 < to; i0 += kBlock) {
            int rows = std::min(kBlock, to - i0), seen = i0 + rows;
            const float* block = probabilities + size_t(i0 - from) * to;
            const float* dOut = &dAttention[size_t(i0) * out + at.q];
            float* ds = dScores.data();
            gemm(false, true, rows, seen, n, 1, dOut, out, v, wide, 0, ds, to);
            gemm(true, false, seen, n, rows, 1, block, to, dOut, out, 1, &dRotated[at.v], wide);
            for (int i = 0; i < rows; i++) {
                const float* pRow = block + size_t(i) * to;
                float *row = ds + size_t(i) * to, dot = 0;
                for (int j = 0; j < seen; j++) dot += row[j] * pRow[j];
                for (int j = 0; j < seen; j++) row[j] = pRow[j] * (row[j] - dot) * scale;
            }
            gemm(false, false, rows, n, seen, 1, ds, to, k, wide, 1, &dRotated[size_t(i0) * wide + at.q], wide);
            gemm(true, false, seen, n, rows, 1, ds, to, q + size_t(i0) * wide, wide, 1, &dRotated[at.k], wide);
        }
    }

    // Scores the logits and, when scale > 0, turns them into their gradient.
    Score crossEntropy(const Sequence& s, float scale) {
        Score score;
        for (size_t k = 0; k < scored.size(); k++) {
            float* row = &logits[k * c.vocab];
            int next = scored[k] + 1, target = s.tokens[next];
            float weight = s.lossWeights[next] / 255.0f, top = row[0], sum = 0, right = row[target];
            for (int i = 1; i < c.vocab; i++) top = std::max(top, row[i]);
            for (int i = 0; i < c.vocab; i++) sum += row[i] = expf(row[i] - top);
            double loss = std::log(sum) - (right - top);
            score.loss += weight * loss, score.weight += weight;
            if (s.lossWeights[next] == 255) {
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

    void feedForwardBackward(int l, int from, int rows) {
        const Activations& a = layers[l];
        const Model::Layer& p = m.layers[l];
        const float* w = m.weights.data();
        float* g = gradient.data();
        int d = c.width, f = c.ffn;
        size_t at = size_t(from) * d;
        linearBackward(rows, d, f, &a.hidden[size_t(from) * f], w + p.down, &dx[at], dHidden.data(), g + p.down);
        for (int t = 0; t < rows; t++) {
            const float *gate = &a.gateUp[size_t(from + t) * 2 * f], *dh = &dHidden[size_t(t) * f];
            float* dGate = &dWide[size_t(t) * 2 * f];
            for (int i = 0; i < f; i++) {
                float sigmoid = 1 / (1 + expf(-gate[i]));
                dGate[i] = dh[i] * gate[f + i] * sigmoid * (1 + gate[i] * (1 - sigmoid));
                dGate[f + i] = dh[i] * gate[i] * sigmoid;
            }
        }
        linearBackward(rows, 2 * f, d, &a.n2[at], w + p.gateUp, dWide.data(), dNorm.data(), g + p.gateUp);
        for (int t = 0; t < rows; t++) {
            size_t i = at + size_t(t) * d;
            rmsNormBackward(d, &a.xMid[i], w + p.ffnNorm, a.r2[from + t], &dNorm[size_t(t) * d], &dx[i], g + p.ffnNorm, true);
        }
    }

    void attentionBackward(int l, int from, int to) {
        Activations& a = layers[l];
        const Model::Layer& p = m.layers[l];
        const float* w = m.weights.data();
        float* g = gradient.data();
        int d = c.width, wide = c.qkvWidth(), normed = c.heads + c.kvHeads, n = c.headDim, out = c.queryWidth(), rows = to - from;
        size_t at = size_t(from) * d;
        linearBackward(rows, d, out, &a.attention[size_t(from) * out], w + p.out, &dx[at], &dAttention[size_t(from) * out],
                       g + p.out);
        // The prefix's rows collect over the sequences, and start from that sum when their own turn comes.
        if (prefixReady) std::copy(a.dPrefix.begin(), a.dPrefix.end(), dRotated.begin());
        size_t kept = prefixReady ? a.dPrefix.size() : 0;
        std::fill(dRotated.begin() + kept, dRotated.begin() + std::max(kept, size_t(to) * wide), 0.0f);
        for (int h = 0; h < c.heads; h++) attendBackward(a, h, from, to, &a.probabilities[from > 0][size_t(h) * rows * to]);
        std::copy(dRotated.begin(), dRotated.begin() + kept, a.dPrefix.begin());
        for (int t = from; t < to; t++) {
            float *dRow = &dRotated[size_t(t) * wide], *target = &dWide[size_t(t - from) * wide];
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
        linearBackward(rows, wide, d, &a.n1[at], w + p.qkv, dWide.data(), dNorm.data(), g + p.qkv);
        for (int t = 0; t < rows; t++) {
            size_t i = at + size_t(t) * d;
            rmsNormBackward(d, &a.x[i], w + p.attnNorm, a.r1[from + t], &dNorm[size_t(t) * d], &dx[i], g + p.attnNorm, true);
        }
    }
};
