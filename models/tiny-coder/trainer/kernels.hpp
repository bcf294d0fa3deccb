// The layers' elementary functions over T rows of activations; weights are row-major [out, in].
#pragma once
#include <cmath>
#include <vector>

#include "gemm.hpp"
#include "model.hpp"

// y[T, out] = x[T, in] W^T (+ y)
inline void linear(int T, int out, int in, const float* x, const float* w, float* y, bool accumulate = false) {
    gemm(false, true, T, out, in, 1, x, in, w, in, accumulate ? 1 : 0, y, out);
}

// dx[T, in] = dy W;  dW += dy^T x
inline void linearBackward(int T, int out, int in, const float* x, const float* w, const float* dy, float* dx, float* dw) {
    gemm(false, false, T, in, out, 1, dy, out, w, in, 0, dx, in);
    gemm(true, false, out, in, T, 1, dy, out, x, in, 1, dw, in);
}

inline float rmsNorm(int n, const float* x, const float* w, float* y) {
    float sum = 0;
    for (int i = 0; i < n; i++) sum += x[i] * x[i];
    float r = 1 / std::sqrt(sum / n + kEpsilon);
    for (int i = 0; i < n; i++) y[i] = x[i] * r * w[i];
    return r;
}

// dx += (or =, when !accumulate) the gradient through y = x r w, r = 1/rms(x); dw += dy x r
inline void rmsNormBackward(int n, const float* x, const float* w, float r, const float* dy, float* dx, float* dw,
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
inline void rope(int n, float* x, const float* cosine, const float* sine, float direction) {
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
