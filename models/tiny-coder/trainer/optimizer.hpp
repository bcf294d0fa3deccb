// Muon (orthogonalized momentum) for the layers' matrices, AdamW for the embedding and the norms.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "gemm.hpp"
#include "model.hpp"
#include "worker.hpp"

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
