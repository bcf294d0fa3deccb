// The parameters of every kernel. src/Engine/Backends/Cuda/Kernels holds the same structures for the host: fields in
// the same order, addresses as 64-bit, counts as 32-bit integers, so that both sides agree without padding rules.
#pragma once
#include "device.h"

// Rows of embeddings for tokens. Grid: a block a token.
struct EmbedParams {
    const u8 *table;
    const int *tokens;
    float *output;       // [token][columns]
    u64 row_bytes;
    int columns;
    int padding;
};

// Root-mean-square norm of rows. Grid: a block a row.
struct NormParams {
    const float *input;  // [row][columns]
    const float *weight; // [columns]
    const int *rows;     // which input rows, or null for row i as output row i
    float *output;       // [row][columns]
    int columns;
    float epsilon;
};

// Rows of floats as the tensor cores take them: halves, brain floats, or both; zeros behind the columns. Grid: a block a row.
struct InputParams {
    const float *input;  // [row][columns]
    u16 *halves;         // [row][stride], or null
    u16 *brains;
    int columns;
    int stride;          // a multiple of 64
};

// output[t] (+)= weights · input[t] (+ bias) on the tensor cores. Grid: x row tile · token tiles + token tile, z split; of
// experts x row tile, y tile of the list.
struct GemmParams {
    const u8 *weights;   // [expert][rows] of row_bytes, in a storage type
    const u16 *input;    // [token][stride] halves or brain floats, zeros behind the columns
    const float *bias;   // [rows], or null
    float *output;       // [token or choice][rows]
    float *partial;      // [tile][split][value of a thread][thread]
    u32 *arrived;        // [tile] splits that are done, all zero before and after
    const int *tiles;    // [tile][3]: expert, its first place in the order, how many; or null where there are no experts
    const int *order;    // choices sorted by expert
    u64 row_bytes;
    u64 expert_bytes;
    int rows;
    int columns;
    int stride;
    int tokens;
    int splits;
    int accumulate;      // whether to add to the output
    int choices_per_input; // choices that read the same input row
    int padding;
};

// A matrix of a gemv launch.
struct GemvPart {
    const u8 *weights;   // [rows], or [expert][rows], of row_bytes
    const float *bias;   // [rows], or null
    float *output;       // [token or choice][rows]
    int rows;            // 0: no matrix
    int padding;
};

// output[t] (+)= weights · input[t] (+ bias) for up to three matrices and up to 16 tokens; or silu(gate · input) · (up ·
// input) of two, whose output is the first's; or one matrix for each choice of an expert; or output[t] += the sum over t's
// choices of share · matrix · input. Grid: x over row pairs, y over choices, or over tokens whose choices are added.
struct GemvParams {
    GemvPart parts[3];
    const float *input;  // [token][columns]
    const float *norm;   // [columns]: norm the input first, with this weight; or null. For one token only.
    const int *experts;  // [choice]: whose matrix to take; or null
    const float *shares; // [choice], or null
    u64 row_bytes;
    u64 expert_bytes;
    int columns;
    int tokens;          // 1 where there are experts
    int accumulate;      // whether to add to the output
    int gated;           // whether the first two matrices are gate and up
    int split;           // warps that share a row pair: 1, 2, 4 or 8
    int rounds;          // row pairs that a warp takes one after the other
    int choices_per_input; // choices that read the same input
    int together;        // choices whose products are added, 1 where there is nothing to add
    float epsilon;       // of the norm
    int padding;
};

// Where a model's keys and values lie. A KV block holds all layers; in it a head's key tile [dimension][token] and value
// tile [token][value_stride]. Q8_0 tiles hold the bytes, then half scales: keys' [group][token], values' [token][group].
struct KvLayout {
    u8 *data;
    u64 block_bytes;     // a block over all layers
    u64 layer_offset;    // of the layer at hand
    int head_bytes;
    int key_tile_bytes;
    int type;            // 0: F16, 1: F32, 2: Q8_0
    int key_length;
    int value_length;
    int value_stride;    // the value length, rounded up to a multiple of 8: 16 bytes of halves
    int kv_heads;
    int padding;
};

// The tokens of a pass, in device memory.
struct BatchLayout {
    const int *positions;   // [token]
    const int *sequence_of; // [token]
    const int *table_start; // [sequence]: where its KV block ids begin in tables
    const int *tables;
};

// Finishes queries, keys and values: norms, rope; keys and values go into the KV blocks. Grid: x token, y eight heads.
struct RopeParams {
    KvLayout kv;
    BatchLayout batch;
    float *query;        // [token][heads · key_length], in place
    float *key;          // [token][kv_heads · key_length], in place
    const float *value;  // [token][kv_heads · value_length]
    const float *query_norm; // [key_length], or null
    const float *key_norm;
    const float *cosines; // [position][pairs]
    const float *sines;
    int heads;
    int pairs;
    int half_split;      // whether pair i is (i, i + pairs), or (2i, 2i + 1)
    float epsilon;
};

// Attention of a few tokens, split along the context. Grid: x KV head, y token, z split.
struct AttentionParams {
    RopeParams rope;     // of which the query, keys and values lie in their blocks, unless they are to be finished
    float *output;       // [token][heads][value_length]
    float *partial;      // [token][head][split][value_length + 2]: sums of values, maximum, sum of weights
    u32 *arrived;        // [token][kv head] splits that are done, all zero before and after
    int splits;          // at most 64
    int window;          // tokens seen back, 0 for all
    float scale;
    int finish;          // whether to do first what the rope kernel does; every token is of another sequence then
};

// Attention of many tokens. Grid: x KV head, y tile of rows, a row being a token and one of the head's queries, z split.
struct PrefillAttentionParams {
    KvLayout kv;
    BatchLayout batch;
    const int *tiles;    // [tile][3]: its sequence's first token, first row within the sequence, rows of the sequence
    const float *query;
    float *output;
    float *partial;      // [tile][KV head][split][row][value_length + 2]: sums of values, maximum in powers of two, sum of weights
    int heads;
    int window;
    int splits;
    float scale;
};

// gate = silu(gate) · up. Grid: blocks over the values.
struct SwiGluParams {
    float *gate;
    const float *up;
    u64 count;
};

// The experts of each token and their weights. Grid: a block of one warp a token.
struct RouteParams {
    float *scores;       // [token][experts], overwritten
    int *chosen;         // [token][used]
    float *weights;      // [token][used]
    int experts;
    int used;
    int normalize;
    int padding;
};

// Choices sorted by expert, and tiles of them. One block.
struct GatherParams {
    const int *chosen;   // [choice] experts
    int *order;          // [choice]
    int *tiles;          // [tile][3]: expert, its first place in the order, how many; 0 for those that are not needed
    int choices;
    int experts;         // at most 1024
    int capacity;        // of tiles: a 32nd of the choices, rounded up, and one an expert
    int padding;
};

// hidden[t] += sum of weights · results. Grid: a block a token.
struct CombineParams {
    const float *results; // [token][used][columns]
    const float *weights; // [token][used]
    float *hidden;        // [token][columns]
    int columns;
    int used;
};

// How the token of a row is chosen.
struct SampleRule {
    float temperature;   // 0: the likeliest
    float top_p;         // 1 or more: all
    float min_p;
    float penalty;
    u32 uniform;         // of 2^32
    int top_k;           // 0: all
    int mask_at;         // where the mask begins in the lists, a bit a token
    int mask_words;      // its length; what is beyond is not allowed. -1: everything is allowed
    int penalised_at;    // where the tokens to penalise begin in the lists, each once
    int penalised;       // how many they are
};

// The next token of each row of logits. sample.h says what the grids are.
struct SampleParams {
    float *logits;       // [row][columns]; mask and penalty change them
    const SampleRule *rules; // [row]
    const int *lists;
    u64 *best;           // [row][part]: the key of the part's best token
    float *sums;         // [row][part]: weights relative to it
    int *tokens;         // [row]: -1 where there is none, -2 where the logits must be looked at as a whole
    int columns;
    int parts;           // of 128 columns
};
