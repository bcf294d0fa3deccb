// The files that training writes: the state to resume from, and the weights for export.
#pragma once
#include <cstdint>
#include <cstdio>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "model.hpp"
#include "optimizer.hpp"

inline void replaceFile(const std::string& path, const std::vector<std::pair<const void*, size_t>>& parts) {
    std::string temporary = path + ".tmp";
    FILE* f = fopen(temporary.c_str(), "wb");
    bool good = f != nullptr;
    for (auto& [data, size] : parts) good = good && fwrite(data, 1, size, f) == size;
    good = f && fclose(f) == 0 && good;
    if (!good || rename(temporary.c_str(), path.c_str()) != 0) fail("cannot write " + path);
}

inline void saveWeights(const Model& m, const std::string& path) {
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

inline void saveState(const Model& m, const Optimizer& o, const std::mt19937_64& rng, Progress p, const std::string& path) {
    std::ostringstream random;
    random << rng;
    std::string text = random.str();
    int32_t length = int32_t(text.size());
    p.parameters = int64_t(m.count), p.step = o.step;
    size_t bytes = m.count * sizeof(float);
    replaceFile(path, {{&p, sizeof p}, {m.weights.data(), bytes}, {o.first.data(), bytes}, {o.second.data(), bytes},
                       {&length, 4}, {text.data(), text.size()}});
}

inline bool loadState(Model& m, Optimizer& o, std::mt19937_64& rng, Progress& p, const std::string& path) {
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
