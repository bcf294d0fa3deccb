// Matrix product on one thread: bfloat16 inputs with float32 sums where the processor has AVX-512 BF16 (twice the speed
// of float32, and training does not notice), OpenBLAS elsewhere and wherever exactness is asked for.
#pragma once
#include <cblas.h>
#include <cstddef>
#include <cstdint>
#include <vector>

inline bool gemmExact = false;

#ifdef __AVX512BF16__
#include <immintrin.h>

namespace bf16 {

// Operands are packed as 32-bit words, each holding the two bfloat16 values of k and k + 1, which is what the dot product
// instruction eats. B is cut into panels of 48 columns; a tile of C is 8 rows by 48 columns and stays in registers.
constexpr int kRows = 8, kVectors = 3, kColumns = kVectors * 16;
using Words = std::vector<uint32_t>;

inline __mmask16 firstLanes(int n) { return n >= 16 ? __mmask16(0xffff) : n <= 0 ? __mmask16(0) : __mmask16((1u << n) - 1); }

// 16 words from 32 consecutive floats of which `left` exist.
inline __m512i pairsAlong(const float* x, int left) {
    __m512 low = _mm512_maskz_loadu_ps(firstLanes(left), x), high = _mm512_maskz_loadu_ps(firstLanes(left - 16), x + 16);
    return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

// 16 words from 16 columns of two rows; `below` may be null.
inline __m512i pairsAcross(const float* above, const float* below, int left) {
    const __m512i zip = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20,
                                         4, 19, 3, 18, 2, 17, 1, 16, 0);
    __mmask16 lanes = firstLanes(left);
    __m512 low = _mm512_maskz_loadu_ps(lanes, above);
    __m512 high = below ? _mm512_maskz_loadu_ps(lanes, below) : _mm512_setzero_ps();
    return _mm512_permutexvar_epi16(zip, (__m512i)_mm512_cvtne2ps_pbh(high, low));
}

// Transposes 16 x 16 words.
inline void transpose(__m512i r[16]) {
    __m512i t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
        r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
    }
}

// A [m, k]: rows of words. A transposed [k, m]: panels of 8 rows, [panel][pair][row].
inline void packA(bool transposed, int m, int k, int pairs, const float* a, int lda, Words& out) {
    if (!transposed) {
        out.resize(size_t(m) * pairs + 16);
        for (int i = 0; i < m; i++)
            for (int p = 0; p < pairs; p += 16)
                _mm512_mask_storeu_epi32(&out[size_t(i) * pairs + p], firstLanes(pairs - p),
                                         pairsAlong(a + size_t(i) * lda + 2 * p, k - 2 * p));
        return;
    }
    int padded = (m + 15) / 16 * 16;
    out.resize(size_t(padded) * pairs);
    for (int p = 0; p < pairs; p++) {
        const float *above = a + size_t(2 * p) * lda, *below = 2 * p + 1 < k ? above + lda : nullptr;
        for (int i = 0; i < m; i += 16) {
            __m512i words = pairsAcross(above + i, below ? below + i : nullptr, m - i);
            uint32_t* target = &out[size_t(i) * pairs + size_t(p) * kRows];
            _mm256_storeu_si256((__m256i*)target, _mm512_castsi512_si256(words));
            _mm256_storeu_si256((__m256i*)(target + size_t(kRows) * pairs), _mm512_extracti64x4_epi64(words, 1));
        }
    }
}

// One panel of B from column `from`, as [pair][vectors * 16]. B is [k, n], or [n, k] when transposed.
inline void packB(bool transposed, int n, int k, int pairs, const float* b, int ldb, int from, int vectors, uint32_t* out) {
    for (int v = 0; v < vectors; v++) {
        int column = from + v * 16;
        if (!transposed) {
            for (int p = 0; p < pairs; p++) {
                const float* above = b + size_t(2 * p) * ldb + column;
                _mm512_storeu_si512(out + (size_t(p) * vectors + v) * 16,
                                    pairsAcross(above, 2 * p + 1 < k ? above + ldb : nullptr, n - column));
            }
            continue;
        }
        for (int p = 0; p < pairs; p += 16) {
            __m512i block[16];
            for (int i = 0; i < 16; i++)
                block[i] = column + i < n ? pairsAlong(b + size_t(column + i) * ldb + 2 * p, k - 2 * p) : _mm512_setzero_si512();
            transpose(block);
            for (int i = 0; i < 16 && p + i < pairs; i++)
                _mm512_storeu_si512(out + (size_t(p + i) * vectors + v) * 16, block[i]);
        }
    }
}

// C[R, V * 16] = alpha A B + beta C; A's word for row i and pair p lies at a[i * rowStep + p * pairStep].
template <int R, int V>
void tile(const uint32_t* a, size_t rowStep, size_t pairStep, const uint32_t* b, int pairs, float alpha, float beta, float* c,
          int ldc, int columns) {
    __m512 sums[R][V];
    for (int i = 0; i < R; i++)
        for (int v = 0; v < V; v++) sums[i][v] = _mm512_setzero_ps();
    for (int p = 0; p < pairs; p++) {
        __m512i right[V];
        for (int v = 0; v < V; v++) right[v] = _mm512_loadu_si512(b + (size_t(p) * V + v) * 16);
#pragma GCC unroll 8
        for (int i = 0; i < R; i++) {
            __m512i left = _mm512_set1_epi32(int(a[i * rowStep + p * pairStep]));
#pragma GCC unroll 3
            for (int v = 0; v < V; v++) sums[i][v] = _mm512_dpbf16_ps(sums[i][v], (__m512bh)left, (__m512bh)right[v]);
        }
    }
    for (int i = 0; i < R; i++)
        for (int v = 0; v < V; v++) {
            float* target = c + size_t(i) * ldc + v * 16;
            __mmask16 lanes = firstLanes(columns - v * 16);
            __m512 value = _mm512_mul_ps(sums[i][v], _mm512_set1_ps(alpha));
            if (beta != 0) value = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(lanes, target), _mm512_set1_ps(beta), value);
            _mm512_mask_storeu_ps(target, lanes, value);
        }
}

template <int V>
void panel(int m, const uint32_t* a, bool transposedA, const uint32_t* b, int pairs, float alpha, float beta, float* c, int ldc,
           int columns) {
    size_t rowStep = transposedA ? 1 : pairs, pairStep = transposedA ? kRows : 1;
    int i = 0;
    for (; i + kRows <= m; i += kRows)
        tile<kRows, V>(a + size_t(i) * pairs, rowStep, pairStep, b, pairs, alpha, beta, c + size_t(i) * ldc, ldc, columns);
    const uint32_t* rest = a + size_t(i) * pairs;
    for (int r = 0; i < m; i++, r++)
        tile<1, V>(rest + r * rowStep, rowStep, pairStep, b, pairs, alpha, beta, c + size_t(i) * ldc, ldc, columns);
}

inline void gemm(bool ta, bool tb, int m, int n, int k, float alpha, const float* a, int lda, const float* b, int ldb,
                 float beta, float* c, int ldc) {
    thread_local Words left, right;
    int pairs = (k + 1) / 2;
    packA(ta, m, k, pairs, a, lda, left);
    right.resize(size_t(pairs) * kColumns);
    for (int column = 0; column < n; column += kColumns) {
        int columns = n - column < kColumns ? n - column : kColumns, vectors = (columns + 15) / 16;
        packB(tb, n, k, pairs, b, ldb, column, vectors, right.data());
        auto run = vectors == 3 ? panel<3> : vectors == 2 ? panel<2> : panel<1>;
        run(m, left.data(), ta, right.data(), pairs, alpha, beta, c + column, ldc, columns);
    }
}

}  // namespace bf16
#endif

// Row-major C[m, n] = alpha op(A) op(B) + beta C, where op transposes when ta or tb says so; beta 0 ignores what C held.
inline void gemm(bool ta, bool tb, int m, int n, int k, float alpha, const float* a, int lda, const float* b, int ldb,
                 float beta, float* c, int ldc) {
#ifdef __AVX512BF16__
    if (!gemmExact) return bf16::gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
#endif
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, lda, b,
                ldb, beta, c, ldc);
}
